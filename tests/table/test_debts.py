"""What is decided and done about debts: kept by the database, whoever asks."""

from __future__ import annotations

import pytest

from invoices.models import DunningStep, Hold, Rung
from invoices.services.holds import place_hold
from invoices.services.ladder import climb
from invoices.services.questions import explain_to_customer, question_line
from tests.cast import DAY, NOON, STAFF, make_customer
from tests.debts import morning, usage_invoice
from tests.table.attack import MARKS, refuse, run

pytestmark = MARKS


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("DELETE FROM invoices_hold", "keeps its rows|permission denied"),
        ("UPDATE invoices_hold SET until = until + interval '1 day'", "these facts are frozen"),
        ("UPDATE invoices_hold SET reason = 'other'", "these facts are frozen"),
        ("UPDATE invoices_hold SET ended_at = until", "a_hold_ends_early_or_by_itself"),
        ("INSERT INTO invoices_hold (customer_id, kind, reason, actor, at, until) SELECT customer_id, kind, '', actor, until, until + interval '1 day' FROM invoices_hold", "a_hold_has_a_reason"),
        ("INSERT INTO invoices_hold (customer_id, kind, reason, actor, at, until) SELECT customer_id, kind, 'x', actor, until, until FROM invoices_hold", "a_hold_ends_after_it_begins"),
        ("INSERT INTO invoices_hold (customer_id, kind, reason, actor, at, until) SELECT customer_id, kind, 'x', actor, at, until FROM invoices_hold", "one_hold_of_a_kind_at_a_time"),
        ("INSERT INTO invoices_hold (customer_id, kind, reason, actor, at, until) SELECT customer_id, 'other', 'x', actor, at, until FROM invoices_hold", "a_hold_is_of_a_known_kind"),
    ],
)  # fmt: skip
def test_a_hold_stays_as_it_was_decided(attack: str, said: str) -> None:
    place_hold(make_customer().pk, Hold.Kind.PROMISE, until=NOON + DAY, reason="called", actor=STAFF, at=NOON)
    refuse(attack, match=said)


def test_what_was_ended_early_is_not_ended_again() -> None:
    hold = place_hold(make_customer().pk, Hold.Kind.PROMISE, until=NOON + DAY, reason="called", actor=STAFF, at=NOON)
    Hold.objects.filter(pk=hold.pk).update(ended_at=NOON)
    refuse("UPDATE invoices_hold SET ended_at = NULL", match="these facts are frozen")


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("UPDATE invoices_rung SET days = 2", "these facts are frozen"),
        ("DELETE FROM invoices_rung", "keeps its rows|permission denied"),
        ("INSERT INTO invoices_rung (act, days, announced_days, valid_from) VALUES ('stop', 5, 0, now())", "what_does_harm_is_announced"),
        ("INSERT INTO invoices_rung (act, days, announced_days, valid_from) VALUES ('block', 0, 3, now())", "what_does_harm_is_announced"),
        ("INSERT INTO invoices_rung (act, days, announced_days, valid_from) VALUES ('beat', 5, 0, now())", "what_does_harm_is_announced"),
        ("INSERT INTO invoices_rung (act, days, announced_days, valid_from) VALUES ('remind', 400, 0, now())", "a_rung_is_near_the_due_date"),
        ("INSERT INTO invoices_rung (act, days, announced_days, valid_from) SELECT act, days, announced_days, valid_from FROM invoices_rung", "a_ladder_does_the_same_once"),
        ("UPDATE invoices_rung SET valid_until = valid_from - interval '1 day'", "a_rung_starts_before_it_ends"),
    ],
)  # fmt: skip
def test_a_ladder_announces_what_does_harm_and_stays_as_it_was(attack: str, said: str) -> None:
    assert Rung.objects.count() == 8
    refuse(attack, match=said)


@pytest.fixture
def debt(bob, small):
    """Mentioned, called about, blocked, and announced to be stopped."""
    usage_invoice(bob, small)
    for day, month in ((26, 5), (3, 6), (6, 6), (10, 6)):
        climb(at=morning(day, month))


