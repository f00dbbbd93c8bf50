"""POC credit against plain SQL: it pays for its products within its dates, goes back where it came from, and is never money."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from django.db import connection

from accounts.models import Customer
from catalog.models import Item
from invoices.models import Invoice
from invoices.services.issue import Billed, Draft, issue_invoice
from kernel.periods import Period
from ledger.models import Account, Grant, Transaction
from ledger.services import Fact, Kind, open_accounts, wallet_of
from orders.models import Action, OrderItem
from orders.services.stories.base import charge_for
from payments.models import PocTime
from payments.services.poc import grant_poc_credit, stop_poc_credit
from tests.cast import (
    DAY,
    MONTH,
    NOON,
    STAFF,
    answer,
    chosen,
    create,
    make_customer,
    make_item,
    make_product,
    order,
    quote,
)
from tests.table.attack import MARKS, refuse, refused, run

pytestmark = MARKS


@pytest.fixture
def grant(alice: Customer, small: Item) -> Grant:
    """400,000 for ten days."""
    return given(alice, small)


def given(customer: Customer, item: Item, *, days: int = 10) -> Grant:
    return grant_poc_credit(
        customer, 400_000, products=[item.product_id], starts_at=NOON, expires_at=NOON + days * DAY, reason="pilot", actor=STAFF,
        at=NOON,
    )  # fmt: skip


def moved(kind: Fact, source: str, customer: Customer, legs: dict[Kind, int], *, at: object = NOON) -> None:
    """As somebody would write it who knows the tables, and looks at it as a commit would."""
    open_accounts(legs, customer.pk)
    transaction = Transaction.objects.create(kind=kind, source=source, customer=customer, at=at)
    rows = [
        (
            transaction.pk,
            Account.objects.get(kind=leg, customer=customer if leg in Account.OF_CUSTOMERS else None).pk,
            sum_,
        )
        for leg, sum_ in legs.items()
    ]
    values = ", ".join(f"({pk}, {account}, {sum_})" for pk, account, sum_ in rows)
    run(f"INSERT INTO ledger_entry (transaction_id, account_id, amount) VALUES {values}")
    connection.check_constraints()


@pytest.mark.parametrize("kind", [Fact.ORDER_PAYMENT, Fact.DEBT, Fact.INVOICE_PAYMENT, Fact.REFUND, Fact.ADJUSTMENT])
@pytest.mark.parametrize("into", [Kind.ESCROW, Kind.CREDIT, Kind.DEBTS, Kind.POC_USED])
def test_it_pays_nothing_that_money_pays(alice: Customer, grant: Grant, kind: Fact, into: Kind) -> None:
    with refused("POC credit takes no part"):
        moved(kind, f"{grant.pk}:{uuid4()}", alice, {Kind.POC: -100, into: 100})
    assert wallet_of(alice.pk).poc == 400_000


@pytest.mark.parametrize("into", [Kind.ESCROW, Kind.CREDIT, Kind.SALES, Kind.PROMOTIONAL, Kind.PROMOTIONS])
def test_a_payment_with_it_ends_among_what_is_used_up(alice: Customer, grant: Grant, into: Kind) -> None:
    with refused("moves other money than that of its grant"):
        moved(Fact.POC_PAYMENT, f"{grant.pk}:{uuid4()}", alice, {Kind.POC: -100, into: 100})


def test_it_comes_from_a_grant_of_its_customer_that_is_named(alice: Customer, small: Item, grant: Grant) -> None:
    bob = make_customer()
    for source in ("", "0:x", f"{grant.pk + 999}:x", f"{uuid4()}:x"):
        with refused("come from no grant"):
            moved(Fact.POC_PAYMENT, source, alice, {Kind.POC: -100, Kind.POC_USED: 100})
    others = given(bob, small)
    with refused("come from no grant"):
        moved(Fact.POC_PAYMENT, f"{others.pk}:x", alice, {Kind.POC: -100, Kind.POC_USED: 100})


def test_it_is_spent_within_its_dates_until_it_is_stopped(alice: Customer, grant: Grant) -> None:
    legs = {Kind.POC: -100, Kind.POC_USED: 100}
    for at in (NOON - DAY, NOON + 10 * DAY):
        with refused("come from no grant"):
            moved(Fact.POC_PAYMENT, f"{grant.pk}:x", alice, legs, at=at)
    run("UPDATE ledger_grant SET stopped_at = %s, stop_reason = 'x' WHERE id = %s", NOON, grant.pk)
    with refused("come from no grant"):
        moved(Fact.POC_PAYMENT, f"{grant.pk}:x", alice, legs)


def test_no_more_is_taken_than_is_left(alice: Customer, small: Item, grant: Grant) -> None:
    given(alice, small)
    with refused("come from no grant"):
        moved(Fact.POC_PAYMENT, f"{grant.pk}:x", alice, {Kind.POC: -400_001, Kind.POC_USED: 400_001})


def test_it_goes_back_to_the_grant_that_had_paid_and_no_more_of_it(alice: Customer, small: Item, grant: Grant) -> None:
    other, item = given(alice, small), uuid4()
    moved(Fact.POC_PAYMENT, f"{grant.pk}:{item}", alice, {Kind.POC: -100, Kind.POC_USED: 100})
    for source in (f"{other.pk}:{item}:x", f"{grant.pk}:{uuid4()}:x", f"{grant.pk}"):
        with refused("returns more than had been paid"):
            moved(Fact.POC_RETURN, source, alice, {Kind.POC: 100, Kind.POC_USED: -100})
    moved(Fact.POC_RETURN, f"{grant.pk}:{item}:a", alice, {Kind.POC: 60, Kind.POC_USED: -60})
    with refused("returns more than had been paid"):
        moved(Fact.POC_RETURN, f"{grant.pk}:{item}:b", alice, {Kind.POC: 41, Kind.POC_USED: -41})
    with refused("moves other money"):
        moved(Fact.POC_RETURN, f"{grant.pk}:{item}:c", alice, {Kind.CREDIT: 40, Kind.POC_USED: -40})
    assert Grant.objects.get(pk=grant.pk).rest == 399_960


def test_a_grant_gives_what_it_is_and_takes_back_the_same(alice: Customer, grant: Grant) -> None:
    with refused("moves other money"):
        moved(Fact.GRANT_EXPIRY, f"{grant.pk}:x", alice, {Kind.POC: -100, Kind.CREDIT: 100})
    promotional = Grant.objects.create(customer=alice, amount=100, expires_at=NOON + DAY, reason="x", at=NOON)
    with refused("moves other money"):
        moved(Fact.GRANT, str(promotional.pk), alice, {Kind.POC: 100, Kind.PROMOTIONS: -100})


@pytest.mark.parametrize(
    "change",
    [
        "amount = amount + 1",
        "expires_at = expires_at + interval '1 day'",
        "starts_at = starts_at - interval '1 day'",
        "products = products || gen_random_uuid()",
        "kind = 'promotional'",
        "customer_id = customer_id, reason = 'another'",
    ],
)
def test_what_was_granted_for_what_and_when_stays(grant: Grant, change: str) -> None:
    refuse(f"UPDATE ledger_grant SET {change} WHERE id = %s", grant.pk)


def test_it_says_for_what_and_from_when(alice: Customer, small: Item) -> None:
    row = {"customer": alice, "amount": 1, "expires_at": NOON + DAY, "reason": "x", "at": NOON}
    poc, products = Grant.Kind.POC, [small.product_id]
    for wrong in (
        {"kind": poc, "starts_at": NOON},
        {"kind": poc, "products": products},
        {"kind": poc, "products": products, "starts_at": NOON + DAY},
        {"products": products},
        {"starts_at": NOON},
        {"stopped_at": NOON, "stop_reason": "x"},
    ):
        with refused("poc_credit_says_for_what_and_from_when"):
            Grant.objects.create(**row, **wrong)


def test_it_is_stopped_once_and_for_a_reason(grant: Grant) -> None:
    refuse(
        "UPDATE ledger_grant SET stopped_at = now() WHERE id = %s", grant.pk, match="a_stop_of_poc_credit_has_a_reason"
    )
    stop_poc_credit(grant.pk, reason="x", actor=STAFF, at=NOON)
    refuse("UPDATE ledger_grant SET stopped_at = NULL, stop_reason = '' WHERE id = %s", grant.pk, match="frozen")


# The time that it pays


@pytest.fixture
def time(alice: Customer, small: Item, grant: Grant) -> PocTime:
    create(alice, small)
    return PocTime.objects.get()


def insert(time: PocTime, **other: object) -> None:
    """A copy of a time under another order item, looked at as a commit would."""
    row = {field.attname: getattr(time, field.attname) for field in PocTime._meta.concrete_fields}
    PocTime.objects.create(**row | {"id": uuid4(), "item_id": uuid4()} | other)
    connection.check_constraints()


def paid_again(time: PocTime, amount: int) -> UUID:
    item = uuid4()
    moved(Fact.POC_PAYMENT, f"{time.grant_id}:{item}", time.customer, {Kind.POC: -amount, Kind.POC_USED: amount})
    return item


def test_time_is_paid_by_its_grant_to_the_dong(time: PocTime, alice: Customer, small: Item) -> None:
    resource = new_resource(alice, small)
    with refused("has not paid for this time"):
        insert(time, resource_id=resource)
    item = paid_again(time, 100)
    for amount in (99, 101):
        with refused("has not paid for this time"):
            insert(time, resource_id=resource, item_id=item, amount=amount)
    with refused("has not paid for this time"):
        run("UPDATE payments_poctime SET returned = 1, covered_until = starts_at WHERE id = %s", time.pk)
        connection.check_constraints()


def new_resource(customer: Customer, item: Item) -> UUID:
    """Ordered with money, and not there yet: nothing covers it."""
    offer = quote(
        customer,
        Action.CREATE,
        product=str(item.product_id),
        name="n",
        items=chosen(item),
        quantity=1,
        months=1,
        poc=False,
    )
    found = OrderItem.objects.get(order=order(offer)).resource_id
    assert found
    return found


def test_time_lies_in_the_dates_of_its_grant(time: PocTime, alice: Customer, small: Item) -> None:
    resource = new_resource(alice, small)
    for wrong in (
        {"starts_at": NOON - DAY},
        {"ends_at": NOON + 11 * DAY},
    ):
        with refused("not in its dates"):
            insert(time, resource_id=resource, item_id=paid_again(time, 100), amount=100, **wrong)


def test_time_is_of_a_product_of_its_grant_and_of_its_customer(time: PocTime, alice: Customer) -> None:
    other = make_item(make_product("vstorage"), "box", 50_000)
    theirs = new_resource(alice, other)
    with refused("not its product"):
        insert(time, resource_id=theirs, product_id=other.product_id, item_id=paid_again(time, 100), amount=100)
    with refused("not its product"):
        insert(time, resource_id=theirs, item_id=paid_again(time, 100), amount=100)
    stranger = make_customer(credit=1_000_000)
    with refused("poc_time_is_its_"):
        insert(time, resource_id=new_resource(stranger, other))
    with refused("poc_time_is_its_"):
        insert(time, customer_id=stranger.pk, covered_until=time.starts_at)


def test_no_minute_is_paid_twice(time: PocTime, alice: Customer) -> None:
    with refused("no_minute_is_paid_twice_with_poc_credit"):
        insert(time, item_id=paid_again(time, 100), amount=100, starts_at=NOON + DAY)


def test_what_is_billed_it_does_not_pay(time: PocTime, alice: Customer, small: Item) -> None:
    offer = quote(
        alice,
        Action.CREATE,
        product=str(small.product_id),
        name="n",
        items=chosen(small),
        quantity=1,
        months=1,
        poc=False,
    )
    billed = answer(order(offer)).items.get().resource_id
    with refused("has an invoice for time that POC credit paid"):
        insert(time, resource_id=billed, item_id=paid_again(time, 100), amount=100)


def test_what_it_paid_is_not_billed(time: PocTime, alice: Customer) -> None:
    resource, period = time.resource, Period(NOON + 9 * DAY, NOON + 11 * DAY)
    charge = charge_for(alice, resource.configuration, period, at=NOON)
    with refused("bills time that POC credit has paid"):
        issue_invoice(
            Draft(alice, Billed.of(resource), "attack", period, charge, taxed_at=NOON), Invoice.Kind.PREPAID, at=NOON
        )


def test_time_only_shrinks_and_stays_what_was_paid(time: PocTime) -> None:
    for change in (
        "covered_until = covered_until + interval '1 minute'",
        "ends_at = ends_at + interval '1 day'",
        "amount = amount - 1",
        "grant_id = grant_id + 1",
        "resource_name = 'x'",
        "lines = '[]'",
    ):
        refuse(f"UPDATE payments_poctime SET {change} WHERE id = %s", time.pk)
    refuse("UPDATE payments_poctime SET returned = amount + 1 WHERE id = %s", time.pk, match="returns_no_more")
    refuse(
        "UPDATE payments_poctime SET covered_until = starts_at - interval '1 day' WHERE id = %s",
        time.pk,
        match="covers_part",
    )
    refuse("DELETE FROM payments_poctime WHERE id = %s", time.pk)


def test_paid_time_needs_an_invoice_or_poc_credit(time: PocTime) -> None:
    with refused("neither an invoice nor POC credit says so"):
        run(
            "UPDATE lifecycle_resource SET paid_until = %s, suspend_at = %s WHERE id = %s",
            NOON + MONTH, NOON + MONTH, time.resource_id,
        )  # fmt: skip
        connection.check_constraints()
