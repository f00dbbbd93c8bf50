"""Telling things in every order in which they can come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import transaction

from payments.gateways.base import Verdict

Event = Callable[[], object]


def is_told_again(said: object) -> bool:
    """What we answered to a notice: the verdict, or the reply, of which a gateway's 503 says the same."""
    return said == Verdict.RETRY_LATER or (isinstance(said, tuple) and said[0] == 503)


class Orders:
    """
    Every order in which events can come. What has the same past and looks the same has the same future, so each such place is
    gone on from once: all 720 orders of six, in a few hundred steps. What we ask to be told again comes again.

    :ivar ends: how it looks when all was told, or when nothing more is heard of what there is to tell
    """

    def __init__(self, events: list[Event], look: Callable[[], Any]) -> None:
        self.events, self.look = events, look
        self.seen: set[tuple[frozenset[int], Any]] = set()
        self.ends: set[Any] = set()

    def follow(self, past: frozenset[int] = frozenset()) -> None:
        place = (past, self.look())
        if place in self.seen:
            return
        self.seen.add(place)
        heard = [self._tell(number, past) for number in range(len(self.events)) if number not in past]
        if not any(heard):
            self.ends.add(place[1])

    def _tell(self, number: int, past: frozenset[int]) -> bool:
        with transaction.atomic():
            is_heard = not is_told_again(self.events[number]())
            if is_heard:
                self.follow(past | {number})
            transaction.set_rollback(True)
        return is_heard
