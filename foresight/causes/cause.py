"""What a cause of a change is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from foresight.compared import Pair
from kernel.shapes import Wording


@dataclass(frozen=True, slots=True)
class Cause:
    """
    One reason why a resource costs more or less than in another month: `amount` in VND, and what happened, in words of
    the reader's language. `sentence` says what counts here.
    """

    code: str
    title: Wording
    sentence: Wording
    amount: Callable[[Pair], Fraction | int]
    facts: Callable[[Pair], Iterable[str]]


def nothing_more(_pair: Pair) -> Iterable[str]:
    """Where the amount says all."""
    return ()
