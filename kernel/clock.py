"""
The one clock.

Surfaces and tasks read it once and hand `at` to the services; nothing below them asks for the time. The source can be
replaced (the sandbox installs one that staff may move forward), so that every process of a portal agrees on the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_source: Callable[[], datetime] | None = None


def install(source: Callable[[], datetime] | None) -> None:
    """Ask `source` for the time from now on; None goes back to the machine's clock."""
    global _source  # noqa: PLW0603 - one process, one clock
    _source = source


@contextmanager
def replaced(source: Callable[[], datetime]) -> Iterator[None]:
    """Ask `source` within the block, and whoever was asked before after it."""
    before = _source
    install(source)
    try:
        yield
    finally:
        install(before)


def now() -> datetime:
    """The present instant, in UTC."""
    return _source() if _source else machine_now()


def machine_now() -> datetime:
    """What this machine's clock says, for time-outs and signatures of the outside world."""
    return datetime.now(UTC)
