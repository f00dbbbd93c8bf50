"""Quotes whose subject is over, quotes over a switch of billing mode, and renewal after the paid time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from accounts.models import BillingMode, Customer
from catalog.models import Item, Product
from invoices.models import Invoice
from lifecycle.models import Resource
from lifecycle.services.acts import NotRecoverable
from lifecycle.services.sweeps import expire_resources, remind_about_ends
from notifications.models import Notice
from orders.actions import available_actions
from orders.models import Action, Order, Quote
from orders.services.checkout import OrderOpen, check_out
from orders.services.delete import delete_resource, purge_resource
from orders.services.quotes import QuoteChanged
from orders.services.stories.renew import NewEndInThePast
from orders.services.unpaid import end_unpaid_order, pay_by_gateway
from payments.services.attempts import cancel_attempt
from payments.services.wallet import wallet_of
from tests.actions.books import refused
from tests.actions.conftest import Gate
from tests.cast import (
    DAY,
    JOB,
    MONTH,
    NOON,
    STAFF,
    chosen,
    create,
    fresh,
    make_coupon,
    make_customer,
    order,
    owner_of,
    quote,
    recover,
    renew,
    switch_mode,
)

pytestmark = pytest.mark.django_db
END = NOON + MONTH
MINUTE = timedelta(minutes=1)


def offered(server: Resource, customer: Customer, *, at: object) -> list[str]:
    return list(available_actions(fresh(server), customer, changing=False, ordered=False, at=at))


def test_a_common_end_that_has_passed_by_now_is_not_sold(alice: Customer, small: Item) -> None:
    Product.objects.update(grace_days=15)
    [server] = create(alice, small)
    at = END + DAY
    offer = quote(alice, Action.RENEW, at, resources=[str(server.pk)], match_end=(at + 2 * MINUTE).isoformat())
    with refused(NewEndInThePast):
        order(offer, at=at + 5 * MINUTE)
    assert order(quote(alice, Action.RENEW, at, **offer.inputs), at=at + MINUTE).state == "completed"


def test_a_recovery_that_was_quoted_in_time_is_not_sold_after_the_time_in_the_trash(
    alice: Customer, small: Item
) -> None:
    [server] = create(alice, small)
    delete_resource(server.pk, actor=JOB, at=NOON)
    purge_at = fresh(server).purge_at
    offer = quote(alice, Action.RECOVER, purge_at - 2 * MINUTE, resource=str(server.pk), months=1)
    with refused(NotRecoverable):
        order(offer, at=purge_at)


def checked_out(offer: Quote, *, at: object) -> object:
    return check_out(
        offer.customer_id,
        offer.pk,
        means=Order.Means.WALLET,
        key=f"k{offer.pk}",
        actor=JOB,
        at=at,
    )


def test_an_open_quote_of_a_customer_who_becomes_prepaid_leads_to_a_fresh_one(bob: Customer, small: Item) -> None:
    inputs = {"product": str(small.product_id), "name": "web", "items": chosen(small), "quantity": 1, "months": None}
    offer = quote(bob, Action.CREATE, **inputs)
    assert (offer.total, offer.deal.parts[0].postpaid) == (0, True)
    switch_mode(bob, BillingMode.PREPAID, reason="wish", at=NOON + MINUTE)
    with pytest.raises(QuoteChanged) as stale:
        checked_out(offer, at=NOON + 2 * MINUTE)
    assert Quote.objects.get(pk=stale.value.details["quote"]).total == 181_000


def test_an_open_quote_of_a_customer_who_becomes_postpaid_leads_to_a_fresh_one(alice: Customer, small: Item) -> None:
    make_coupon("LESS", 20_000)
    inputs = {"product": str(small.product_id), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    offer = quote(alice, Action.CREATE, **inputs, coupon="less")
    assert offer.total == 161_000
    switch_mode(alice, BillingMode.POSTPAID, reason="contract", at=NOON + MINUTE)
    with pytest.raises(QuoteChanged) as stale:
        checked_out(offer, at=NOON + 2 * MINUTE)
    again = Quote.objects.get(pk=stale.value.details["quote"])
    assert (again.total, again.deal.parts[0].postpaid) == (0, True)


def test_what_expired_is_renewed_from_the_trash_when_its_product_allows_it(small: Item) -> None:
    """181,000 for 30 days: the two suspended days are paid; recovery would begin now."""
    Product.objects.update(late_renewal="suspension")
    customer = make_customer(credit=3 * 181_000)
    [server] = create(customer, small)
    expire_resources(actor=JOB, at=END)
    at = END + 2 * DAY
    assert offered(server, customer, at=at) == ["recover", "renew", "purge"]
    renew(fresh(server), at=at)
    back = fresh(server)
    assert (back.state, back.paid_until, back.suspense_reason) == ("active", END + MONTH, "")
    invoice = Invoice.objects.get(resource=server, period_start=END)
    assert (invoice.period_end, invoice.total, invoice.status) == (END + MONTH, 181_000, "paid")
    assert wallet_of(customer.pk).available == 181_000
    assert list(server.requests.order_by("requested_at").values_list("verb", flat=True))[-1] == "resume"


def test_by_default_what_expired_is_recovered_and_not_renewed(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    expire_resources(actor=JOB, at=END)
    assert offered(server, alice, at=END + DAY) == ["recover", "purge"]
    recover(fresh(server), at=END + DAY)
    assert fresh(server).paid_until == END + DAY + MONTH


def test_what_its_customer_deleted_is_never_renewed(alice: Customer, small: Item) -> None:
    Product.objects.update(late_renewal="suspension")
    [server] = create(alice, small)
    delete_resource(server.pk, actor=JOB, at=NOON + DAY)
    assert offered(server, alice, at=NOON + 2 * DAY) == ["recover", "purge"]


def test_reminders_go_on_every_day_while_renewal_from_the_trash_is_possible(alice: Customer, small: Item) -> None:
    Product.objects.update(late_renewal="suspension", days_in_trash_after_expiry=15)
    create(alice, small)
    expire_resources(actor=JOB, at=END)
    for day in range(1, 15):
        remind_about_ends(at=END + day * DAY)
        remind_about_ends(at=END + day * DAY + timedelta(hours=1))
    assert Notice.objects.filter(kind=Notice.Kind.PURGE_COMING).count() == 14


def test_stages_last_any_number_of_days_from_0_to_90(vserver: Product) -> None:
    for days in (0, 1, 15, 90):
        Product.objects.update(grace_days=days, days_in_trash_after_expiry=days, days_in_trash_after_deletion=days)
    for stage in ("grace_days", "days_in_trash_after_expiry", "days_in_trash_after_deletion"):
        with pytest.raises(IntegrityError, match="a_stage_of_the_end_lasts_90_days_at_most"), transaction.atomic():
            Product.objects.update(**{stage: 91})
    with pytest.raises(IntegrityError, match="late_renewal_is_a_known_policy"), transaction.atomic():
        Product.objects.update(late_renewal="never")


def test_nothing_is_deleted_for_good_while_an_order_would_bring_it_back(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    delete_resource(server.pk, actor=JOB, at=NOON)
    offer = quote(alice, Action.RECOVER, NOON + DAY, resource=str(server.pk), months=1)
    order(offer, means=Order.Means.GATEWAY)
    assert available_actions(fresh(server), alice, changing=False, ordered=True, at=NOON + DAY) == []
    with refused(OrderOpen):
        purge_resource(server.pk, actor=owner_of(alice), at=NOON + DAY)


def test_who_gave_up_an_order_or_an_attempt_to_pay_is_on_record(alice: Customer, small: Item, gate: Gate) -> None:
    inputs = {"product": str(small.product_id), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    waiting = order(quote(alice, Action.CREATE, **inputs), means=Order.Means.GATEWAY)
    attempt = pay_by_gateway(waiting, gateway="gate", actor=owner_of(alice), at=NOON)
    assert cancel_attempt(attempt.pk, actor=owner_of(alice), at=NOON).cancelled_by == alice.email
    assert end_unpaid_order(waiting.pk, expired=False, actor=STAFF, at=NOON).cancelled_by == "staff@portal.example"
