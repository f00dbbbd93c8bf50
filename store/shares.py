"""Shares of the workers: whoever is slow outside the house holds so many of them and no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from store.locks import one_of

LANES = 2


@contextmanager
def share_of(neighbour: str, *, lanes: int = LANES) -> Iterator[bool]:
    """
    Hold one of a neighbour's lanes while working for it; False when all of them are taken, and there is nothing to do.

    No transaction is open meanwhile.
    """
    with one_of([f"share:{neighbour}:{number}" for number in range(lanes)]) as lane:
        yield lane is not None
