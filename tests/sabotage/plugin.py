"""A plugin of pytest: for each guard, its tests are run without it until one fails. Whatever survives fails the run."""

from __future__ import annotations

import os

import pytest

from tests.sabotage.guards import GUARDS
from tests.sabotage.ways import Guard

ONLY = os.environ.get("ONLY", "")


def files() -> list[str]:
    return sorted({test.partition("::")[0] for guard in chosen() for test in guard.tests})


def chosen() -> list[Guard]:
    return [guard for guard in GUARDS if ONLY in guard.name]


class Sabotage:
    def __init__(self) -> None:
        self.failed: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        survivors = []
        self.run(session, session.items[:1])  # the database is there from now on
        assert not self.failed, f"{self.failed} fails by itself"
        for guard in chosen():
            items = [item for item in session.items if matches(item, guard)]
            assert items, f"no test of {guard.tests}"
            with guard.taken():
                noticed = self.noticed(session, items)
            print(f"{'noticed' if noticed else 'SURVIVED':9}{guard.name}: {noticed or guard.tests}", flush=True)
            if not noticed:
                survivors.append(guard.name)
        print(f"{len(chosen()) - len(survivors)} of {len(chosen())} guards are noticed when they are gone.")
        session.testsfailed = len(survivors)
        return True

    def noticed(self, session: pytest.Session, items: list[pytest.Item]) -> str:
        """The first of the tests that fails."""
        for item in items:
            self.failed.clear()
            self.run(session, [item])
            if self.failed:
                return self.failed[0]
        return ""

    def run(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        for item in items:
            item._initrequest()  # type: ignore[attr-defined]  # it may have run before
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=self.another(session, item))

    def another(self, session: pytest.Session, item: pytest.Item) -> pytest.Item:
        """Some test comes after this one: what is made once for all stays."""
        return next(other for other in session.items if other is not item)


def matches(item: pytest.Item, guard: Guard) -> bool:
    path = str(item.path.relative_to(item.config.rootpath))
    return any(
        path == file and name in item.name for file, _colons, name in (test.partition("::") for test in guard.tests)
    )
