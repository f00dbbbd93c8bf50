"""Settings that the database would refuse later are refused at the start."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks


@pytest.mark.parametrize(("days", "found"), [(-1, 1), (0, 0), (3, 0), (90, 0), (91, 1)])
def test_a_renewal_window_lasts_ninety_days_at_most(settings: Any, days: int, found: int) -> None:
    settings.RENEWAL_WINDOW_DAYS = days
    told = [message for message in run_checks() if message.id == "lifecycle.E001"]
    assert len(told) == found
    assert all(message.is_serious() and "0 to 90" in message.msg for message in told)
