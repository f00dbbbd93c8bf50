"""These tests attack as the owner of the tables: what refuses here refuses whatever rights somebody has got hold of."""

from __future__ import annotations

import pytest
from django.db import connection


@pytest.fixture(autouse=True)
def _as_owner(_books_are_in_balance: None, request: pytest.FixtureRequest) -> None:
    """Until the test's transaction is rolled back, or the next test begins. Some tests here ask the models alone."""
    asks = {"db", "transactional_db"} & {*request.fixturenames} or request.node.get_closest_marker("django_db")
    if asks and not request.node.get_closest_marker("as_the_application"):
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE NONE")
