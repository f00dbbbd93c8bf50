"""What time brings to notices: they are sent."""

from __future__ import annotations

from datetime import datetime

from notifications import delivery
from store.tally import Tally


def deliver_notices(*, at: datetime) -> Tally:
    return delivery.deliver_notices(at=at)


def next_delivery(after: datetime) -> datetime | None:
    return delivery.NOTICES.next_due(after)
