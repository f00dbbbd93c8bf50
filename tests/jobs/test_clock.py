"""The business clock: read by everybody, moved by nobody unless it may be, and never backward."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from billing_portal import clock
from billing_portal.clock import ClockFixed
from kernel import clock as the_clock
from tests.cast import DAY
from tests.owner import as_owner

SECOND = timedelta(seconds=1)


@pytest.fixture
def movable(settings, db):
    settings.CLOCK_MOVABLE = True
    clock.ahead_by()  # the table is known from here on


def ahead() -> timedelta:
    return the_clock.now() - the_clock.machine_now()


def test_without_permission_nothing_is_asked_and_nothing_moves(settings, db, django_assert_num_queries):
    settings.CLOCK_MOVABLE = False
    with django_assert_num_queries(0):
        assert abs(ahead()) < SECOND
        with pytest.raises(ClockFixed):
            clock.advance(the_clock.now() + DAY)


def test_one_query_tells_the_time(movable, django_assert_num_queries):
    with django_assert_num_queries(1):
        the_clock.now()


def test_everybody_sees_the_clock_move(movable):
    clock.advance(the_clock.now() + 3 * DAY)
    assert abs(ahead() - 3 * DAY) < SECOND


def test_it_never_moves_backward(movable):
    clock.advance(the_clock.now() + 3 * DAY)
    clock.advance(the_clock.now() - 2 * DAY)
    assert ahead() > 3 * DAY - SECOND


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE billing_portal_clock SET ahead_by = interval '1 day'",
        "UPDATE billing_portal_clock SET ahead_by = interval '-1 day'",
        "DELETE FROM billing_portal_clock",
        "TRUNCATE billing_portal_clock",
        "INSERT INTO billing_portal_clock (id, ahead_by) VALUES (2, interval '9 days')",
    ],
)
def test_the_database_refuses_to_turn_it_back(movable, attack):
    clock.advance(the_clock.now() + 3 * DAY)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attack)
    assert ahead() > 3 * DAY - SECOND


def test_a_database_without_tables_has_the_machines_time(movable, monkeypatch):
    monkeypatch.setattr(clock, "_has_table", False)
    with transaction.atomic(), as_owner(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE billing_portal_clock RENAME TO elsewhere")
        assert abs(ahead()) < SECOND
        cursor.execute("ALTER TABLE elsewhere RENAME TO billing_portal_clock")
