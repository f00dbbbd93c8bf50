"""What the tables refuse one by one: payments, credit notes, prices, discounts, coupons, acts of two and switches that cannot be."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import Customer, StaffAct, User
from catalog.models import Discount, Item, Price, Product
from invoices.models import CreditNote
from lifecycle.models import ServicePeriod
from payments.models import Allocation, Payment
from tests.cast import DAY, LONG_AGO, MONTH, NOON, create, make_colleague, make_customer
from tests.table.attack import MARKS, refuse, refused, run

pytestmark = MARKS


@pytest.mark.parametrize(
    ("claim", "amount", "refunded"),
    [
        ("capped_by_the_total", 10**7, 0),
        ("gives_something", 0, 0),
        ("gives_something", -5, 0),
        ("gives_something", 1, 2),
    ],
)
def test_a_credit_note_that_cannot_be(alice: Customer, small: Item, claim: str, amount: int, refunded: int) -> None:
    invoice = create(alice, small)[0].invoices.get()
    with refused(claim):
        CreditNote.objects.create(
            number="C2026-1",
            invoice=invoice,
            customer=alice,
            reason="correction",
            amount=amount,
            tax=0,
            refunded=refunded,
            issued_at=NOON,
        )


def test_nobody_pays_more_than_is_due_and_no_payment_is_spent_twice(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    invoice, payment = server.invoices.get(), Payment.objects.get()
    other = Payment.objects.create(
        customer=alice,
        kind="invoice",
        means="wallet",
        reference="r",
        payable="p",
        amount=10,
        actor="x",
        created_at=NOON,
    )
    with refused("nobody_pays_more_than_is_due"):
        Allocation.objects.create(payment=other, invoice=invoice, customer=alice, amount=1, at=NOON)
    with refused("a_payment_is_spent_once|a_payment_reaches_an_invoice_once"):
        Allocation.objects.create(payment=payment, invoice=invoice, customer=alice, amount=1, at=NOON)
    with refused("allocation_is_positive"):
        Allocation.objects.create(payment=other, invoice=invoice, customer=alice, amount=-1, at=NOON)
    with refused("an_allocation_has_one_source"):
        Allocation.objects.create(invoice=invoice, customer=alice, amount=1, at=NOON)


@pytest.mark.parametrize(
    "column", ["customer_id", "kind", "means", "gateway", "reference", "payable", "amount", "created_at"]
)
def test_a_payment_stays_what_was_attempted(alice: Customer, small: Item, column: str) -> None:
    create(alice, small)
    value = {
        "customer_id": "gen_random_uuid()",
        "amount": "amount + 1",
        "created_at": "now()",
        "kind": "'top_up'",
        "means": "'gateway'",
    }
    refuse(f"UPDATE payments_payment SET {column} = {value.get(column, repr('x'))}", match="frozen")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("item_id", "gen_random_uuid()"),
        ("customer_id", "(SELECT id FROM accounts_customer LIMIT 1)"),
        ("unit_price", "1"),
        ("per_minutes", "60"),
        ("includes_vat", "FALSE"),
        ("tax_category_id", "'other'"),
        ("months", "12"),
        ("valid_from", "now()"),
    ],
)
def test_a_price_is_frozen_but_for_its_end(alice: Customer, small: Item, column: str, value: str) -> None:
    refuse(f"UPDATE catalog_price SET {column} = {value}", match="frozen")
    assert run("UPDATE catalog_price SET valid_until = %s", NOON) == 1


def test_prices_of_an_item_never_overlap(alice: Customer, small: Item) -> None:
    """Half-open: one may begin at the very instant at which the other ends."""
    common = {"item": small, "unit_price": Decimal(1)}
    with refused("list_prices_of_an_item_never_overlap"):
        Price.objects.create(valid_from=NOON, **common)
    small.prices.update(valid_until=NOON)
    with refused("list_prices_of_an_item_never_overlap"):
        Price.objects.create(valid_from=NOON - timedelta(microseconds=1), **common)
    Price.objects.create(valid_from=NOON, **common)

    Price.objects.create(valid_from=LONG_AGO, customer=alice, **common)  # negotiated prices are a world of their own
    with refused("negotiated_prices_of_an_item_never_overlap"):
        Price.objects.create(valid_from=NOON, valid_until=NOON + DAY, customer=alice, **common)
    Price.objects.create(valid_from=LONG_AGO, customer=make_customer(), **common)


def test_discounts_of_a_customer_never_overlap(alice: Customer, vserver: Product) -> None:
    common = {"product": vserver, "share": Decimal("0.1")}
    Discount.objects.create(customer=alice, valid_from=NOON, valid_until=NOON + DAY, **common)
    with refused("discounts_of_a_customer_never_overlap"):
        Discount.objects.create(customer=alice, valid_from=LONG_AGO, **common)
    Discount.objects.create(customer=alice, valid_from=NOON + DAY, **common)
    refuse("UPDATE catalog_discount SET share = 0.5", match="frozen")
    with refused("discount_is_a_share"):
        Discount.objects.create(customer=make_customer(), valid_from=NOON, product=vserver, share=Decimal("1.1"))


@pytest.mark.parametrize(
    "terms", [{"unit_price": -1}, {"tax_category": None}, {"per_minutes": 1440}, {"valid_until": LONG_AGO}]
)
def test_a_price_that_cannot_be(alice: Customer, small: Item, terms: dict[str, object]) -> None:
    with refused("price|not-null|range"):
        Price.objects.create(**({"item": small, "customer": alice, "unit_price": 1, "valid_from": NOON} | terms))


def test_a_service_period_keeps_all_but_its_end(bob: Customer, small: Item) -> None:
    create(bob, small)
    for column, value in {
        "configuration": "'[]'",
        "starts_at": "starts_at - interval '1 day'",
        "billing_mode": "'prepaid'",
        "resource_id": "gen_random_uuid()",
        "customer_id": "gen_random_uuid()",
    }.items():
        refuse(f"UPDATE lifecycle_serviceperiod SET {column} = {value}", match="frozen")
    refuse(
        "UPDATE lifecycle_serviceperiod SET ends_at = starts_at - interval '1 minute'", match="starts_before_it_ends"
    )
    assert ServicePeriod.objects.update(ends_at=NOON + MONTH) == 1


@pytest.mark.parametrize("used", [-1, 3])
def test_a_coupon_is_not_used_too_often(db: None, used: int) -> None:
    coupon = (
        "INSERT INTO catalog_coupon (id, code, amount, valid_from, minimum_order, maximum_uses, maximum_uses_per_customer, uses)"
        " VALUES (gen_random_uuid(), 'TWICE', 1, now(), 0, 2, 1, %s)"
    )
    refuse(coupon, 1, match="starts unused")
    run(coupon, 0)
    refuse("UPDATE catalog_coupon SET uses = 1", match="frozen")
    run("ALTER TABLE catalog_coupon DISABLE TRIGGER USER")
    refuse("UPDATE catalog_coupon SET uses = %s", used, match="coupon_is_not_used_too_often|uses_check")


def test_nobody_is_their_own_second_person(alice: Customer) -> None:
    for name in ("ann", "ben", "eve"):
        make_colleague(name)
    insert = (
        "INSERT INTO accounts_staffact (act, state, customer_id, subject, amount, facts, reason, asked_by, asked_at, decided_by,"
        " decided_at, decided_because) VALUES ('adjust-credit', %s, %s, '', %s, '{}', %s, 'ann', now(), %s, %s, '')"
    )
    decide = "UPDATE accounts_staffact SET state = %s, decided_by = %s, decided_at = now()"
    refuse(insert, "waiting", alice.pk, 0, "typo", "", None, match="an_act_moves_a_sane_amount")
    refuse(insert, "waiting", alice.pk, 1, "", "", None, match="an_act_has_a_reason")
    refuse(insert, "approved", alice.pk, 1, "typo", "ben", NOON, match="starts as waiting")
    refuse(insert, "alone", alice.pk, 1, "typo", "ben", NOON, match="only_who_asked_withdraws_or_acts_alone")
    refuse(insert, "alone", alice.pk, 1, "typo", "ann", None, match="what_is_decided_says_by_whom")
    run(insert, "waiting", alice.pk, 1, "typo", "", None)
    refuse("UPDATE accounts_staffact SET amount = 2", match="frozen")
    refuse("UPDATE accounts_staffact SET state = 'alone', decided_by = 'ann', decided_at = now()", match="cannot move")
    refuse(
        "UPDATE accounts_staffact SET state = 'reviewed', decided_by = 'ben', decided_at = now()", match="cannot move"
    )
    refuse("UPDATE accounts_staffact SET state = 'approved'", match="what_is_decided_says_by_whom")
    refuse(decide, "approved", "ann", match="nobody_is_their_own_second_person")
    refuse(decide, "refused", "ann", match="nobody_is_their_own_second_person")
    refuse(decide, "withdrawn", "ben", match="only_who_asked_withdraws_or_acts_alone")
    run(decide, "approved", "ben")
    refuse("UPDATE accounts_staffact SET decided_by = 'eve'", match="frozen")
    refuse(decide, "refused", "ben", match="cannot move")
    refuse(insert, "alone", alice.pk, 1, "typo", "Ann", NOON, match="people of ours")
    assert list(StaffAct.objects.values_list("asker__email", "decider__email")) == [("ann", "ben")]
    refuse("UPDATE accounts_staffact SET decider_id = asker_id", match="frozen")
    refuse("UPDATE accounts_staffact SET asker_id = decider_id", match="frozen")
    refuse(insert.replace("'ann'", "'mallory'"), "waiting", alice.pk, 1, "typo", "", None, match="people of ours")
    User.objects.create_user("lan", customer=alice)  # a customer's user is nobody's second person
    run(insert, "waiting", alice.pk, 1, "another typo", "", None)
    for nobody in ("Ann", "nobody", "lan"):
        refuse(decide + " WHERE state = 'waiting'", "approved", nobody, match="people of ours")
    run(insert, "to_review", alice.pk, None, "typo", "", None)
    refuse(
        "UPDATE accounts_staffact SET state = 'reviewed', decided_by = 'ann', decided_at = now() WHERE state = 'to_review'",
        match="nobody_is_their_own_second_person",
    )


def test_a_switch_changes_the_mode_and_says_why(alice: Customer) -> None:
    insert = (
        "INSERT INTO accounts_billingmodeswitch (id, customer_id, from_mode, to_mode, reason, plan, actor, at)"
        " VALUES (gen_random_uuid(), %s, 'prepaid', %s, %s, '{}', 'x', now())"
    )
    refuse(insert, alice.pk, "prepaid", "because", match="a_switch_changes_the_mode")
    refuse(insert, alice.pk, "postpaid", "", match="a_switch_has_a_reason")


def test_since_when_a_customer_is_here_is_not_changed(alice: Customer) -> None:
    refuse("UPDATE accounts_customer SET created_at = created_at + interval '1 day'", match="frozen")
