"""What was told as good news, or as under way, is not read any more once it is no longer so."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Customer
from budgets.models import Stops
from budgets.services.setting import Cap, change_budget
from budgets.services.watching import watch_all
from catalog.models import Item
from invoices.models import Hold
from invoices.services.holds import place_hold
from invoices.services.ladder import climb
from invoices.services.questions import explain_to_customer
from notifications.kinds import KINDS
from notifications.models import Notice
from notifications.truth import facts_now, holds
from payments.gateways import Failed
from payments.models import PaymentRequest
from payments.services.behalf import Asking, ask_to_pay, withdraw_request
from payments.services.owed import settle_what_is_owed
from payments.services.refunds import judge_refund
from payments.services.standing import switch_on
from tests.actions.test_automatic_charges import AGREED, HOUR, charged
from tests.actions.test_caps import BEGIN, cap_of
from tests.actions.test_credit_holds import on, report
from tests.actions.test_dunning import JUNE, climb_until
from tests.actions.test_questions import ask
from tests.actions.test_refunds_to_source import LATER, begun, top_up
from tests.actions.test_shortages import morning as looks
from tests.actions.test_shortages import server, traffic
from tests.cast import DAY, JOB, NOON, STAFF, create, fund, make_colleague, make_customer, owner_of
from tests.debts import morning, usage_invoice
from tests.links import linked_account, tops_up

__all__ = ["server", "traffic"]
pytestmark = pytest.mark.django_db
Kind = Notice.Kind

WHAT_STAYS_SO = {
    Kind.PROVISIONING_FAILED,
    Kind.RESOURCE_PURGED,
    Kind.RESOURCE_GONE,
    Kind.AUTO_RENEW_DONE,
    Kind.INVOICE_CORRECTED,
    Kind.INVOICE_PARTIALLY_PAID,  # what is still to pay is read when it is sent
    Kind.QUESTION_ANSWERED,
    Kind.PAYMENT_RECEIVED,
    Kind.PAYMENT_TAKEN_BACK,
    Kind.PAYMENT_GIVEN_BACK,
    Kind.REFUND_FAILED,
    Kind.TRANSFER_NOT_FOUND,
    Kind.REFUND,
    Kind.AUTOMATIC_PAYMENT,
    Kind.ACCOUNT_UNLINKED,
    Kind.LINK_ENDED,
    Kind.CREDIT_ADJUSTED,
    Kind.POC_ENDED,
    Kind.ACCESS_CHANGED,
}
"""What has happened, and nothing undoes. Whatever says how something is has a rule until when."""


def is_so(kind: Notice.Kind, at: datetime = NOON) -> bool:
    """Whether the first notice of a kind is true."""
    notice = Notice.objects.filter(kind=kind).order_by("pk")[0]
    return holds(notice, facts_now([notice])[notice.pk], at=at)


def test_a_notice_says_until_when_it_is_so_or_what_stays_so() -> None:
    assert {kind for kind, told in KINDS.items() if told.holds is None} == WHAT_STAYS_SO


def test_a_cap_that_is_reached_again_is_not_lifted(bob: Customer, small: Item) -> None:
    """60,333 are used in ten days, 120,667 in twenty: 60,000, and then 100,000 are passed."""
    budget = cap_of(bob, 60_000, Cap(stops=Stops.POSTPAID))
    create(bob, small, at=BEGIN)
    watch_all(at=BEGIN + 10 * DAY)
    change_budget(budget.pk, 100_000, actor=owner_of(bob), at=BEGIN + 10 * DAY)
    assert is_so(Kind.CAP_LIFTED)
    watch_all(at=BEGIN + 20 * DAY)
    assert not is_so(Kind.CAP_LIFTED)


def test_whose_orders_are_blocked_again_cannot_order_again(bob: Customer, small: Item) -> None:
    """Blocked on 6 June, rested until the 8th; announced anew then, blocked on the 11th."""
    usage_invoice(bob, small)
    climb_until(6)
    eighth = morning(8, JUNE)
    place_hold(bob.pk, Hold.Kind.PROMISE, until=eighth, reason="called", actor=STAFF, at=morning(6, JUNE))
    assert is_so(Kind.DUNNING_LIFTED)
    climb(at=eighth)
    assert is_so(Kind.DUNNING_LIFTED), "only announced"
    climb(at=morning(11, JUNE))
    assert not is_so(Kind.DUNNING_LIFTED)


def test_what_stops_again_for_lack_of_credit_has_not_started_again(server: Any) -> None:
    report(server, "c", 8, 13, 6)
    for day in (12, 13, 14, 15):
        looks(day)
    fund(server.customer, 100_000)
    settle_what_is_owed(server.customer_id, actor=JOB, at=on(15, 8))
    assert is_so(Kind.CREDIT_COVERS)
    report(server, "d", 400, 16, 6)
    for day in (16, 17, 18, 19):
        looks(day)
    assert not is_so(Kind.CREDIT_COVERS)


def test_a_question_that_is_answered_is_not_looked_into(bob: Customer, small: Item, disk: Item) -> None:
    question = ask(usage_invoice(bob, small, (disk, 100)))
    assert is_so(Kind.LINE_QUESTIONED)
    explain_to_customer(question.pk, "it was 100 GB", actor=STAFF, at=morning(13))
    assert not is_so(Kind.LINE_QUESTIONED)


def test_what_could_not_be_returned_is_not_on_its_way(gate: Any) -> None:
    customer = make_customer()
    people = make_colleague("one@portal.example"), make_colleague("two@portal.example")
    payment = top_up(customer, 300_000)
    refund = begun(payment, 100_000, people)
    assert is_so(Kind.REFUND_BEGUN)
    judge_refund(payment.pk, refund.reference, Failed("refund_failed", "closed"), at=LATER)
    assert not is_so(Kind.REFUND_BEGUN)


def test_what_is_charged_by_itself_again_has_not_been_stopped(linking: Any) -> None:
    customer = make_customer()
    link = linked_account(customer)
    tops_up(link)
    linking.charge_answer = Failed("insufficient_funds", "")
    for hours in (0, 12, 36, 84):
        charged(linking, NOON + hours * HOUR)
    assert is_so(Kind.AUTOMATIC_CHARGE_OFF)
    switch_on(
        customer, "top_up", linked_id=link.pk, below=50_000, amount=300_000, agreement=AGREED, actor=owner_of(customer), at=NOON + 85 * HOUR
    )  # fmt: skip
    assert not is_so(Kind.AUTOMATIC_CHARGE_OFF)


def test_who_is_not_asked_any_more_was_asked_before(bob: Customer, small: Item) -> None:
    invoice = usage_invoice(bob, small)
    asked = ask_to_pay(
        bob, PaymentRequest.Kind.INVOICE, [invoice.pk], Asking("an@payer.example", "Bob", "en"), actor=owner_of(bob), at=morning(13)
    )  # fmt: skip
    assert is_so(Kind.PAYMENT_REQUESTED)
    withdraw_request(asked.pk, actor=owner_of(bob), at=morning(13) + timedelta(minutes=1))
    assert not is_so(Kind.PAYMENT_REQUESTED)
