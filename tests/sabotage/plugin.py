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
        assert not self.noticed(session.items[:1])  # the database is there from now on
        for guard in chosen():
            items = [item for item in session.items if matches(item, guard)]
            assert items, f"no test of {guard.tests}"
            with guard.taken():
                noticed = self.noticed(items)
            if noticed:
                assert not self.noticed([noticed]), f"{noticed.nodeid} fails with the guard in its place"
            else:
                survivors.append(guard.name)
            said = noticed.nodeid if noticed else guard.tests
            print(f"{'noticed' if noticed else 'SURVIVED':9}{guard.name}: {said}", flush=True)
        print(f"{len(chosen()) - len(survivors)} of {len(chosen())} guards are noticed when they are gone.")
        session.testsfailed = len(survivors)
        return True

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
    return any(
        path == file and name in item.name for file, _colons, name in (test.partition("::") for test in guard.tests)
    )
