"""
Turns at a gateway: who works through what is due there holds a share of it, and leaves when it is slow. So a gateway that hangs keeps
only itself waiting.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from store.shares import share_of
from store.tally import Tally, for_each

logger = logging.getLogger(__name__)

AT_ONCE = 1000
SLOW_SECONDS = 3
SHARE_SECONDS = 60
"""So long one worker stays with a gateway; the next turn goes on."""
Key = TypeVar("Key")


def take_turn(code: str, due: Callable[[], Iterable[Key]], work: Callable[[Key], object], *, what: str) -> Tally:
    """
    Do `work` with each that is `due` at one gateway, unless enough others do: the longest due first, until it is slow. Then the
    rest waits for the next turn, and finds out once again.
    """
    with share_of(f"gateway:{code}") as mine:
        return for_each(_while_quick(list(due()), code), work, what=what) if mine else Tally()


def _while_quick(keys: Iterable[Key], code: str) -> Iterator[Key]:
    ends = time.monotonic() + SHARE_SECONDS
    for key in keys:
        began = time.monotonic()
        yield key
        if time.monotonic() > min(began + SLOW_SECONDS, ends):
            logger.warning("gateway %s is slow: what else is due there waits for the next turn", code)
            return
