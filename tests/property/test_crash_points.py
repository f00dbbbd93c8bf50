"""Whatever breaks off, and wherever: tried again, nothing is lost and nothing is doubled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import OperationalError

from accounts import four_eyes
from accounts.models import Customer
from catalog.models import Item
from invoices.services import month_end
from invoices.services.month_end import bill_ended_months
from kernel.periods import CalendarMonth
from lifecycle.models import ProvisioningRequest, Resource
from lifecycle.services.sweeps import expire_resources
from orders.acts import ask_for_switch
from orders.models import Action, Order, Quote
from orders.services.checkout import check_out
from orders.services.delete import delete_resource
from orders.services.fulfil import answer_provisioning
from orders.services.renewal import renew_automatically
from payments.models import Payment
from payments.services.credit import grant_promotional_credit
from payments.services.gateway import start_top_up
from payments.services.outcomes import record_outcome
from payments.services.owed import settle_what_is_owed
from payments.services.transfers import record_bank_transfer
from tests.actions.conftest import Gate, gate, paid
from tests.cast import (
    DAY,
    JOB,
    MONTH,
    NOON,
    STAFF,
    TEAM,
    chosen,
    create,
    fresh,
    make_colleague,
    make_coupon,
    make_customer,
    order,
    owner_of,
    quote,
)
from tests.property.crash import Killed, points_that_do_not_matter

__all__ = ["gate"]
pytestmark = pytest.mark.django_db
both_ends = pytest.mark.parametrize("ends", [Killed, OperationalError])
"""For services that survive a failure of their own: they may catch one of the two."""
SUCCEEDED, FAILED = ProvisioningRequest.State.SUCCEEDED, ProvisioningRequest.State.FAILED
LATER = NOON + DAY


def two_servers(customer: Customer, item: Item, coupon: str = "") -> Quote:
    return quote(customer, Action.CREATE, product=str(item.product_id), name="web", items=chosen(item), quantity=2, months=1,
                 coupon=coupon)  # fmt: skip


def checked_out(offer: Quote, means: str) -> Callable[[], Any]:
    return lambda: check_out(offer.customer_id, offer.pk, means=means, gateway="gate", key="k",
                             actor=owner_of(offer.customer), at=NOON)  # fmt: skip


def answered(state: str = SUCCEEDED, *, at: datetime = NOON) -> Callable[[], Any]:
    """All requests, each in a transaction of its own."""

    def act() -> None:
        for pk in ProvisioningRequest.objects.filter(expects_answer=True).order_by("pk").values_list("pk", flat=True):
            answer_provisioning(pk, ProvisioningRequest.State(state), actor=TEAM, at=at)

    return act


def news(at: datetime = NOON) -> None:
    """The gateway says that all was paid."""
    for payment in Payment.objects.filter(means="gateway").order_by("pk"):
        record_outcome(payment.pk, paid(payment, at), actor=JOB, at=at)


def paid_and_answered() -> None:
    news()
    answered()()


def test_checkout_from_the_wallet(alice: Customer, small: Item) -> None:
    make_coupon("GIFT", 50_001)
    grant_promotional_credit(alice, 99_999, expires_at=NOON + MONTH, reason="gift", actor=STAFF, at=NOON)
    offer = two_servers(alice, small, coupon="GIFT")
    assert points_that_do_not_matter(checked_out(offer, Order.Means.WALLET), then=answered()) >= 12


@both_ends
def test_checkout_through_a_gateway(ends: type[BaseException], gate: Gate, alice: Customer, small: Item) -> None:
    """The attempt may be on record before its page is known: the money counts all the same when it arrives."""
    offer = two_servers(alice, small)
    assert points_that_do_not_matter(checked_out(offer, Order.Means.GATEWAY), ends, then=paid_and_answered) >= 4


@pytest.mark.parametrize("means", [Order.Means.GATEWAY, Order.Means.TOP_UP_AND_PAY])
def test_the_settling_of_a_gateway_payment(gate: Gate, small: Item, means: str) -> None:
    checked_out(two_servers(make_customer(credit=100_000), small), means)()
    assert points_that_do_not_matter(news, then=answered()) >= 10


def test_the_settling_of_a_top_up_that_pays_bills(gate: Gate, bob: Customer, small: Item) -> None:
    for server in create(bob, small, quantity=2):
        delete_resource(server.pk, actor=owner_of(bob), at=LATER)
    start_top_up(bob, 10_000, gateway="gate", actor=owner_of(bob), at=LATER)
    assert points_that_do_not_matter(lambda: news(LATER)) >= 6


@pytest.mark.parametrize("state", [SUCCEEDED, FAILED])
def test_the_provisioning_of_what_was_bought(alice: Customer, small: Item, state: str) -> None:
    order(two_servers(alice, small))
    assert points_that_do_not_matter(answered(state)) >= 10


@pytest.mark.parametrize("state", [SUCCEEDED, FAILED])
def test_a_resize_to_something_cheaper(alice: Customer, small: Item, large: Item, state: str) -> None:
    [server] = create(alice, large)
    order(quote(alice, Action.RESIZE, LATER, resource=str(server.pk), items=chosen(small)))
    assert points_that_do_not_matter(lambda: answered_open(state)) >= 4


def answered_open(state: str) -> None:
    for pk in ProvisioningRequest.objects.filter(verb="resize").values_list("pk", flat=True):
        answer_provisioning(pk, ProvisioningRequest.State(state), actor=TEAM, at=LATER)


def test_the_deletion_of_a_prepaid_and_of_a_postpaid_resource(alice: Customer, bob: Customer, small: Item) -> None:
    [hers], [his] = create(alice, small), create(bob, small)

    def act() -> None:
        for resource in (hers, his):
            if fresh(resource).is_running:
                delete_resource(resource.pk, actor=owner_of(resource.customer), at=LATER)

    assert points_that_do_not_matter(act) >= 10


@both_ends
def test_the_month_end(ends: type[BaseException], small: Item, large: Item, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five resources of three customers in chunks of two."""
    monkeypatch.setattr(month_end, "CHUNK_RESOURCES", 2)
    march = CalendarMonth.parse("2026-03").period
    for count in (1, 2, 2):
        create(make_customer(mode="postpaid"), small, at=NOON, quantity=count)
    at = march.ends_at + DAY / 24
    assert points_that_do_not_matter(lambda: bill_ended_months(actor=JOB, at=at), ends) >= 8


