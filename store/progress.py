"""
How far a download is, for the page that started it.

The page makes up a token and asks for `.../invoices.csv?watch=<token>`; while rows are written, their number stands in the
cache under the owner (a customer) and the token. Nothing depends on it: without a cache the download is the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.core.cache import cache
from redis.exceptions import RedisError

REMEMBERED_SECONDS = 600
EVERY_SECONDS = 0.25
Cells = Sequence[object]
Rows = Iterable[Cells]


class Stage(StrEnum):
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Standing:
    """`done` of `total` rows are written. Stopped: the reader went away, or something failed."""

    stage: Stage
    done: int
    total: int


class Watched:
    """The rows of a download; how many were written is noted a few times a second, if a page watches."""

    def __init__(self, owner: UUID | None, token: str, rows: Rows, count: Callable[[], int]) -> None:
        """`count` says how many rows there are; it is asked only when a page watches, that is with a `token` of an `owner`."""
        self._rows = rows
        self._key = _key(owner, token)
        self._total = count() if self._key else 0
        self._done = 0
        self._note(Stage.RUNNING)

    def __iter__(self) -> Iterator[Cells]:
        next_note = 0.0
        try:
            for row in self._rows:
                yield row
                self._done += 1
                if time.monotonic() > next_note:
                    self._note(Stage.RUNNING)
                    next_note = time.monotonic() + EVERY_SECONDS
        except BaseException:  # a reader who goes away closes the generator
            self._note(Stage.STOPPED)
            raise

    def finish(self) -> None:
        """The file is complete."""
        self._note(Stage.DONE)

    def _note(self, stage: Stage) -> None:
        if self._key:
            with suppress(RedisError):
                cache.set(self._key, (stage.value, self._done, self._total), REMEMBERED_SECONDS)


def standing_of(owner: UUID, token: UUID) -> Standing | None:
    """How far it is; None when it has not begun, ended long ago, or the cache does not answer."""
    with suppress(RedisError):
        if noted := cache.get(_key(owner, str(token))):
            stage, done, total = noted
            return Standing(Stage(stage), done, total)
    return None


def _key(owner: UUID | None, token: str) -> str:
    """Empty for what is no token. Strangers cannot name each other's."""
    with suppress(ValueError):
        return f"download:{owner}:{UUID(token)}"
    return ""
