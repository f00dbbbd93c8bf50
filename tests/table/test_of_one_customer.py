"""What a row refers to is of its own customer: the foreign keys carry the customer, so nothing can be mixed up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.db.models import ForeignKey, Model

from accounts.models import Customer, CustomerKey
from budgets.services.setting import Cap, set_budget, set_cap
from catalog.models import Commitment, Item
from door.services.privacy import ask_for_privacy, register
from invoices.models import CommittedMonth, Invoice, ParkedBilling
from ledger.holds import Wanted, place_holds
from lifecycle.models import CreditWarning, ProvisioningRequest, Resource
from orders.models import Action, OrderItem
from orders.services.delete import delete_resource
from orders.services.sessions import open_session_about
from payments.models import ExpectedTransfer, Payment, PaymentRequest, Reversal, UsageHold
from payments.services.poc import grant_poc_credit
from store.carried import CarriedKey
from team.models import Closing
from tests.cast import (
    DAY,
    NOON,
    STAFF,
    chosen,
    create,
    make_buyer,
    make_customer,
    make_item,
    make_product,
    owner_of,
    quote,
    renew,
)
from tests.owner import around_all_guards
from tests.refunds import returned, topped_up
from tests.table.attack import MARKS, refuse, run
from usage.models import Record

pytestmark = MARKS
BACK = "https://shop.example/"

WITHOUT = {
    "notifications.notice.copy_to": "the trigger that writes copies asks for recipients of its customer",
    "accounts.billingmodeswitch.act": "a trigger compares them",
    "ledger.credithold.account": "the trigger that moves what is held compares them",
    "invoices.invoiceline.price": "a list price is nobody's",
    "payments.consent.linked": "a trigger compares them",
    "payments.automaticcharge.linked": "a trigger looks for the consent of this customer to it",
    "payments.automaticcharge.consent": "a trigger looks for the consent of this customer to it",
    "payments.payment.linked": "the trigger that looks whether it may be charged compares them",
    "payments.payment.consent": "it is one to the account that is charged",
    "payments.refund.act": "a trigger looks for the act that was approved for this customer",
    "invoices.creditnote.line": "a trigger looks for the line of the same invoice",
    "invoices.question.line": "a trigger looks for the line of this customer and invoice",
    "invoices.question.invoice": "a trigger looks for the line of this customer and invoice",
    "invoices.question.credit_note": "a trigger looks whether it is on the same invoice",
    "invoices.dunningstep.invoice": "a trigger compares them",
    "ledger.grant.returned_by": "the trigger that looks whether so much came back compares them",
    "usage.record.resource": "a trigger looks at the resources of all records of a statement at once",
    "ledger.entry.transaction": "the trigger of the entries compares them",
    "ledger.entry.account": "the trigger of the entries takes the customer from the account",
}
"""References between rows of customers that need no such key, and why."""
AT_ONCE = {(Record, name) for name in ("resource", "item", "customer", "batch")}
"""Checked by a trigger of the statement: a foreign key asks for each of ten thousand rows."""


def models_of_ours() -> list[type[Model]]:
    return [model for model in apps.get_models() if not model._meta.proxy]


def of_customers(model: type[Model]) -> bool:
    return any(field.name == "customer" for field in model._meta.local_fields)


def is_kept(field: Any) -> bool:
    """By a constraint of its own."""
    return bool(field.db_constraint)


def references() -> Iterator[tuple[type[Model], ForeignKey]]:
    for model in models_of_ours():
        for field in model._meta.local_fields:
            if isinstance(field, ForeignKey):
                yield model, field


KEYS = [(model, key) for model in models_of_ours() for key in model._meta.constraints if isinstance(key, CarriedKey)]


def test_every_reference_between_rows_of_customers_carries_the_customer() -> None:
    carried = {(model, key.reference) for model, key in KEYS}
    without = {
        f"{model._meta.label_lower}.{field.name}"
        for model, field in references()
        if of_customers(model) and of_customers(field.related_model) and (model, field.name) not in carried
    }
    assert without == set(WITHOUT)


def test_a_reference_without_a_constraint_of_its_own_has_one_that_carries() -> None:
    carried = {(model, name) for model, key in KEYS for name in (key.reference, key.carries)}
    assert {(model, field.name) for model, field in references() if not is_kept(field)} - AT_ONCE <= carried


@pytest.fixture(scope="module")
def two_of_everything(standing: None) -> tuple[Customer, Customer]:
    alice, mallory = (make_customer(name, credit=10_000_000) for name in ("Alice", "Mallory"))
    small = make_item(make_product("vserver"), "small", 181_000)
    small.product.return_urls = [BACK]
    small.product.save()
    for customer in (alice, mallory):
        everything(customer, small)
    run("SET CONSTRAINTS ALL IMMEDIATE")  # what is deferred would keep the tables from being altered
    return alice, mallory


def everything(customer: Customer, small: Item) -> None:
    make_buyer(customer)
    pilot = make_item(make_product(f"pilot-{customer.name.lower()}"), "pilot", 1_000)
    before = NOON - 70 * DAY
    grant_poc_credit(
        customer,
        1_000,
        products=[pilot.product_id],
        starts_at=before,
        expires_at=NOON,
        reason="x",
        actor=STAFF,
        at=before,
    )
    create(customer, pilot, at=before)
    key, _secret = CustomerKey.issue(at=NOON, customer=customer, name="import")
    [server] = create(customer, small)
    open_session_about(small.product, server.pk, action="renew", return_url=BACK, at=NOON)
    renew(server, at=NOON + DAY)
    delete_resource(server.pk, actor=owner_of(customer), at=NOON + 2 * DAY)
    create(customer, small, at=NOON + 2 * DAY)
    budget = set_budget(customer, 1_000, confirmed=True, actor=owner_of(customer), at=NOON)
    set_cap(budget.pk, Cap(refuses_orders=True), confirmed=True, actor=owner_of(customer), at=NOON)
    set_budget(customer, 10**9, key=key, actor=owner_of(customer), at=NOON)
    payment = topped_up(customer, 5_000)
    Reversal.objects.create(
        payment=payment, customer=customer, amount=1, debt=1, reference="r", reason="x", actor="x", at=NOON
    )
    returned(payment, 1_000)
    quote(customer, Action.CREATE, product=str(small.product_id), name="web", items=chosen(small), quantity=1, months=1)
    Payment.objects.create(
        customer=customer, kind="top_up", means="wallet", reference=str(customer.pk), payable="top_up", amount=1, actor="x",
        created_at=NOON,
    )  # fmt: skip
    ExpectedTransfer.objects.create(
        customer=customer, kind="top_up", payable=f"top_up:{customer.pk}", amount=1, actor="x", created_at=NOON, expires_at=NOON
    )  # fmt: skip
    PaymentRequest.objects.create(
        customer=customer, kind="invoice", invoice_ids=["x"], amount=1, email="f@family.example", shown_name="x", language="en",
        digest=str(customer.pk), actor="x", created_at=NOON, expires_at=NOON + DAY,
    )  # fmt: skip
    [held] = place_holds([Wanted(customer.pk, UsageHold.source_of(server.pk, "2026-03"), 1)], at=NOON)
    UsageHold.objects.create(hold=held, customer=customer, resource=server, month="2026-03", so_far=1, ahead=0)
    place_holds([Wanted(customer.pk, f"other:{customer.pk}", 1)], at=NOON)
    CreditWarning.objects.create(customer=customer, resource=server, told_at=NOON)
    ParkedBilling.objects.create(customer=customer, resource=server, month="2026-03", cause="failed", at=NOON)
    actor = owner_of(customer)
    asked = register(customer, None, "close", "", actor=actor, at=NOON)
    Closing.objects.create(customer=customer, request=asked, asked_by="x", asked_at=NOON, closes_at=NOON + 3 * DAY)
    ask_for_privacy(customer, None, "correct", "my name", actor=actor, at=NOON)
    commitments(customer)


def commitments(customer: Customer) -> None:
    """Of who pays ahead, which the guards refuse."""
    usual = {"customer": customer, "amount": 1, "share": "0.1", "agreed_at": NOON, "agreed_by": "x"}
    months = [date(2026, month, 1) for month in (1, 2, 3)]
    with around_all_guards():
        first = Commitment.objects.create(starts_on=months[0], ends_on=months[1], **usual)
        Commitment.objects.create(starts_on=months[1], ends_on=months[2], follows=first, **usual)
        CommittedMonth.objects.create(
            commitment=first,
            customer=customer,
            month="2026-01",
            amount=1,
            counted=0,
            shortfall=1,
            invoice=Invoice.objects.filter(customer=customer).earliest("issued_at"),
            decided_at=NOON,
        )


@pytest.mark.parametrize(("model", "key"), KEYS, ids=lambda value: getattr(value, "name", ""))
def test_no_row_names_another_customers(
    two_of_everything: tuple[Customer, Customer], model: type[Model], key: CarriedKey
) -> None:
    """As if no trigger froze it."""
    alice, mallory = two_of_everything
    reference = model._meta.get_field(key.reference)
    table, other = model._meta.db_table, reference.related_model
    if key.carries == "customer":
        theirs, mine = (other._default_manager.filter(customer=who).latest("pk").pk for who in (mallory, alice))
    else:
        mine = OrderItem.objects.filter(customer=alice, request__isnull=False).earliest("pk").request_id
        theirs = ProvisioningRequest.objects.filter(resource__customer=mallory, order_item=None).latest("pk").pk
    row = (
        model._default_manager.filter(customer=alice)
        .filter(**{f"{key.reference}__isnull": False})
        .order_by("pk")
        .first()
    )
    row = row or model._default_manager.filter(customer=alice).latest("pk")
    run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    also = {
        ("invoices_invoiceline", "invoice"): ", position = 42",
        ("orders_orderitem", "order"): ", position = 42",
        ("payments_allocation", "credit_note"): ", payment_id = NULL",
        ("payments_allocation", "reversal"): ", amount = -1, promotional = 0",
        ("payments_payment", "request"): ", payable = 'behalf:' || %s",
        ("payments_expectedtransfer", "request"): ", payable = 'behalf:' || %s",
    }.get((table, key.reference), "")
    move = f"UPDATE {table} SET {reference.column} = %s{also} WHERE id = %s"
    theirs, mine = ([one] * (1 + also.count("%s")) for one in (theirs, mine))
    refuse(move, *theirs, row.pk, match=key.name)
    if key.carries == "customer" and also:
        assert run(move, *mine, row.pk) == 1


def test_a_resource_of_another_customer_is_not_moved_over(two_of_everything: tuple[Customer, Customer]) -> None:
    """Nor does everything move when the customer of a row is rewritten."""
    alice, mallory = two_of_everything
    run("ALTER TABLE lifecycle_resource DISABLE TRIGGER USER")
    refuse(
        "UPDATE lifecycle_resource SET customer_id = %s WHERE id = %s",
        mallory.pk, Resource.objects.filter(customer=alice).earliest("pk").pk, match="_customers",
    )  # fmt: skip
