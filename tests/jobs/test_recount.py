"""Every kept total can be added up again: what differs is named, and mended where the rows alone decide."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Customer
from billing_portal.auditor import violations
from billing_portal.models import Recount
from billing_portal.totals import TOTALS
from catalog.models import Coupon, Item
from invoices.models import Invoice, MonthlyTotal
from kernel.actors import Actor, ActorKind
from ledger.models import Account, Grant
from payments.models import Payment
from payments.services.credit import grant_promotional_credit
from tests.cast import DAY, NOON, create, make_coupon
from tests.owner import around_all_guards
from tests.table.attack import MARKS, refuse, run

pytestmark = MARKS


def planted(sql: str, *arguments: object) -> None:
    connection.check_constraints()  # what the commit would say of what was right
    with around_all_guards():
        assert run(sql, *arguments)


def recount(*options: str) -> str:
    said = StringIO()
    call_command("recount", *options, stdout=said)
    return said.getvalue()


@pytest.fixture
def bought(alice: Customer, small: Item) -> Invoice:
    """Alice, who has 50,000 VND of promotional credit and a coupon, has paid 181,000 VND of 10,050,000."""
    staff = Actor(ActorKind.STAFF, "finance@portal.example")
    make_coupon("LESS", 20_000)
    grant_promotional_credit(
        alice, 50_000, expires_at=NOON + 90 * DAY, reason="welcome", actor=staff, at=NOON - timedelta(hours=1)
    )
    create(alice, small)
    return Invoice.objects.get()


def test_books_in_order_have_nothing_to_mend(bought: Invoice) -> None:
    assert recount("--mend") == f"All {len(TOTALS)} kept totals are what their rows say; 0 mended.\n"
    assert not Recount.objects.exists()


def test_months_that_a_migration_counted_too_early_are_named_and_mended(bought: Invoice) -> None:
    planted("UPDATE invoices_monthlytotal SET invoices = invoices + 1, paid = paid - 1000")
    with pytest.raises(CommandError, match="1 kept totals differ from their rows; 0 mended"):
        recount()
    month = f"months: {bought.customer_id} 2026-03-01 paid"
    assert recount("--mend") == (
        f"{month}: paid is 180000, its rows say 181000, invoices is 2, its rows say 1 (mended)\n"
        f"All {len(TOTALS)} kept totals are what their rows say; 1 mended.\n"
    )
    kept = MonthlyTotal.objects.get()
    assert (kept.invoices, kept.charged, kept.paid, kept.due) == (1, 181_000, 181_000, 0)
    mended = Recount.objects.get()
    assert (mended.kept["paid"], mended.counted["paid"], mended.actor) == (180_000, 181_000, "job:recount")


def test_a_month_that_is_missing_is_made(bought: Invoice) -> None:
    planted("DELETE FROM invoices_monthlytotal")
    recount("--mend")
    kept = MonthlyTotal.objects.get()
    assert (kept.status, kept.invoices, kept.charged, kept.paid, kept.due) == ("paid", 1, 181_000, 181_000, 0)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE ledger_account SET balance = balance + 7 WHERE kind = 'credit'", "balance is 9869007, its rows say 9869000"),
        ("UPDATE ledger_grant SET rest = 50000", "rest is 50000, its rows say 0"),
        ("UPDATE payments_payment SET taken_back = 5", "taken_back is 5, its rows say 0"),
        ("UPDATE payments_payment SET allocated = 0", "allocated is 0, its rows say 181000"),
        ("UPDATE invoices_invoice SET credited = 9, refunded = 9", "credited is 9, its rows say 0"),
        ("UPDATE catalog_coupon SET uses = 3", "uses is 3, its rows say 0"),
    ],
)  # fmt: skip
def test_each_kept_total_is_found_and_mended(bought: Invoice, sql: str, said: str) -> None:
    planted(sql)
    assert said in recount("--mend")
    assert violations() == []


def test_an_invoice_that_is_mended_takes_its_month_along(bought: Invoice) -> None:
    planted("UPDATE invoices_invoice SET paid = 1000")
    recount("--mend")
    kept = MonthlyTotal.objects.get(status="paid")
    assert (kept.invoices, kept.paid, kept.due) == (1, 181_000, 0)
    assert violations() == []


def test_numbers_are_named_and_never_mended(bought: Invoice) -> None:
    planted("UPDATE invoices_numberseries SET last = last + 1")
    with pytest.raises(CommandError, match="1 kept totals differ from their rows; 0 mended"):
        recount("--mend")
    assert not Recount.objects.exists()


def test_what_the_database_refuses_is_named_and_the_rest_is_mended(bought: Invoice) -> None:
    planted("UPDATE ledger_entry SET amount = -amount WHERE balance_after IS NOT NULL")
    planted("UPDATE catalog_coupon SET uses = 3")
    with pytest.raises(CommandError, match="1 kept totals differ from their rows; 1 mended"):
        recount("--mend")
    assert Coupon.objects.get().uses == 0
    assert Account.objects.get(kind="credit").balance == 9_869_000


def test_nobody_writes_what_a_total_shall_be(bought: Invoice) -> None:
    insert = (
        "INSERT INTO billing_portal_recount (total, key, kept, counted, actor, at)"
        " VALUES (%s, jsonb_build_object('id', %s::text), '{}', '{\"paid\": 5}', 'x', now())"
    )
    assert run(insert, "paid", bought.pk) == 0
    refuse(insert, "numbers", bought.pk, match="no total that is mended")
    bought.refresh_from_db()
    assert bought.paid == 181_000
    assert Payment.objects.get().allocated == 181_000
    assert Grant.objects.get().rest == 0
    assert not Recount.objects.exists()
