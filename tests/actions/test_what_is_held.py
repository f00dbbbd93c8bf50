"""
Lock before you look: what each act holds until it ends, in this order, so that nobody decides by what is changing just now.

The races show what becomes of it on a busy day; these say it on every day.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import four_eyes
from accounts.four_eyes import ask
from accounts.models import Customer
from catalog.models import Item
from invoices.models import Invoice, ParkedBilling
from invoices.services.month_end import run_month_end
from invoices.services.release import release
from kernel.periods import CalendarMonth
from lifecycle.models import ProvisioningRequest
from lifecycle.services.running import stop_resource
from lifecycle.services.trash import restore_resource
from orders.models import Action
from orders.services.delete import delete_resource, purge_resource
from orders.services.fulfil import answer_provisioning
from orders.services.unpaid import end_unpaid_order, pay_from_wallet
from payments.acts import AdjustCredit
from payments.gateways.base import Succeeded
from payments.models import Payment
from payments.services.correct import correct_invoice
from payments.services.invoices import pay_invoices_from_wallet
from payments.services.outcomes import record_outcome
from payments.services.reversals import take_back
from tests.cast import (
    DAY,
    JOB,
    NOON,
    STAFF,
    TEAM,
    chosen,
    create,
    fund,
    make_colleague,
    make_coupon,
    make_customer,
    order,
    owner_of,
    quote,
)

pytestmark = pytest.mark.django_db
MARCH = CalendarMonth.of(NOON)
ENDED = MARCH.period.ends_at
CUSTOMER, RESOURCE, ORDER = "accounts_customer", "lifecycle_resource", "orders_order"
PAYMENT, INVOICE = "payments_payment", "invoices_invoice"
Story = Callable[[Customer, Item], Callable[[], object]]


def held_by(act: Callable[[], object]) -> list[str]:
    """The tables of which it holds rows, each at its first time. What triggers hold for themselves is not seen here."""
    with CaptureQueriesContext(connection) as queries:
        act()
    locking = [query["sql"] for query in queries if re.search(r"FOR (NO KEY )?UPDATE", query["sql"] or "")]
    tables = [re.search(r'FROM "?(\w+)', sql) for sql in locking]
    return list(dict.fromkeys(found[1] for found in tables if found and not found[1].startswith("ledger")))


def offered(customer: Customer, small: Item, coupon: str = ""):
    inputs = {"product": str(small.product_id), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    return quote(customer, Action.CREATE, **inputs, coupon=coupon)


def an_order(alice, small):
    make_coupon("TET", 20_000)
    [server] = create(alice, small)
    offer = quote(alice, Action.RENEW, NOON, resources=[str(server.pk)], months=1, coupon="TET")
    return lambda: order(offer)


def an_answer(alice, small):
    order(offered(alice, small))
    request = ProvisioningRequest.objects.get()
    return lambda: answer_provisioning(request.pk, ProvisioningRequest.State.SUCCEEDED, actor=TEAM, at=NOON)


def a_cancellation(alice, small):
    make_coupon("TET", 20_000)
    waiting = order(offered(alice, small, "TET"), means="gateway")
    return lambda: end_unpaid_order(waiting.pk, expired=False, actor=owner_of(alice), at=NOON)


def paying_after_all(alice, small):
    waiting = order(offered(alice, small), means="gateway")
    return lambda: pay_from_wallet(waiting.pk, actor=owner_of(alice), at=NOON)


def news_of_a_payment(alice, small):
    payment = Payment.objects.create(
        customer=alice, kind="top_up", means="gateway", gateway="sandbox", reference="r", payable="top_up:1", amount=9,
        actor="x", created_at=NOON,
    )  # fmt: skip
    return lambda: record_outcome(payment.pk, Succeeded("G-1", 9, NOON), actor=JOB, at=NOON)


def money_taken_back(alice, small):
    news_of_a_payment(alice, small)()
    payment = Payment.objects.get(kind="top_up")
    return lambda: take_back(payment.pk, 5, reference="CB", reason="x", actor=STAFF, at=NOON)


def stopping(alice, small):
    [server] = create(alice, small)
    return lambda: stop_resource(server.pk, actor=owner_of(alice), at=NOON)


def a_deletion(alice, small):
    [server] = create(alice, small)
    return lambda: delete_resource(server.pk, actor=owner_of(alice), at=NOON + DAY)


def emptying_the_trash(alice, small):
    a_deletion(alice, small)()
    return lambda: purge_resource(alice.resources.get().pk, actor=owner_of(alice), at=NOON + DAY)


def a_restoration(alice, small):
    a_deletion(alice, small)()
    return lambda: restore_resource(alice.resources.get().pk, reason="x", actor=STAFF, at=NOON + DAY)


def billed(small) -> Customer:
    bob = make_customer(mode="postpaid")
    create(bob, small)
    run_month_end(MARCH, actor=JOB, at=ENDED)
    return bob


def paying_invoices(alice, small):
    bob = billed(small)
    fund(bob, 1_000_000)
    return lambda: pay_invoices_from_wallet(bob.pk, [Invoice.objects.get().pk], actor=owner_of(bob), at=ENDED)


def a_correction(alice, small):
    billed(small)
    return lambda: correct_invoice(Invoice.objects.get().pk, 5, note="x", actor=STAFF, at=ENDED)


def a_month_end(alice, small):
    create(make_customer(mode="postpaid"), small)
    return lambda: run_month_end(MARCH, actor=JOB, at=ENDED)


def a_release(alice, small):
    bob = billed(small)
    parked = ParkedBilling.objects.create(month="2026-02", customer=bob, cause="outlier", at=ENDED)
    return lambda: release(parked.pk, reason="x", actor=STAFF, at=ENDED)


def a_second_person(alice, small):
    asked = ask(AdjustCredit, customer=alice, amount=5, reason="x", actor=make_colleague(), at=NOON)
    second = make_colleague("second@portal.example")
    return lambda: four_eyes.approve(asked.act.pk, actor=second, at=NOON)


STORIES: dict[Story, list[str]] = {
    an_order: [CUSTOMER, RESOURCE, "catalog_coupon"],
    an_answer: [CUSTOMER, "lifecycle_provisioningrequest", ORDER, RESOURCE],
    a_cancellation: [CUSTOMER, ORDER, "catalog_coupon"],
    paying_after_all: [CUSTOMER, ORDER],
    news_of_a_payment: [CUSTOMER, PAYMENT],
    money_taken_back: [CUSTOMER, PAYMENT],
    stopping: [CUSTOMER, RESOURCE],
    a_deletion: [CUSTOMER, RESOURCE, INVOICE],
    emptying_the_trash: [CUSTOMER, RESOURCE],
    a_restoration: [CUSTOMER, RESOURCE],
    paying_invoices: [CUSTOMER, INVOICE],
    a_correction: [CUSTOMER, INVOICE],
    a_month_end: [RESOURCE, "invoices_billingrun", "usage_closedmonth", "invoices_billingchunk", CUSTOMER],
    a_release: [CUSTOMER, "invoices_parkedbilling"],
    a_second_person: [CUSTOMER, "accounts_staffact"],
}
"""The month end first sweeps what rolls over, in transactions of their own."""


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_who_changes_something_holds_it_first_and_its_customer_before_all(
    story: Story, alice: Customer, small: Item
) -> None:
    assert held_by(story(alice, small)) == STORIES[story]
