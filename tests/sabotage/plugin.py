"""
A plugin of pytest: for each guard, its tests are run without it until one fails. Whatever survives fails the run.

Before that, the attacks on the tables are run once with everything in its place: where a guard refuses, that test is one of its own.
"""

from __future__ import annotations

import os

import pytest

from tests.sabotage.found import Refusals, found
from tests.sabotage.guards import GUARDS
from tests.sabotage.ways import Guard

ONLY = os.environ.get("ONLY", "")
ATTACKS = "tests/table"


def files() -> list[str]:
    return [ATTACKS, *sorted({file for guard in GUARDS for file in _files(guard) if not file.startswith(ATTACKS)})]


def chosen(refusals: Refusals) -> list[Guard]:
    """Those of the list, and all others of the database."""
    guards = {guard.name: guard for guard in [*found(refusals), *GUARDS]}
    return [guard for name, guard in guards.items() if ONLY in name]


def _files(guard: Guard) -> set[str]:
    return {test.partition("::")[0] for test in guard.tests}


class Sabotage:
    def __init__(self) -> None:
        self.failed: list[str] = []
        self.refusals = Refusals()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        survivors = []
        self._attack([item for item in session.items if item.nodeid.startswith(ATTACKS)])
        guards = chosen(self.refusals)
        for guard in guards:
            items = [item for item in session.items if matches(item, guard)]
            with guard.taken():
                noticed = self.noticed(items)
            if noticed:
                assert not self.noticed([noticed]), f"{noticed.nodeid} fails with the guard in its place"
            else:
                survivors.append(guard.name)
            said = noticed.nodeid if noticed else guard.tests or "it refused nothing in any test"
            print(f"{'noticed' if noticed else 'SURVIVED':9}{guard.name}: {said}", flush=True)
        print(f"{len(guards) - len(survivors)} of {len(guards)} guards are noticed when they are gone.")
        session.testsfailed = len(survivors)
        return True

    def _attack(self, items: list[pytest.Item]) -> None:
        """All of them, while it is noted who refuses."""
        with self.refusals.noting():
            for item in items:
                self.refusals.test = item.nodeid
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=Another(item.session))
        assert not self.failed, f"with all guards in their places there fail: {self.failed}"

    def noticed(self, items: list[pytest.Item]) -> pytest.Item | None:
        """The first of the tests that fails."""
        for item in items:
            self.failed.clear()
            item._initrequest()  # type: ignore[attr-defined]  # it may have run before
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=Another(item.session))
            if self.failed:
                return item
        return None


class Another:
    """Whatever comes next: of what is set up, that for the whole session stays."""

    def __init__(self, session: pytest.Session) -> None:
        self.session = session

    def listchain(self) -> list[pytest.Session]:
        return [self.session]


def matches(item: pytest.Item, guard: Guard) -> bool:
    path = str(item.path.relative_to(item.config.rootpath))
    return item.nodeid in guard.tests or any(
        path == file and name in item.name for file, _colons, name in (test.partition("::") for test in guard.tests)
    )
