"""Cutting a long ordered list of owners into ranges that are worked on one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

Key = TypeVar("Key")


def ranges_of(sizes: Iterable[tuple[Key, int]], *, at_most: int) -> Iterator[tuple[Key, Key]]:
    """
    Ranges [first, last] of the keys, which come in order with the size of each, of at most `at_most` together.

    Every key is in exactly one range. One that is larger by itself has a range of its own.
    """
    bounds: tuple[Key, Key] | None = None
    filled = 0
    for key, size in sizes:
        if bounds and filled + size > at_most:
            yield bounds
            bounds, filled = None, 0
        bounds = (bounds[0] if bounds else key, key)
        filled += size
    if bounds:
        yield bounds
