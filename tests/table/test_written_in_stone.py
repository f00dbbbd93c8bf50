"""Rows about money and history: never updated, never deleted, whoever asks and however."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from accounts.models import AuditEntry, BillingModeSwitch, Customer, StaffAct, User
from catalog.models import Discount, Item, Price, Product
from invoices.models import CreditNote, Invoice, InvoiceLine
from ledger.holds import Wanted, place_holds
from ledger.models import Entry, GrantUse, Transaction
from lifecycle.models import ResourceEvent, ServicePeriod
from orders.models import CheckoutSession, Quote
from orders.services.delete import delete_resource
from payments.models import Allocation, Consent, GatewayNotice, Payment, StatementDay, StatementLine, UsageHold
from payments.services.credit import grant_promotional_credit
from tests.cast import DAY, LONG_AGO, MONTH, NOON, STAFF, create, make_colleague, make_customer, owner_of, switch_mode
from tests.links import linked_account
from tests.table.attack import MARKS, refuse, refused, run

pytestmark = MARKS

APPEND_ONLY = [
    BillingModeSwitch, AuditEntry, CreditNote, InvoiceLine, Transaction, Entry, GrantUse, ResourceEvent, Quote,
    Allocation, Consent, StatementLine, UsageHold,
]  # fmt: skip
NEVER_DELETED = [
    "accounts_customer", "catalog_product", "catalog_item", "catalog_price", "catalog_discount", "catalog_redemption",
    "catalog_commitment", "catalog_commitmentoffer",
    "invoices_invoice", "invoices_numberseries", "invoices_hold", "invoices_rung", "invoices_dunningstep", "invoices_question", "accounts_customergroup", "ledger_account", "ledger_grant", "lifecycle_resource", "lifecycle_serviceperiod",
    "ledger_credithold", "lifecycle_provisioningrequest", "orders_checkoutsession", "orders_visit", "orders_order", "orders_orderitem", "payments_payment", "accounts_staffact",
    "payments_banktransfer", "payments_expectedtransfer", "payments_gatewaynotice", "payments_transferclaim", "payments_reversal",
    "payments_linkedaccount", "payments_consent", "payments_automaticcharge",
    "payments_statementday", "payments_reconciliationcase", "payments_shortage", "lifecycle_creditwarning",
]  # fmt: skip


@pytest.fixture
def history(alice: Customer, small: Item) -> Invoice:
    """Something of everything: bought and deleted, granted, switched."""
    grant_promotional_credit(alice, 500, expires_at=NOON + DAY, reason="used", actor=STAFF, at=NOON)
    [server] = create(alice, small)
    [held] = place_holds([Wanted(alice.pk, UsageHold.source_of(server.pk, "2026-03"), 1)], at=NOON)
    UsageHold.objects.create(hold=held, customer=alice, resource=server, month="2026-03", so_far=1, ahead=0)
    grant_promotional_credit(alice, 1_000, expires_at=NOON + DAY, reason="welcome", actor=STAFF, at=NOON)
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + DAY)
    switch_mode(alice, "postpaid", at=NOON + DAY)
    CheckoutSession.objects.create(
        product=small.product,
        name="web",
        configuration=[],
        return_url="https://shop.example/",
        created_at=NOON,
        expires_at=NOON + DAY,
    )
    linked_account(alice)
    GatewayNotice.objects.create(
        gateway="g", digest="d", body="{}", is_genuine=False, verdict="bad_signature", received_at=NOON
    )
    statement = StatementDay.objects.create(source="g", day=NOON.date(), ask_at=NOON)
    StatementLine.objects.create(
        statement=statement, source="g", movement="payment", reference="r", transaction="t", amount=5, at=NOON
    )
    run("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE waits for no deferred check
    run("SET CONSTRAINTS ALL DEFERRED")
    return Invoice.objects.get()


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("verb", ["update", "delete", "truncate"])
def test_append_only_tables_take_new_rows_and_nothing_else(verb: str) -> None:
    for model in APPEND_ONLY:
        table, pk = model._meta.db_table, model._meta.pk.column
        before = model._default_manager.count()
        assert before, f"{table} is empty: an attack on nothing proves nothing"
        sql = {
            "update": f"UPDATE {table} SET {pk} = {pk}",
            "delete": f"DELETE FROM {table}",
            "truncate": f"TRUNCATE {table} CASCADE",
        }[verb]
        refuse(sql, match="append-only|nothing is deleted")
        assert model._default_manager.count() == before


@pytest.mark.usefixtures("history")
def test_every_column_of_a_line_is_frozen() -> None:
    for field in InvoiceLine._meta.concrete_fields:
        refuse(f"UPDATE invoices_invoiceline SET {field.column} = {field.column}", match="append-only")


@pytest.mark.parametrize("table", NEVER_DELETED)
def test_rows_may_move_on_but_never_vanish(history: Invoice, table: str) -> None:
    refuse(f"DELETE FROM {table}", match="nothing is deleted|append-only")
    refuse(f"TRUNCATE {table} CASCADE", match="nothing is deleted|append-only")


FROZEN_IN_AN_INVOICE = {
    "number": "'P2026-9999999'", "customer_id": "gen_random_uuid()", "resource_id": "gen_random_uuid()",
    "product_id": "gen_random_uuid()", "kind": "'usage'", "period_key": "'2026-03'", "is_late": "NOT is_late", "resource_name": "'other'", "buyer": "'{}'",
    "seller": "'{}'", "period_start": "period_start - interval '1 day'", "period_end": "period_end + interval '1 day'",
    "issued_at": "now()", "due_at": "now()", "subtotal": "subtotal + 1", "tax": "tax + 1", "coupon": "coupon + 1",
    "coupon_code": "'GIFT'", "total": "total - 1", "paid": "paid - 1", "credited": "credited + 1", "refunded": "refunded + 1",
    "covered_until": "covered_until + interval '1 minute'", "term_months": "12", "saved": "1", "saved_before": "1",
}  # fmt: skip


def test_the_attack_on_invoices_covers_every_column() -> None:
    computed = {"id", "due", "status"}
    assert {field.column for field in Invoice._meta.concrete_fields} == set(FROZEN_IN_AN_INVOICE) | computed


@pytest.mark.parametrize(("column", "value"), list(FROZEN_IN_AN_INVOICE.items()))
def test_an_issued_invoice_is_frozen_column_by_column(history: Invoice, column: str, value: str) -> None:
    refuse(f"UPDATE invoices_invoice SET {column} = {value}", match="frozen")


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("column", ["due", "status"])
def test_what_is_due_is_computed_and_cannot_be_told(column: str) -> None:
    refuse(f"UPDATE invoices_invoice SET {column} = DEFAULT, total = total + 1", match="frozen")
    refuse(f"UPDATE invoices_invoice SET {column} = '1'", match="generated|can only be updated to DEFAULT")


def copy_of(invoice: Invoice, **changes: str) -> str:
    """INSERT of a copy of an invoice with some columns changed (SQL expressions)."""
    columns = [f.column for f in Invoice._meta.concrete_fields if not f.generated]
    values = {
        "id": "gen_random_uuid()", "number": "'P2026-0000042'", "period_key": "'copy'", "paid": "0", "credited": "0", "refunded": "0",
        "period_start": "period_start + interval '60 days'", "period_end": "period_end + interval '60 days'",
        "covered_until": "period_end + interval '60 days'",
    } | changes  # fmt: skip
    chosen = ", ".join(values.get(column, column) for column in columns)
    return f"INSERT INTO invoices_invoice ({', '.join(columns)}) SELECT {chosen} FROM invoices_invoice WHERE id = '{invoice.pk}'"


@pytest.mark.parametrize(
    ("changes", "claim"),
    [
        ({"paid": "1"}, "no payment says so"),
        ({"credited": "1"}, "without credit"),
        ({"period_key": "period_key"}, "a_period_of_a_resource_is_billed_once"),
        ({"number": "number"}, "number"),
        ({"total": "total + 1"}, "invoice_total_is_subtotal_less_coupon"),
        ({"subtotal": "-1", "total": "-1"}, "invoice_total_is_sane|credit_is_capped_by_the_total"),
        ({"subtotal": "1000000000001", "total": "1000000000001"}, "invoice_total_is_sane"),
        ({"coupon": "-1", "total": "subtotal + 1"}, "invoice_total_is_sane"),
        ({"saved": "-1"}, "a_term_saves_what_is_paid_ahead"),
        ({"saved_before": "-1"}, "a_term_saves_what_is_paid_ahead"),
        ({"term_months": "0"}, "a_term_saves_what_is_paid_ahead"),
        ({"term_months": "37"}, "a_term_saves_what_is_paid_ahead"),
        ({"covered_until": "period_start"}, "invoice_covers_part_of_its_period"),
        (
            {"period_start": "period_start", "period_end": "period_end", "covered_until": "period_end"},
            "no_minute_of_a_resource_is_billed_twice",
        ),
        (
            {
                "period_start": "period_start",
                "period_end": "period_end",
                "covered_until": "period_start + interval '1 minute'",
            },
            "no_minute_of_a_resource_is_billed_twice",
        ),
    ],
)
def test_an_invoice_that_cannot_be(history: Invoice, changes: dict[str, str], claim: str) -> None:
    run("SET CONSTRAINTS ALL IMMEDIATE")  # as the commit would
    refuse(copy_of(history, **changes), match=claim)


def test_a_copy_without_a_flaw_is_taken(history: Invoice) -> None:
    """So that the refusals above are known to have their stated cause."""
    copy = "00000000-0000-4000-8000-000000000042"
    assert run(copy_of(history, id=f"'{copy}'")) == 1
    there = "starts_at + interval '60 days', ends_at + interval '60 days'"
    assert run(copy_of_line(history, invoice=f"'{copy}'::uuid", period=there)) == 1


LINE = (
    "INSERT INTO invoices_invoiceline (invoice_id, customer_id, position, item_id, price_id, name, unit, starts_at, ends_at,"
    " minutes, quantity, unit_price, per_minutes, discount, includes_vat, vat_rate, taxed_at, is_whole, amount, tax, total)"
    " SELECT {invoice}, {customer}, {position}, item_id, price_id, name, unit, {period}, minutes, quantity,"
    " {price}, {per}, discount, TRUE, {rate}, {taxed_at}, {is_whole}, {total}, {tax}, {total} FROM invoices_invoiceline WHERE invoice_id = '{of}'"
)


def copy_of_line(of: Invoice, **changes: object) -> str:
    """INSERT of a copy of an invoice's line with some columns changed (SQL expressions)."""
    same = {
        "invoice": "invoice_id", "customer": "customer_id", "position": "position", "period": "starts_at, ends_at",
        "price": "unit_price", "per": "per_minutes", "rate": "vat_rate", "taxed_at": "taxed_at", "is_whole": "is_whole", "total": "total", "tax": "tax",
    }  # fmt: skip
    return LINE.format(of=of.pk, **(same | changes))


