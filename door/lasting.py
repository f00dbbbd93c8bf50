"""
How long somebody stays signed in: as long as their customer's owner wants, without use and in any case; else as long as everybody.
Who works for several customers can change between them in one session: it lasts as long as the strictest of them allows.

A session notes when it was opened and, each minute, that it is used. It also ends in the database by itself then, so that the list of
sessions is true. Sessions live by the machine's clock.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from django.contrib.sessions.backends.base import SessionBase

from accounts.models import Customer

OPENED, USED = "opened_at", "used_at"
NOTED_EVERY = 60
"""Seconds: how exact the time without use is."""


def begin(session: SessionBase) -> None:
    """Somebody has signed in."""
    session[OPENED] = session[USED] = int(time.time())


def is_over(session: SessionBase, customers: Iterable[Customer]) -> bool:
    """Whether it has lasted too long, by what these customers want today; if not, it is used now."""
    now = int(time.time())
    opened, used = session.get(OPENED, now), session.get(USED, now)
    wanted = list(customers)
    idle = [used + one.idle_minutes * 60 for one in wanted if one.idle_minutes]
    ends = [opened + one.session_hours * 3600 for one in wanted if one.session_hours]
    if not idle + ends:
        return False
    if min(idle + ends) <= now:
        return True
    if "_session_expiry" not in session or now - used >= NOTED_EVERY:
        session[OPENED], session[USED] = opened, now
        session.set_expiry(
            min([end - used for end in idle] + [end - now for end in ends])
        )  # if it is not used until then
    return False
