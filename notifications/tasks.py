"""What time brings to notices and letters: they are sent."""

from __future__ import annotations

from datetime import datetime

from notifications import delivery, posting
from store.tally import Tally


def deliver_mails(*, at: datetime) -> Tally:
    """Letters first: somebody waits for each."""
    letters, notices = posting.deliver_letters(at=at), delivery.deliver_notices(at=at)
    return Tally(letters.done + notices.done, letters.failed + notices.failed)


def next_delivery(after: datetime) -> datetime | None:
    return min(filter(None, (outbox.next_due(after) for outbox in (posting.LETTERS, delivery.NOTICES))), default=None)
