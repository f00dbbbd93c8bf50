"""Rows about money and history: never updated, never deleted, whoever asks and however."""

from __future__ import annotations

import pytest
from django.db import connection

from accounts.models import AuditEntry, BillingModeSwitch
from invoices.models import CreditNote, Invoice, InvoiceLine
from ledger.holds import Wanted, place_holds
from ledger.models import Entry, GrantUse, Transaction
from lifecycle.models import ResourceEvent
from orders.models import CheckoutSession, Quote
from orders.services.delete import delete_resource
from payments.models import Allocation, Consent, GatewayNotice, StatementDay, StatementLine, UsageHold
from payments.services.credit import grant_promotional_credit
from tests.cast import (
    DAY,
    NOON,
    STAFF,
    create,
    make_customer,
    make_item,
    make_product,
    owner_of,
    switch_mode,
)
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


@pytest.fixture(scope="module")
def history(standing: None) -> Invoice:
    """Something of everything: bought and deleted, granted, switched. Each test attacks it anew."""
    alice, small = make_customer("Alice", credit=10_000_000), make_item(make_product("vserver"), "small", 181_000)
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
