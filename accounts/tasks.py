"""What time brings to accounts: old answers and sessions are forgotten, what nobody approved is closed."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session

from accounts import four_eyes
from accounts.models import IdempotencyKey
from kernel.clock import machine_now
from store.tally import Tally

KEPT = timedelta(days=7)


def clean_up(*, at: datetime) -> int:
    """
    Forget answers to REST writes after 7 days, when nobody retries any more, and sessions that have ended.

    Sessions live by the machine's clock: who moves the business clock stays signed in.
    """
    answers, _ = IdempotencyKey.objects.older_than(KEPT, at=at).delete()
    sessions, _ = Session.objects.filter(expire_date__lte=machine_now()).delete()
    return answers + sessions


def expire_acts(*, at: datetime) -> Tally:
    return four_eyes.expire_waiting(at=at)