COPY = "INSERT INTO invoices_dunningstep (id, customer_id, invoice_id, rung_id, act, at, happens_at, done_at) SELECT gen_random_uuid(), customer_id, {} FROM invoices_dunningstep WHERE act = '{}'"


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("DELETE FROM invoices_dunningstep", "keeps its rows|permission denied"),
        ("UPDATE invoices_dunningstep SET happens_at = at + interval '1 hour' WHERE act = 'stop'", "these facts are frozen"),
        ("UPDATE invoices_dunningstep SET done_at = happens_at - interval '1 second' WHERE act = 'stop'", "waits_for_its_day"),
        ("UPDATE invoices_dunningstep SET done_at = NULL WHERE act = 'block'", "these facts are frozen"),
        ("UPDATE invoices_dunningstep SET done_at = at WHERE act = 'call'", "a_call_that_is_done_was_answered"),
        ("UPDATE invoices_dunningstep SET outcome = 'called' WHERE act = 'block'", "only_a_call_has_an_outcome"),
        ("UPDATE invoices_dunningstep SET lifted_at = at WHERE act = 'remind'", "reminders_are_about_invoices"),
        (COPY.format("invoice_id, rung_id, act, at, happens_at, done_at", "remind"), "an_invoice_is_mentioned_once_per_rung"),
        (COPY.format("invoice_id, rung_id, act, at, happens_at, done_at", "block"), "a_customer_stands_once_on_a_rung"),
        (COPY.format("invoice_id, rung_id, act, at, NULL, done_at", "block"), "what_does_harm_was_announced"),
        (COPY.format("invoice_id, rung_id, act, at, at, NULL", "block"), "what_does_harm_was_announced"),
        (COPY.format("invoice_id, rung_id, 'stop', at, happens_at, NULL", "block"), "a dunning step is of its rung"),
    ],
)  # fmt: skip
def test_what_was_done_about_a_debt_stays(debt: None, attack: str, said: str) -> None:
    refuse(attack, match=said)


def test_a_step_is_not_of_another_customers_invoice(debt: None) -> None:
    other = make_customer()
    refuse(
        "INSERT INTO invoices_dunningstep (id, customer_id, invoice_id, rung_id, act, at, done_at)"
        " SELECT gen_random_uuid(), %s, invoice_id, rung_id, act, at, done_at FROM invoices_dunningstep WHERE act = 'remind'",
        other.pk,
        match="of the invoice's customer",
    )


def test_what_was_lifted_is_not_done_any_more(debt: None) -> None:
    DunningStep.objects.filter(act="stop").update(lifted_at=morning(11, 6))
    refuse("UPDATE invoices_dunningstep SET lifted_at = NULL WHERE act = 'stop'", match="these facts are frozen")
    refuse("UPDATE invoices_dunningstep SET done_at = happens_at WHERE act = 'stop'", match="these facts are frozen")


def test_only_what_is_stopped_is_stopped_for_debt(debt: None) -> None:
    assert run("SELECT 1 FROM lifecycle_resource WHERE state = 'active'") == 1
    refuse("UPDATE lifecycle_resource SET stopped_for_debt = TRUE", match="only_what_is_stopped_is_stopped_for_debt")


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("DELETE FROM invoices_question", "keeps its rows|permission denied"),
        ("UPDATE invoices_question SET amount = 1", "these facts are frozen"),
        ("UPDATE invoices_question SET state = 'explained', answered_by = 'x', answered_at = at", "is_open_justified_or_explained"),
        ("UPDATE invoices_question SET state = 'justified', answered_by = 'x', answered_at = at", "is_open_justified_or_explained"),
        ("UPDATE invoices_question SET answer = 'x'", "is_open_justified_or_explained"),
        ("INSERT INTO invoices_question SELECT (jsonb_populate_record(q, jsonb_build_object('id', gen_random_uuid()))).* FROM invoices_question q", "a_line_is_questioned_once"),
        ("INSERT INTO invoices_question SELECT (jsonb_populate_record(q, jsonb_build_object('id', gen_random_uuid(), 'amount', 181001))).* FROM invoices_question q", "no more than that costs"),
        ("INSERT INTO invoices_question SELECT (jsonb_populate_record(q, jsonb_build_object('id', gen_random_uuid(), 'text', ''))).* FROM invoices_question q", "a_question_is_about_money_and_says_why"),
    ],
)  # fmt: skip
def test_a_question_stays_as_it_was_asked(bob, small, attack: str, said: str) -> None:
    invoice = usage_invoice(bob, small)
    question_line(bob.pk, invoice.pk, 1, text="why?", actor=STAFF, at=morning(12))
    refuse(attack, match=said)


def test_a_question_is_about_a_line_of_its_own_customers_invoice(bob, small) -> None:
    invoice = usage_invoice(bob, small)
    question_line(bob.pk, invoice.pk, 1, text="why?", actor=STAFF, at=morning(12))
    refuse(
        "INSERT INTO invoices_question SELECT (jsonb_populate_record(q, jsonb_build_object('id', gen_random_uuid(), 'customer_id', %s::text))).*"
        " FROM invoices_question q",
        make_customer().pk,
        match="about a line of its invoice",
    )


def test_an_answer_stands(bob, small) -> None:
    invoice = usage_invoice(bob, small)
    question = question_line(bob.pk, invoice.pk, 1, text="why?", actor=STAFF, at=morning(12))
    explain_to_customer(question.pk, "so", actor=STAFF, at=morning(13))
    refuse("UPDATE invoices_question SET answer = 'other'", match="these facts are frozen")
    refuse(
        "INSERT INTO invoices_question (id, customer_id, invoice_id, line_id, amount, text, state, answer, actor, at, answered_by)"
        " SELECT gen_random_uuid(), customer_id, invoice_id, line_id, amount, 'and why?', 'open', '', actor, now(), ''"
        " FROM invoices_question",
        match="a_line_is_questioned_once",
    )
