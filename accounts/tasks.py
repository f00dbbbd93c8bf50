"""What time brings to accounts: old answers and sessions are forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session

from accounts.models import IdempotencyKey
from kernel.clock import machine_now

KEPT = timedelta(days=7)


def clean_up(*, at: datetime) -> int:
    """
    Forget answers to REST writes after 7 days, when nobody retries any more, and sessions that have ended.

    Sessions live by the machine's clock: who moves the business clock stays signed in.
    """
    answers, _ = IdempotencyKey.objects.older_than(KEPT, at=at).delete()
    sessions, _ = Session.objects.filter(expire_date__lte=machine_now()).delete()
    return answers + sessions
