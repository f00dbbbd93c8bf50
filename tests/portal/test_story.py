"""What has happened to the money of a payment, as its page, REST and the staff area tell it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Item
from orders.models import Action
from payments.gateways.base import Failed, Succeeded
from payments.models import Payment
from payments.services.outcomes import record_outcome
from payments.services.refunds import record_refund
from payments.services.reversals import take_back
from payments.story import story_of
from tests.api.conftest import caller_of
from tests.cast import DAY, JOB, NOON, STAFF, answer, chosen, create, make_customer, order, quote
from tests.markup import markup
from tests.portal.seen import signed_in
from tests.refunds import returned, topped_up

pytestmark = pytest.mark.django_db


def told(payment: Payment) -> list[tuple[str, int]]:
    payment.refresh_from_db()
    return [(step.code.value, step.amount) for step in reversed(story_of(payment))]


def page_of(payment: Payment, language: str = "en") -> str:
    answer = signed_in(payment.customer).get(
        reverse("payment", args=[payment.pk]), headers={"accept-language": language}
    )
    return markup(answer).replace("\xa0", " ")


def sent(payment: Payment, amount: int, outcome: Any) -> None:
    refund = returned(payment, amount)
    refund.send(at=NOON)
    refund.save()
    record_refund(refund.pk, outcome, at=NOON + DAY)


def test_a_top_up_that_failed_says_why() -> None:
    customer = make_customer()
    payment = Payment.objects.create(
        customer=customer, kind="top_up", means="gateway", gateway="sandbox", reference="x", payable="top_up:x", amount=9_000,
        actor="x", created_at=NOON,
    )  # fmt: skip
    record_outcome(payment.pk, Failed("insufficient_funds", ""), actor=JOB, at=NOON + DAY)
    assert told(payment) == [("started", 9_000), ("failed", 0)]
    assert "held too little" in page_of(payment)


def test_a_top_up_is_paid_and_credited_and_goes_back_in_part() -> None:
    payment = topped_up(make_customer(), 300_000)
    sent(payment, 100_000, Succeeded("R-1", 100_000, NOON))
    returned(payment, 50_000, at=NOON + 2 * DAY)
    assert told(payment) == [
        ("started", 300_000),
        ("paid", 300_000),
        ("credit", 300_000),
        ("refund_begun", 100_000),
        ("refund_done", 100_000),
        ("refund_begun", 50_000),
    ]
    page = page_of(payment)
    assert "On its way back to its source · 50,000 ₫" in page
    assert "Expected there by 19 Mar 2026." in page
    assert "Hoàn về nguồn · 100.000 ₫" in page_of(payment, "vi")


def test_what_could_not_be_returned_says_why() -> None:
    payment = topped_up(make_customer(), 300_000)
    sent(payment, 100_000, Failed("refund_expired", ""))
    assert told(payment)[-1] == ("refund_failed", 100_000)
    assert "does not return payments that are so old" in page_of(payment)


def test_what_could_not_be_provided_comes_back_with_its_reason(small: Item) -> None:
    customer = make_customer(credit=500_000)
    wish = quote(
        customer, Action.CREATE, product=str(small.product_id), name="web", items=chosen(small), quantity=1, months=1
    )
    answer(order(wish), succeed=False, reason="rack 7 is full")
    payment = Payment.objects.get(kind="order")
    assert told(payment)[-1] == ("to_wallet", 181_000)
    assert "web could not be provided: rack 7 is full" in page_of(payment)


def test_a_chargeback_shows_on_payment_invoice_history_and_rest(small: Item) -> None:
    """300,000 came and 181,000 paid an invoice; all is taken back: 119,000 of credit, 181,000 of the invoice."""
    customer = make_customer()
    payment = topped_up(customer, 300_000)
    [server] = create(customer, small)
    invoice = server.invoices.get()
    connection.check_constraints()
    take_back(payment.pk, 300_000, reference="CB-1", reason="chargeback", actor=STAFF, at=NOON + DAY)
    assert told(payment)[-1] == ("taken_back", 300_000)
    page = page_of(payment)
    assert "119,000 ₫ came out of the wallet. Invoices of 181,000 ₫ are open again." in page
    client = signed_in(customer)
    assert "Taken back" in markup(client.get(reverse("invoice", args=[invoice.pk])))
    history = markup(client.get(reverse("credit-history")))
    assert f'href="{reverse("payment", args=[payment.pk])}"' in history
    rest = caller_of(customer)
    assert rest.get(f"payments/{payment.pk}/").json()["taken_back"] == 300_000
    assert rest.get(f"invoices/{invoice.pk}/").json()["due"] == 181_000
    [last] = [step for step in rest.get(f"payments/{payment.pk}/story/").json() if step["code"] == "taken_back"]
    assert (last["amount"], last["at"]) == (300_000, "2026-03-11T05:00:00Z")


def test_rest_says_where_returned_money_goes() -> None:
    customer = make_customer()
    payment = topped_up(customer, 300_000)
    returned(payment, 100_000)
    rest = caller_of(customer)
    step = rest.get(f"payments/{payment.pk}/story/").json()[0]
    assert (step["code"], step["amount"], step["expected_by"]) == ("refund_begun", 100_000, "2026-03-17")
    assert rest.get(f"payments/{payment.pk}/").json()["to_source"] == 100_000
    assert caller_of(make_customer()).get(f"payments/{payment.pk}/story/").status_code == 404
    entry = rest.get("wallet/entries/").json()["results"][0]
    assert (entry["credit_kind"], entry["paid_with"][0]["payment"]) == ("", str(payment.pk))


def test_a_long_story_takes_as_many_queries_as_a_short_one() -> None:
    payment = topped_up(make_customer(), 300_000)
    sent(payment, 10_000, Succeeded("R-1", 10_000, NOON))
    payment.refresh_from_db()
    with CaptureQueriesContext(connection) as few:
        story_of(payment)
    for number in range(2, 5):
        sent(payment, 10_000, Succeeded(f"R-{number}", 10_000, NOON))
    with CaptureQueriesContext(connection) as many:
        story_of(payment)
    assert len(few) == len(many)


def test_a_stranger_sees_no_story() -> None:
    payment = topped_up(make_customer(), 300_000)
    assert signed_in(make_customer()).get(reverse("payment", args=[payment.pk])).status_code == 404
