"""Moving the clock: everything due on the way happens, in order, as it would have."""

import threading
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuditEntry
from billing_portal import clock, moving
from billing_portal.clock import ClockFixed
from billing_portal.models import ClockMove, JobRun
from billing_portal.moving import MoveUnderWay, NotForward, carry_on, request_move
from invoices.models import Invoice
from kernel import clock as the_clock
from kernel.errors import InvalidInput
from lifecycle.models import ProvisioningRequest, ResourceEvent
from notifications.models import Notice
from orders.models import Action, Order
from orders.services.fulfil import answer_provisioning
from payments.services.wallet import wallet_of
from tests.cast import DAY, STAFF, TEAM, chosen, create, fresh, make_customer, make_item, make_product, order, quote
from tests.jobs.conftest import at_once

SECOND = timedelta(seconds=1)


@pytest.fixture
def movable(settings):
    settings.CLOCK_MOVABLE = True


def move(days: float) -> ClockMove:
    now = the_clock.now()
    row = request_move(now + days * DAY, reason="to see a month go by", actor=STAFF, at=now)
    for _ in carry_on():
        pass
    row.refresh_from_db()
    return row


def test_forty_days_happen_in_order(movable, alice, bob, small):
    now = the_clock.now()
    server = create(alice, small, at=now, name="ending")[0]
    kept = create(alice, small, at=now, name="renewing", auto_renew_months=1)[0]
    create(bob, small, at=now, name="used")
    JobRun.objects.all().delete()

    done = move(40)

    assert (done.state, done.reached, done.error) == ("done", done.to_instant, "")
    assert abs(the_clock.now() - done.to_instant) < 60 * SECOND
    runs = list(JobRun.objects.order_by("pk"))
    assert done.jobs == len(runs)
    assert {run.outcome for run in runs} == {"done"}
    on_the_way = [run for run in runs if run.due_at > now]
    assert [run.due_at for run in on_the_way] == sorted(run.due_at for run in on_the_way)
    assert [run.started_at for run in runs] == sorted(run.started_at for run in runs)
    assert all(timedelta() <= run.started_at - run.due_at < 60 * SECOND for run in on_the_way)
    for name in ("remind-about-ends", "auto-renew", "pay-invoices"):
        assert sum(run.job == name for run in runs) in {39, 40, 41}

    events = {event.kind: event.at for event in ResourceEvent.objects.filter(resource=server)}
    assert timedelta() <= events["expired"] - server.paid_until < 60 * SECOND
    assert timedelta() <= events["purged"] - (events["expired"] + 7 * DAY) < 60 * SECOND
    assert fresh(server).state == "deleted"
    assert fresh(kept).paid_until == kept.paid_until + 30 * DAY
    assert Invoice.objects.filter(customer=bob, kind="usage").exists()
    milestones = Notice.objects.filter(kind="resource_expiring", facts__resource="ending").order_by("at")
    assert [notice.event.rpartition(":")[2] for notice in milestones] == ["T-7", "T-4", "T-1", "T-0"]
    assert AuditEntry.objects.get(verb="move clock").reason == "to see a month go by"


def test_a_move_is_refused(movable, settings, db):
    now = the_clock.now()

    def ask(to, reason="because"):
        return request_move(to, reason=reason, actor=STAFF, at=now)

    with pytest.raises(NotForward):
        ask(now - SECOND)
    with pytest.raises(InvalidInput):
        ask(now + 4 * 366 * DAY)
    with pytest.raises(InvalidInput):
        ask(now + DAY, reason=" ")
    ask(now + DAY)
    with pytest.raises(MoveUnderWay):
        ask(now + 2 * DAY)
    settings.CLOCK_MOVABLE = False
    with pytest.raises(ClockFixed):
        ask(now + DAY)
    assert ClockMove.objects.count() == AuditEntry.objects.count() == 1


def test_a_move_that_broke_off_is_carried_on(movable, alice, small):
    server = create(alice, small, at=the_clock.now())[0]
    now = the_clock.now()
    row = request_move(now + 35 * DAY, reason="power cut", actor=STAFF, at=now)
    runs = carry_on()
    for run in runs:
        if run.due_at > now + 10 * DAY:
            runs.close()
    row.refresh_from_db()
    assert row.state == "running"
    assert now + 9 * DAY < row.reached < now + 11 * DAY
    assert 0.2 < row.share_done < 0.4
    for _ in carry_on():
        pass
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("done", 2)
    assert fresh(server).state == "suspense"


