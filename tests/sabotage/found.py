"""The guards that stand in the database, and the tests in which each of them refused something."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

import pgtrigger
import psycopg
from django.apps import apps
from django.db import utils
from django.db.models import BaseConstraint, Model, UniqueConstraint

from store.carried import CarriedKey
from tests.sabotage.ways import Guard, constraint, foreign_key, trigger
from tests.structure.layers import LEDGER, layers

IN_A_TRIGGER = re.compile(r"function (?:public\.)?(pgtrigger_\w+)\(\)")
AT_MOST = 8
"""Tests that are asked about a guard which refuses in many."""


class Refusals:
    """Notes, while `noting`, which guard refused in the test that is running."""

    def __init__(self) -> None:
        self.test = ""
        self.of: defaultdict[str, list[str]] = defaultdict(list)
        """Guard -> tests; a trigger by the name of its function, a constraint by its own."""

    @contextmanager
    def noting(self) -> Iterator[None]:
        own = utils.DatabaseErrorWrapper.__exit__

        def leave(
            wrapper: utils.DatabaseErrorWrapper,
            kind: type[BaseException] | None,
            error: BaseException | None,
            trace: TracebackType | None,
        ) -> None:
            if isinstance(error, psycopg.Error):
                self._note(error.diag)
            own(wrapper, kind, error, trace)

        utils.DatabaseErrorWrapper.__exit__ = leave  # type: ignore[method-assign]  # for as long as it notes
        try:
            yield
        finally:
            utils.DatabaseErrorWrapper.__exit__ = own  # type: ignore[method-assign]

    def _note(self, said: psycopg.errors.Diagnostic) -> None:
        """The constraint that it names, and the innermost trigger that it happened in."""
        inner = IN_A_TRIGGER.search(said.context or "")
        for guard in filter(None, (said.constraint_name, inner and inner[1])):
            if self.test not in self.of[guard]:
                self.of[guard].append(self.test)

    def tests_of(self, guard: str) -> tuple[str, ...]:
        """Where it refused; first where few others did, for there it is what the test is about."""
        crowd = Counter(test for tests in self.of.values() for test in tests)
        return tuple(sorted(self.of[guard], key=lambda test: crowd[test])[:AT_MOST])


def found(refusals: Refusals) -> Iterator[Guard]:
    """Every trigger and constraint that our models declare, with the tests in which it refused."""
    for model, declared in pgtrigger.registered():
        yield trigger(model._meta.db_table, declared.name, *refusals.tests_of(declared.get_pgid(model)))
    for declaring in apps.get_models():
        if declaring._meta.app_label in {*layers(), LEDGER}:
            for rule in declaring._meta.constraints:
                if not _is_met_by_the_primary_key(declaring, rule):
                    kind = foreign_key if isinstance(rule, CarriedKey) else constraint
                    yield kind(declaring._meta.db_table, rule.name, *refusals.tests_of(rule.name))


def _is_met_by_the_primary_key(model: type[Model], rule: BaseConstraint) -> bool:
    """What foreign keys of several columns refer to: nothing can break it."""
    return isinstance(rule, UniqueConstraint) and model._meta.pk.name in rule.fields
