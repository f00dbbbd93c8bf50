"""What staff do about debts: they hold the steps, and write down what a call came to."""

from __future__ import annotations

from invoices.models import DunningStep, Rung
from tests.admin.doing import do, last_audit, sentences
from tests.cast import NOON


def test_staff_do_not_say_that_the_auditor_has_found_something(staff, alice):
    answer = do(staff("support"), alice, "hold", kind="in_doubt", last_day="2026-03-12")
    assert (answer.status_code, alice.holds.count()) == (422, 0)


def test_dunning_is_held_until_the_end_of_a_day_and_can_be_let_go(staff, alice, at):
    client = staff("support")
    do(client, alice, "hold", kind="promise", last_day="2026-03-12")
    hold = alice.holds.get()
    assert (hold.kind, hold.until.isoformat()) == ("promise", "2026-03-12T17:00:00+00:00")
    assert last_audit().verb == "place hold"
    do(client, hold, "end", key="k2")
    hold.refresh_from_db()
    assert hold.ended_at is not None
    late = do(staff("finance"), hold, "end", key="k3")
    assert late.status_code == 422
    assert sentences(late) == "This hold has ended already."


def test_a_call_is_written_down_and_the_customer_leaves_the_list(staff, alice, at):
    rung = Rung.objects.get(act="call")
    step = DunningStep.objects.create(customer=alice, rung=rung, act="call", at=NOON)
    do(staff("support"), step, "call", outcome="promised", last_day="2026-03-13")
    step.refresh_from_db()
    assert (step.outcome, step.tries, alice.holds.get().kind) == ("promised", 1, "promise")
