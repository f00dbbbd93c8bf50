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


def test_it_can_be_made_forty_minutes_into_a_month() -> None:
    """And late in the evening before, an hour earlier: that one is looked at in `test_seed`."""
    with clock.replaced(lambda: datetime(2028, 2, 29, 17, 40, tzinfo=UTC)):
        make_history()
    assert BillingRun.objects.latest("month").month == "2028-02"
