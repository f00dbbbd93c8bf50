"""What time brings to teams: accounts that are to be closed are."""

from __future__ import annotations

from datetime import datetime

from store.tally import Tally
from team.services.closing import close_due, forget_the_rest, next_closing

__all__ = ["clean_up", "close_accounts", "next_closing"]


def close_accounts(*, at: datetime) -> Tally:
    return close_due(at=at)


def clean_up(*, at: datetime) -> int:
    return forget_the_rest(at=at)