def test_a_job_that_fails_does_not_stop_time(movable, alice, monkeypatch):
    from lifecycle import tasks

    def fail(**_):
        raise RuntimeError("a bug")

    monkeypatch.setattr(tasks.sweeps, "remind_about_ends", fail)
    assert move(2).state == "done"
    assert set(JobRun.objects.filter(job="remind-about-ends").values_list("outcome", flat=True)) == {"failed"}


def test_a_move_that_keeps_breaking_off_is_given_up_and_the_clock_stays(movable, db, monkeypatch):
    def fail(*_):
        raise RuntimeError("a bug")

    monkeypatch.setattr(moving._Agenda, "next_stop", fail)
    now = the_clock.now()
    row = request_move(now + DAY, reason="hopeless", actor=STAFF, at=now)
    for _ in range(10):
        list(carry_on())
    row.refresh_from_db()
    assert (row.state, row.attempts, row.error) == ("failed", 8, "RuntimeError: a bug")
    assert the_clock.now() < now + DAY / 2


def ordered(customer, item) -> Order:
    now = the_clock.now()
    inputs = {"product": str(item.product_id), "name": "fresh", "items": chosen(item), "quantity": 1, "months": 1}
    return order(quote(customer, Action.CREATE, now, **inputs, auto_renew_months=None, coupon=""))


def test_who_never_answers_times_out_after_some_patience(movable, alice, small, monkeypatch):
    monkeypatch.setattr(moving, "PATIENCE_SECONDS", 0.5)
    bought = ordered(alice, small)
    move(1)
    bought.refresh_from_db()
    assert bought.state == "refunded"
    assert bought.ended_at - bought.created_at < timedelta(minutes=16), "at its deadline, not a day later"
    assert wallet_of(alice.pk).available == 10_000_000


@pytest.mark.django_db(transaction=True)
def test_an_order_of_a_moment_ago_is_answered_in_real_time(movable):
    alice, small = make_customer(credit=1_000_000), make_item(make_product(), "small", 181_000)
    bought = ordered(alice, small)
    roles = iter(["staff", "team"])

    def play():
        if next(roles) == "staff":
            return move(1)
        while not ClockMove.objects.filter(waits_for_answers=1).exists():
            threading.Event().wait(0.05)
        request = ProvisioningRequest.objects.get()
        return answer_provisioning(request.pk, request.State.SUCCEEDED, actor=TEAM, at=the_clock.now())

    at_once(2, play)
    bought.refresh_from_db()
    assert bought.state == "completed"
    assert ClockMove.objects.get().waits_for_answers == 0
    assert the_clock.now() > bought.created_at + DAY / 2


@pytest.mark.django_db(transaction=True)
def test_two_movers_and_the_ordinary_jobs_do_no_harm(movable):
    alice, small = make_customer(credit=1_000_000), make_item(make_product(), "small", 181_000)
    server = create(alice, small, at=the_clock.now(), auto_renew_months=1)[0]
    now = the_clock.now()
    request_move(now + 35 * DAY, reason="crowd", actor=STAFF, at=now)
    roles = iter(["mover", "mover", "beat"])

    def play():
        if next(roles) == "mover":
            return len(list(carry_on()))
        from tests.jobs.conftest import run

        for _ in range(20):
            for name in ("expire-resources", "auto-renew", "remind-about-ends", "deliver-notices", "bill-month"):
                run(name, the_clock.now())
        return 0

    counts = at_once(3, play)
    assert sorted(bool(count) for count in counts) == [False, False, True], "one of them moved"
    assert fresh(server).paid_until == server.paid_until + 30 * DAY
    assert Notice.objects.filter(kind="auto_renew_done").count() == 1


def test_the_command_moves_and_tells(movable, alice, small, capsys):
    create(alice, small, at=the_clock.now())
    call_command("move_clock", days=31)
    told = capsys.readouterr().out
    assert "expire-resources" in told
    assert "It is " in told
    with pytest.raises(CommandError):
        call_command("move_clock", "2020-01-01")


def test_asking_for_the_time_costs_one_query_while_it_is_moved(movable, db, django_assert_num_queries):
    clock.ahead_by()
    move(1)
    with django_assert_num_queries(1):
        the_clock.now()
