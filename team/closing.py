"""
What has to be over before an account closes, and what ends with it.

Both are told by the apps above, when they are ready: what stands in the way is said with its page, so that somebody can see to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from accounts.models import Customer
from kernel.actors import Actor


class Obstacle(NamedTuple):
    """
    :ivar label: in words, with its number: "2 resources"
    :ivar page: where somebody sees to it; empty where only our staff do
    :ivar amount: in đồng, of money
    :ivar can_be_given_up: the owner may do without it; who does not, waits until it has gone back to where it came from
    """

    code: str
    label: str
    page: str = ""
    amount: int = 0
    can_be_given_up: bool = False


Source = Callable[[Customer, datetime], Iterable[Obstacle]]
_sources: list[Source] = []
_endings: list[Callable[..., None]] = []


def keeps_open(source: Source) -> None:
    """An app tells what of its own has to be over, in the present language."""
    _sources.append(source)


def ends_with_it(ending: Callable[..., None]) -> None:
    """
    An app ends its own, as part of the transaction that closes the account.

    :param ending: takes the customer, who is held, `actor` and `at`
    """
    _endings.append(ending)


def in_the_way(customer: Customer, at: datetime) -> list[Obstacle]:
    """All that is not over, in the order of the apps."""
    return [found for source in _sources for found in source(customer, at)]


def end_all(customer: Customer, *, actor: Actor, at: datetime) -> None:
    for ending in _endings:
        ending(customer, actor=actor, at=at)
