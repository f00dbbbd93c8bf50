"""Fixtures of all tests. After every test that touches the database, the books are audited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.backends.signals import connection_created
from django.utils import translation
from xdist.scheduler import LoadFileScheduling

from accounts.models import Customer
from catalog.models import Item, Product
from tests.auditing import broken_books
from tests.cast import make_customer, make_item, make_product
from tests.owner import be_the_application

LONG = ("browser", "look", "scale", "demo", "stack", "journeys", "races", "property", "fuzz")
"""Folders of few and long tests."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long ones first: else all but one process wait for it in the end."""
    items.sort(key=lambda item: item.path.parent.name not in LONG)


class OneBrowser(LoadFileScheduling):
    """A file is one process's, and all that a browser looks at too: the portal with its demo is made once for them."""

    def _split_scope(self, nodeid: str) -> str:
        return "tests/browser" if nodeid.startswith("tests/browser/") else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneBrowser:
    return OneBrowser(config, log)


STANDARD_TAX = (
    "INSERT INTO catalog_taxcategory (code, name, name_en) VALUES ('standard', 'Thuế suất phổ thông', 'Standard rate')",
    "INSERT INTO catalog_taxrate (category_id, since, rate, source) VALUES ('standard', '1999-01-01', 0.1, '')",
)
"""What a new installation begins with, as its migrations leave it."""


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """The owner of the tables makes the database."""
    connection.settings_dict.update(settings.DATABASE_OWNER)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """All tests run with the rights of the application; `tests.owner` lifts that where a test attacks what lies behind them."""
    if settings.DATABASE_OWNER:
        connection_created.connect(be_the_application)
    with django_db_blocker.unblock():
        connections.close_all()
    yield
    connection_created.disconnect(be_the_application)
    with django_db_blocker.unblock():
        connections.close_all()


@pytest.fixture(autouse=True, scope="session")
def _flushing_gets_past_the_guards() -> Iterator[None]:
    """Tests with real transactions empty the tables after themselves, which append-only triggers refuse to everybody else. As the owner, who stays it until the next test."""
    original = DatabaseOperations.sql_flush

    def sql_flush(self: Any, *args: Any, **kwargs: Any) -> list[str]:
        statements = original(self, *args, **kwargs)
        guards = [
            "SET ROLE NONE; SET session_replication_role = replica;",
            "SET session_replication_role = DEFAULT;",
        ]
        return [guards[0], *statements, *STANDARD_TAX, guards[1]] if statements else statements

    DatabaseOperations.sql_flush = sql_flush  # type: ignore[method-assign]
    yield
    DatabaseOperations.sql_flush = original  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _no_language_is_left_over() -> None:
    """A request leaves the language of its reader behind in its thread; the next test begins with the house's own."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def _books_are_in_balance(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test may leave a violation behind."""
    uses_database = {"db", "transactional_db"} & set(request.fixturenames) or request.node.get_closest_marker(
        "django_db"
    )
    if uses_database:
        request.getfixturevalue("transactional_db" if "transactional_db" in request.fixturenames else "db")
        be_the_application(connection=connection)
    yield
    if uses_database and not request.node.get_closest_marker("breaks_the_books"):
        assert broken_books() == []


@pytest.fixture(scope="module")
def standing(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """What fixtures of a module write stands for all of its tests: each begins there, and what it does is undone."""
    with django_db_blocker.unblock():
        be_the_application(connection=connection)
        with transaction.atomic():
            yield
            transaction.set_rollback(True)


@pytest.fixture
def vserver(db: None) -> Product:
    """Seven days in the trash after expiry and after deletion, no grace, refundable."""
    return make_product("vserver")


@pytest.fixture
def small(vserver: Product) -> Item:
    """181,000 VND per 30 days."""
    return make_item(vserver, "small", 181_000)


@pytest.fixture
def large(vserver: Product) -> Item:
    """520,000 VND per 30 days."""
    return make_item(vserver, "large", 520_000)


@pytest.fixture
def disk(vserver: Product) -> Item:
    """2,000 VND per GB and 30 days."""
    return make_item(vserver, "ssd", 2_000, kind=Item.Kind.VOLUME)


@pytest.fixture
def alice(db: None) -> Customer:
    """Prepaid, with 10,000,000 VND of credit."""
    return make_customer("Alice", credit=10_000_000)


@pytest.fixture
def bob(db: None) -> Customer:
    """Postpaid, with an empty wallet."""
    return make_customer("Bob", mode="postpaid")
