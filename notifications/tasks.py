"""What time brings to notices: they are sent."""

from __future__ import annotations

from datetime import datetime

from notifications import delivery
from notifications.models import Notice
from store.due import first_after
from store.tally import Tally


def deliver_notices(*, at: datetime) -> Tally:
    return delivery.deliver_notices(at=at)


def next_delivery(after: datetime) -> datetime | None:
    """Of a notice's first attempt; further ones are a matter of real time."""
    waiting = Notice.objects.filter(state=Notice.State.PENDING, attempts=0)
    return first_after(after, waiting, "next_attempt_at")