@both_ends
def test_auto_renewal(ends: type[BaseException], small: Item) -> None:
    """Three customers: one can pay for both of his servers, one for one of two, one for none."""
    for credit in (4 * 181_000, 3 * 181_000, 181_000):
        create(make_customer(credit=credit), small, quantity=credit // 362_000 or 1, auto_renew_months=1)
    assert points_that_do_not_matter(lambda: renew_automatically(actor=JOB, at=NOON + 29 * DAY), ends) >= 4


def test_a_switch_of_the_billing_mode(bob: Customer, small: Item) -> None:
    create(bob, small, quantity=2)
    at = NOON + 30 * DAY
    asked = ask_for_switch(bob, "prepaid", reason="asked", actor=make_colleague(), at=at)
    second = make_colleague("second@portal.example")
    assert points_that_do_not_matter(lambda: four_eyes.approve(asked.act.pk, actor=second, at=at)) >= 8


def test_the_sweep_into_the_trash(alice: Customer, small: Item) -> None:
    create(alice, small, quantity=3)
    assert points_that_do_not_matter(lambda: expire_resources(actor=JOB, at=NOON + MONTH)) >= 1


def test_payments_of_bills(bob: Customer, small: Item) -> None:
    """A bank transfer for one bill, then what the wallet has for the others."""
    servers: list[Resource] = create(bob, small, quantity=3)
    for server in servers:
        delete_resource(server.pk, actor=owner_of(bob), at=LATER)
    bill = servers[0].invoices.get()

    def act() -> None:
        settle_what_is_owed(bob.pk, actor=JOB, at=LATER)
        record_bank_transfer(bob.pk, 10_000, [bill.pk], reference="FT1", reason="statement", actor=STAFF, at=LATER)

    def then() -> None:
        settle_what_is_owed(bob.pk, actor=JOB, at=LATER)

    assert points_that_do_not_matter(act, then=then) >= 5