@pytest.mark.parametrize("total", [1, 0])
def test_lines_add_up_and_come_with_their_invoice(history: Invoice, total: int) -> None:
    """Neither a line too much nor one that costs nothing can be added later."""
    later = copy_of_line(history, position=100, price=total, per="minutes", rate=0, total=total, tax=0)
    refuse(later, match="do not add up, or come after")


@pytest.mark.parametrize(
    ("change", "claim"),
    [
        ("amount = amount + 1, total = total + 1", "line_amount_follows_from_its_price"),
        ("quantity = quantity * 2", "line_amount_follows_from_its_price"),
        ("discount = 0.1", "line_amount_follows_from_its_price"),
        ("tax = tax + 1", "line_tax_follows_from_its_rate"),
        ("vat_rate = 0.08", "line_tax_follows_from_its_rate"),
        (
            "minutes = minutes + per_minutes, unit_price = 0, amount = 0, tax = 0, total = 0",
            "line_is_as_long_as_it_says",
        ),
        ("ends_at = starts_at - (ends_at - starts_at)", "line_is_as_long_as_it_says"),
    ],
)
def test_a_line_that_does_not_follow_from_its_columns(history: Invoice, change: str, claim: str) -> None:
    """As if nothing froze it: its columns contradict each other."""
    run("ALTER TABLE invoices_invoiceline DISABLE TRIGGER USER")
    refuse(f"UPDATE invoices_invoiceline SET {change} WHERE invoice_id = %s", history.pk, match=claim)


