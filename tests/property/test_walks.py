"""Random walks over the whole portal; after each step the auditor and the books kept by hand agree with it."""

from __future__ import annotations

import os

import pytest

from tests.property.walk import failure_of, shortened, steps_of

FIRST, COUNT = int(os.environ.get("WALK_FROM", "1")), int(os.environ.get("WALKS", "4"))
LENGTH = int(os.environ.get("WALK_LENGTH", "40"))


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_whatever_happens_in_whatever_order_the_books_are_right(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = steps_of(seed, LENGTH)
    if failure_of(steps, monkeypatch):
        broken, trace = failure_of(shortened(steps, monkeypatch), monkeypatch) or ("", [])
        pytest.fail("\n".join([f"walk {seed} breaks: {broken}", *trace]), pytrace=False)
