"""Random walks over the whole portal; after each step the auditor and the books kept by hand agree with it."""

from __future__ import annotations

import os

import pytest

from tests.property.walk import failure_of, shortened, steps_of

CHOSEN = (45, 41, 3, 1)
"""Of the first fifty walks those that together come to the most kinds of events, payments, orders and notices."""
FIRST, COUNT = int(os.environ.get("WALK_FROM", "1")), int(os.environ.get("WALKS", "0"))
LENGTH = int(os.environ.get("WALK_LENGTH", "40"))


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT) if COUNT else CHOSEN)
def test_whatever_happens_in_whatever_order_the_books_are_right(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = steps_of(seed, LENGTH)
    found = failure_of(steps, monkeypatch)
    if found:  # it is told by the shortest walk that breaks as well
        found = failure_of(shortened(steps, monkeypatch), monkeypatch) or found
    broken, trace = found or ("", [])
    assert not found, "\n".join([f"walk {seed} breaks: {broken}", *trace])
