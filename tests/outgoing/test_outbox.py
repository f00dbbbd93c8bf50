"""Whatever leaves the house leaves it in the same way: mails, requests to product teams, questions to gateways."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lifecycle.services.delivery import REQUESTS
from lifecycle.services.running import stop_resource
from notifications.delivery import NOTICES
from notifications.models import Notice
from notifications.services import tell
from payments.services.asking import QUESTIONS
from payments.services.gateway import start_top_up
from store.locks import alone
from store.outbox import NotParked, Outbox
from tests.actions.books import refused
from tests.actions.conftest import Gate, gate
from tests.cast import DAY, NOON, create, make_customer, make_item, make_product, owner_of
from tests.jobs.conftest import at_once
from tests.races.beside import in_flight

__all__ = ["gate"]
pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = timedelta(minutes=1)
DUE = NOON + 5 * MINUTE


@dataclass
class Owed:
    """A row that is due at `DUE`."""

    outbox: Outbox[Any]
    pk: object

    @property
    def row(self) -> Any:
        return self.outbox.model._default_manager.get(pk=self.pk)

    @property
    def attempts(self) -> int:
        return int(getattr(self.row, self.outbox.attempts))

    @property
    def next_attempt(self) -> datetime:
        due: datetime = getattr(self.row, self.outbox.due)
        return due

    def die(self, at: datetime) -> None:
        """A worker takes it and is killed."""
        with pytest.raises(KeyboardInterrupt), self.outbox.claim(self.pk, at=at):
            raise KeyboardInterrupt


def a_mail() -> Owed:
    tell(make_customer("Ann"), Notice.Kind.RESOURCE_PURGED, uuid4(), at=NOON, resource="web")
    return Owed(NOTICES, Notice.objects.get().pk)


def a_command() -> Owed:
    customer = make_customer("Ann", credit=1_000_000)
    [server] = create(customer, make_item(make_product("vserver"), "small", 181_000))
    stop_resource(server.pk, actor=owner_of(customer), at=NOON)
    return Owed(REQUESTS, server.requests.get(verb="stop").pk)


def a_question() -> Owed:
    customer = make_customer("Ann")
    return Owed(QUESTIONS, start_top_up(customer, 78_000, gateway="gate", actor=owner_of(customer), at=NOON).pk)


@pytest.fixture(params=[a_mail, a_command, a_question], ids=["mail", "command", "question"])
def owed(request: pytest.FixtureRequest, gate: Gate) -> Owed:
    made: Owed = request.param()
    return made


@pytest.fixture(params=[a_mail, a_command], ids=["mail", "command"])
def parkable(request: pytest.FixtureRequest) -> Owed:
    made: Owed = request.param()
    return made


# Claiming


def test_an_attempt_is_counted_and_the_next_put_off_before_anything_leaves(owed: Owed) -> None:
    with owed.outbox.claim(owed.pk, at=DUE) as claimed:
        assert [row.pk for row in claimed] == [owed.pk]
        assert owed.attempts == 1
        assert owed.next_attempt > DUE
        assert not connection.in_atomic_block, "committed: nothing hangs on the worker's life"


def test_nobody_else_sends_it_meanwhile_however_far_the_clock_jumps(owed: Owed) -> None:
    def beside() -> int:
        with owed.outbox.claim(owed.pk, at=DUE + 40 * MINUTE) as claimed:
            return len(claimed)

    with owed.outbox.claim(owed.pk, at=DUE):
        assert at_once(3, beside) == [0, 0, 0]


def test_what_somebody_is_answering_is_passed_over_without_waiting(owed: Owed) -> None:
    table = owed.outbox.model._default_manager

    def answering() -> None:
        table.select_for_update().get(pk=owed.pk)

    with in_flight(answering), owed.outbox.claim(owed.pk, at=DUE) as claimed:
        assert claimed == []
    assert owed.attempts == 0


def test_what_is_not_due_is_not_sent(owed: Owed) -> None:
    with owed.outbox.claim(owed.pk, at=NOON - MINUTE) as claimed:
        assert claimed == []


def test_a_lock_is_given_back_with_the_row(owed: Owed) -> None:
    owed.die(DUE)
    with alone(f"{owed.outbox.model._meta.db_table}:{owed.pk}") as held:
        assert held


def test_claiming_many_costs_as_much_as_claiming_one() -> None:
    customer = make_customer()
    for number in range(30):
        Notice.objects.create(
            customer=customer, kind=Notice.Kind.REFUND, event=f"credit-note:{number}", recipient=customer.email,
            facts={}, at=NOON, next_attempt_at=NOON,
        )  # fmt: skip
    pks = list(Notice.objects.order_by("pk").values_list("pk", flat=True))
    spent = []
    for some in (pks[:1], pks[1:]):
        with (
            CaptureQueriesContext(
                connection,
            ) as asked,
            NOTICES.claim(*some, at=NOON) as claimed,
        ):
            assert len(claimed) == len(some)
        spent.append(len(asked))
    assert spent[0] == spent[1]


# Failing


def test_a_worker_that_dies_leaves_it_due_again_and_a_little_later_each_time(owed: Owed) -> None:
    at, waits = DUE, []
    for _ in range(4):
        owed.die(at)
        waits.append(owed.next_attempt - at)
        at = owed.next_attempt
    assert owed.attempts == 4
    assert timedelta() < waits[0] < waits[1] < waits[2] < waits[3]


def test_what_kills_eight_workers_is_parked_and_not_tried_again(parkable: Owed) -> None:
    for day in range(8):
        parkable.die(NOON + day * DAY)
    with parkable.outbox.claim(parkable.pk, at=NOON + 9 * DAY) as claimed:
        assert claimed == []
    assert (parkable.row.state, parkable.attempts) == ("parked", 8)
    assert getattr(parkable.row, parkable.outbox.error) == "every worker that tried it died"


def test_a_question_is_never_parked_for_the_gateways_memory_ends_it(gate: Gate) -> None:
    owed = a_question()
    for _ in range(12):
        owed.die(owed.next_attempt)
    assert owed.attempts == 12
    with owed.outbox.claim(owed.pk, at=NOON + timedelta(hours=47)) as claimed:
        assert len(claimed) == 1
    assert owed.row.check_at is None


def test_the_eighth_failure_parks_it_with_the_reason_until_staff_send_it_again(parkable: Owed) -> None:
    for day in range(8):
        assert parkable.row.state == "pending"
        with parkable.outbox.claim(parkable.pk, at=NOON + day * DAY) as claimed:
            parkable.outbox.failed(*claimed, why="HTTP 422")
        assert getattr(parkable.row, parkable.outbox.error) == "HTTP 422"
    assert parkable.row.state == "parked"
    parkable.outbox.resend(parkable.pk, at=NOON + 9 * DAY)
    assert (parkable.row.state, parkable.attempts, parkable.next_attempt) == ("pending", 0, NOON + 9 * DAY)
    assert getattr(parkable.row, parkable.outbox.error) == ""
    with refused(NotParked):
        parkable.outbox.resend(parkable.pk, at=NOON + 9 * DAY)


def test_an_attempt_that_reached_nobody_does_not_bring_it_nearer_to_being_parked(parkable: Owed) -> None:
    for day in range(20):
        with parkable.outbox.claim(parkable.pk, at=NOON + day * DAY) as claimed:
            for row in claimed:
                parkable.outbox.spare(row)
    assert (parkable.row.state, parkable.attempts) == ("pending", 1)


# Answers


def test_an_answer_that_came_meanwhile_stands() -> None:
    owed = a_command()
    with owed.outbox.claim(owed.pk, at=DUE) as [request]:
        owed.outbox.model._default_manager.filter(pk=owed.pk).update(state="succeeded")
        assert owed.outbox.close(request, state="delivered") == 0
        owed.outbox.failed(request, why="time-out")
    assert (owed.row.state, owed.row.reason) == ("succeeded", "")


def test_asking_out_of_turn_counts_and_does_not_make_the_next_turn_rarer(gate: Gate) -> None:
    owed = a_question()
    for _ in range(6):
        QUESTIONS.count(owed.row, at=NOON + 4 * MINUTE)
    assert (owed.attempts, owed.next_attempt) == (6, NOON + 7 * MINUTE), "a minute and half its age later"


def test_a_question_that_has_been_answered_is_not_asked_about_again_by_who_still_asks(gate: Gate) -> None:
    owed = a_question()
    asked = owed.row
    QUESTIONS.close(asked, check_at=None)
    QUESTIONS.count(asked, at=DUE)
    assert owed.attempts == 0
    assert owed.row.check_at is None


# When


def test_a_moving_clock_stops_for_attempts_that_are_planned_and_not_for_those_after_a_failure(owed: Owed) -> None:
    before = NOON - MINUTE
    assert owed.outbox.next_due(before) == owed.next_attempt
    for _ in range(owed.outbox.planned):
        with owed.outbox.claim(owed.pk, at=owed.next_attempt):
            pass
    assert owed.outbox.next_due(before) is None
