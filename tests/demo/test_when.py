"""When the demo is made, and when not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Customer
from demo.history import make_history
from invoices.models import BillingRun
from kernel import clock
from tests.cast import make_customer

pytestmark = pytest.mark.django_db


def test_a_portal_with_customers_of_its_own_gets_no_demo(settings: Any, tmp_path: Path) -> None:
    settings.SHOP_KEYS_FILE = tmp_path / "keys.json"
    make_customer()
    with pytest.raises(CommandError, match="customers of its own"):
        call_command("seed_demo", verbosity=0)
    assert Customer.objects.count() == 1
    assert not settings.SHOP_KEYS_FILE.exists()


@pytest.mark.parametrize(
    ("now", "month"),
    [
        pytest.param(datetime(2028, 2, 29, 16, 40, tzinfo=UTC), "2028-01", id="late in the evening of a leap day"),
        pytest.param(datetime(2028, 2, 29, 17, 40, tzinfo=UTC), "2028-02", id="forty minutes into March there"),
    ],
)
def test_it_can_be_made_at_any_time(now: datetime, month: str) -> None:
    """What came in before midnight in Vietnam is of a day that has not ended, and on no statement yet."""
    with clock.replaced(lambda: now):
        make_history()
    assert BillingRun.objects.order_by("month").values_list("month", flat=True).last() == month
