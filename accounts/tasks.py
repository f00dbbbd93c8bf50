"""What time brings to accounts: old answers and sessions are forgotten, what nobody approved is closed."""

from __future__ import annotations

from datetime import datetime

from accounts import four_eyes
from accounts.services import forget_old
from kernel.clock import machine_now
from store.tally import Tally


def clean_up(*, at: datetime) -> int:
    return forget_old(at=at, machine_at=machine_now())


def expire_acts(*, at: datetime) -> Tally:
    return four_eyes.expire_waiting(at=at)
