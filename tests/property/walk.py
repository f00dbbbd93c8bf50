"""
A random walk over the real services: customers order, resize, stop and delete, gateways and product teams answer when and
as they like, staff correct and switch, time moves on and its jobs run, on time, late and twice.

A walk is a list of steps, each a move and a seed of its own, so that steps can be left out and the rest still makes sense:
that is how a failing walk is made short.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from django.db import transaction

from tests.focus.books import wrong_in_focus
from tests.property.moves_of_life import MovesOfLife
from tests.property.moves_of_money import MovesOfMoney
from tests.property.moves_of_orders import MovesOfOrders
from tests.property.moves_of_time import MovesOfTime
from tests.property.stage import Broken, Step


class World(MovesOfMoney, MovesOfOrders, MovesOfLife, MovesOfTime):
    """The stage with every move."""


MOVES = {
    "create": 10, "resize": 8, "renew": 6, "recover": 6, "answer": 8, "news": 12, "ask": 2, "give_up_attempt": 1, "cancel_order": 1,
    "adjust": 3, "grant": 4, "top_up": 3, "pay_bills": 4, "pay_bills_by_gateway": 3, "transfer": 3, "correct": 5,
    "stop": 5, "start": 5, "reboot": 1, "auto_renew": 3, "delete": 6, "empty_trash": 1, "restore": 3, "switch": 5,
    "release_parked": 1, "wait": 8, "wait_for_something": 7, "outage": 2, "catch_up": 3,
}  # fmt: skip


def steps_of(seed: int, length: int) -> list[Step]:
    """The walk of this number."""
    random = Random(seed)
    moves = random.choices(list(MOVES), weights=list(MOVES.values()), k=length)
    return [(move, random.getrandbits(32)) for move in moves]


@contextmanager
def a_world(monkeypatch: Any) -> Iterator[World]:
    """A fresh world in a transaction that leaves nothing behind."""
    from payments import gateways

    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # services that need the outermost transaction may have it
    with block, monkeypatch.context() as patched:
        world = World()
        patched.setattr(gateways, "gateway", lambda code: world.gate)
        patched.setattr(gateways, "notice_url", lambda code: f"https://portal.example/gateways/{code}/notice/")
        logging.getLogger().addHandler(world.errors)
        logging.disable(logging.WARNING)
        try:
            yield world
        finally:
            logging.disable(logging.NOTSET)
            logging.getLogger().removeHandler(world.errors)
            transaction.set_rollback(True)


def failure_of(steps: list[Step], monkeypatch: Any) -> tuple[str, list[str]] | None:
    """What breaks on this walk, and how it came to it; None when nothing does."""
    with a_world(monkeypatch) as world:
        try:
            for step in steps:
                world.take(step)
            if wrong := wrong_in_focus():
                raise Broken("; ".join(wrong[:3]))
        except Broken as broken:
            return str(broken), world.trace
    return None


def shortened(steps: list[Step], monkeypatch: Any, *, attempts: int = 80) -> list[Step]:
    """A walk that breaks as well and has few steps: larger pieces are left out first, then single steps."""
    size = max(len(steps) // 2, 1)
    while size and attempts > 0:
        start = 0
        while start < len(steps) and attempts > 0:
            attempts -= 1
            fewer = steps[:start] + steps[start + size :]
            if failure_of(fewer, monkeypatch):
                steps = fewer
            else:
                start += size
        size //= 2
    return steps