@pytest.mark.parametrize(
    ("line", "claim"),
    [
        ({}, "lies outside"),  # the copy of the invoice is of two months later
        ({"period": "starts_at + interval '60 days', ends_at + interval '60 days'"}, ""),
        ({"period": "starts_at + interval '60 days 1 minute', ends_at + interval '60 days 1 minute'"}, "lies outside"),
        (
            {
                "period": "starts_at + interval '60 days', ends_at + interval '60 days'",
                "customer": "(SELECT id FROM accounts_customer WHERE name = 'Mallory')",
            },
            "a_line_is_its_invoices_customers",
        ),
    ],
)
def test_a_line_lies_inside_of_its_invoice_and_is_its_customers(
    history: Invoice, line: dict[str, str], claim: str
) -> None:
    make_customer("Mallory")
    copy = "00000000-0000-4000-8000-000000000042"
    invoice, insert = copy_of(history, id=f"'{copy}'"), copy_of_line(history, invoice=f"'{copy}'::uuid", **line)
    if claim:
        with refused(claim):
            run(invoice)
            run(insert)
    else:
        assert (run(invoice), run(insert)) == (1, 1)


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


def test_every_table_about_money_is_guarded() -> None:
    """A table that is added later and forgotten here has none of these triggers; these are the ones that may be emptied."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid"
            " AND (t.tgname LIKE '%append_only%'"
            " OR t.tgname LIKE '%never_deleted%' OR t.tgname LIKE '%triggers_only%'))"
        )
        unguarded = {name for (name,) in cursor.fetchall()}
    plumbing = {name for name in unguarded if name.startswith(("auth_", "django_", "billing_portal_"))}
    assert unguarded - plumbing == {
        "accounts_user",
        "accounts_membership",
        "accounts_user_groups",
        "accounts_user_user_permissions",
        "accounts_customerkey",
        "accounts_idempotencykey",
        "accounts_identity",  # bound anew, taken away
        "accounts_providerdomain",
        "catalog_productkey",
        "catalog_coupon",
        "catalog_coupon_products",
        "invoices_billingrun",
        "invoices_billingchunk",
        "invoices_parkedbilling",
        "lifecycle_deliverychannel",
        "notifications_notice",
        "notifications_letter",
        "door_signup",
        "account_emailaddress",
        "account_emailconfirmation",
        "mfa_authenticator",
        "usersessions_usersession",
        "usage_refusedrecord",  # what a team reads for a while
    }


def test_since_when_a_customer_is_here_is_not_changed(alice: Customer) -> None:
    refuse("UPDATE accounts_customer SET created_at = created_at + interval '1 day'", match="frozen")
