"""
How long somebody stays signed in: as long as their customer's owner wants, without use and in any case; else as long as everybody.

A session notes when it was opened and, each minute, that it is used. It also ends in the database by itself then, so that the list of
sessions is true. Sessions live by the machine's clock.
"""

from __future__ import annotations

import time

from django.contrib.sessions.backends.base import SessionBase

from accounts.models import Customer

OPENED, USED = "opened_at", "used_at"
NOTED_EVERY = 60
"""Seconds: how exact the time without use is."""


def begin(session: SessionBase) -> None:
    """Somebody has signed in."""
    session[OPENED] = session[USED] = int(time.time())


def is_over(session: SessionBase, customer: Customer) -> bool:
    """Whether it has lasted too long, by what its customer wants today; if not, it is used now."""
    now = int(time.time())
    opened, used = session.get(OPENED, now), session.get(USED, now)
    left = [
        until - now
        for until in (
            used + customer.idle_minutes * 60 if customer.idle_minutes else None,
            opened + customer.session_hours * 3600 if customer.session_hours else None,
        )
        if until is not None
    ]
    if not left:
        return False
    if min(left) <= 0:
        return True
    if "_session_expiry" not in session or now - used >= NOTED_EVERY:
        session[OPENED], session[USED] = opened, now
        session.set_expiry(_longest(customer, opened, now))
    return False


def _longest(customer: Customer, opened: int, now: int) -> int:
    """Seconds from now: it ends then if it is not used until then."""
    idle = customer.idle_minutes * 60 if customer.idle_minutes else None
    rest = opened + customer.session_hours * 3600 - now if customer.session_hours else None
    return min(seconds for seconds in (idle, rest) if seconds is not None)
