"""
Breaking off after the n-th statement that writes, for every n, and trying again.

A statement that only reads leaves nothing behind, so breaking off after it is breaking off after the write before. Two ways
to end: the process is killed (nobody catches that), or the statement fails and the service may catch the error.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.apps import apps
from django.db import DatabaseError, OperationalError, connection, models, transaction

from accounts.models.seals import Seal
from kernel.errors import DomainError
from orders.models import Quote
from tests.actions.books import APPS
from tests.auditing import broken_books

WRITES = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM)\b(?! SKIP)", re.IGNORECASE)
LOCKS = re.compile(r"FOR (NO KEY )?UPDATE")
NAMES = re.compile(
    r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}|gate-\d+|(?<=BANK-)\d+|(?<=bank:)\d+|(?<='bank_arrival', ')\d+|(?<='bank_return', ')\d+"
)
"""Ids and references: every try has its own."""

PAGE = "redirect_url"
"""Unknown to us when we broke off before we wrote it down; such an attempt is asked about, and paid or given up."""

EVERY = int(os.environ.get("CRASH_EVERY", "3"))
"""The suite tries every third point, `CRASH_EVERY=1` all of them."""


class Killed(BaseException):
    """The process is gone. No service catches this."""


class Breaker:
    """Lets `after` writing statements through and ends there, once; counts them all."""

    def __init__(self, after: int | None, end: type[BaseException]) -> None:
        self.after, self.end, self.count = after, end, 0

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if WRITES.search(LOCKS.sub("", str(sql))):
            self.count += 1
            if self.count == self.after:
                raise self.end(f"after statement {self.after}")
        return result


def picture() -> dict[str, list[str]]:
    """All rows of the business without their ids, in an order that does not depend on them."""
    found = {}
    for app in APPS:
        for model in apps.get_app_config(app).get_models():
            if model not in (Quote, Seal):  # an offer, and what follows from the numbers of what it seals
                columns = [f.attname for f in model._meta.concrete_fields if f.name != PAGE and not _is_numbered(f)]
                rows = model._default_manager.values_list(*columns)
                found[model.__name__] = sorted(NAMES.sub("#", repr(row)) for row in rows)
    return found


def _is_numbered(field: Any) -> bool:
    return isinstance(field.target_field if field.is_relation else field, models.AutoField)


def points_that_do_not_matter(
    act: Callable[[], object], ends: type[BaseException] = Killed, *, then: Callable[[], object] = lambda: None
) -> int:
    """
    The number of points where `act` can be broken off: at each, calling it again must lead where the undisturbed one does.

    :param then: what happens next in any case, before the pictures are compared
    :raises AssertionError: for the first point that matters
    """
    with _tried() as breaker:
        act()
        points = breaker.count
        then()
        undisturbed = picture()
    for after in range(1 + points % EVERY, points + 1, EVERY):
        with _tried() as breaker:
            breaker.after, breaker.end = after, ends
            try:
                act()
            except (Killed, DatabaseError):
                assert broken_books() == [], f"after statement {after}"
            breaker.after = None
            _again(act)
            then()
            _assert_same(picture(), undisturbed, f"broken off after statement {after} of {points}")
    with _tried():  # it was done, and nobody heard of it
        act()
        _again(act)
        then()
        _assert_same(picture(), undisturbed, "done twice")
    return points


def _again(act: Callable[[], Any]) -> None:
    with suppress(DomainError):  # when it was done the first time, and says so
        act()


def _assert_same(found: dict[str, list[str]], undisturbed: dict[str, list[str]], when: str) -> None:
    for model, rows in undisturbed.items():
        assert found[model] == rows, f"{when}: {model}: {sorted(set(found[model]) ^ set(rows))[:4]}"


@contextmanager
def _tried() -> Iterator[Breaker]:
    """A transaction that leaves nothing behind, with a counter of statements."""
    breaker = Breaker(None, OperationalError)
    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # what must be the outermost transaction may be it
    logging.disable(logging.CRITICAL)
    try:
        with block:
            with connection.execute_wrapper(breaker):
                yield breaker
            with connection.cursor() as cursor:  # what would be checked by the commit
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
            transaction.set_rollback(True)
    finally:
        logging.disable(logging.NOTSET)
