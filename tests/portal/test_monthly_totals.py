"""The sums above the billing history are kept by the database: always what reading every invoice would give."""

from datetime import timedelta

import pytest

from accounts.models import Customer
from catalog.models import Item, Product
from invoices import queries
from invoices.models import CreditNote, Invoice, MonthlyTotal
from invoices.queries import Wanted, invoices_of, summarize
from invoices.ranges import MonthRange
from invoices.services.credit import credit_invoice
from invoices.services.month_end import bill_ended_months
from kernel.periods import CalendarMonth
from payments.services.invoices import pay_invoices_from_wallet
from tests.cast import JOB, NOON, create, fund, make_customer, make_item, make_product, owner_of
from tests.owner import as_owner
from tests.table.attack import refuse

APRIL, MAY = (CalendarMonth(2026, month).period.starts_at + timedelta(hours=1) for month in (4, 5))


@pytest.fixture(scope="module")
def two_months(standing):
    """
    March and April of a server (181,000 per 30 days) and a backup (36,000), both from 10 March, noon (UTC+7).

    March, 21 d 12 h: 129,717 and 25,800, of which the server's is paid and the backup's partly paid.
    April, 30 days: 181,000 and 36,000, of which the backup's is credited in full.
    """
    bob = make_customer("Bob", mode="postpaid")
    for product, price in (("vserver", 181_000), ("backup", 36_000)):
        create(bob, make_item(make_product(product), "plain", price))
    bill_ended_months(actor=JOB, at=APRIL)
    bill_ended_months(actor=JOB, at=MAY)
    invoices = {(inv.product.code, inv.period_key): inv for inv in Invoice.objects.select_related("product")}
    fund(bob, 139_717)
    chosen = [invoices["vserver", "2026-03"].pk, invoices["backup", "2026-03"].pk]
    pay_invoices_from_wallet(bob.pk, chosen, amount=139_717, actor=owner_of(bob), at=MAY)
    credit_invoice(invoices["backup", "2026-04"], 36_000, CreditNote.Reason.CORRECTION, note="outage", at=MAY)
    return invoices


@pytest.fixture
def bob(two_months, db):
    return Customer.objects.get(name="Bob")


def month(number: int) -> CalendarMonth:
    return CalendarMonth(2026, number)


def test_what_is_issued_paid_and_credited_moves_the_totals(bob, two_months):
    summary = summarize(bob, Wanted(), at=MAY)
    assert (summary.count, summary.charged, summary.paid, summary.due) == (4, 336_517, 139_717, 196_800)
    assert summary.months == {month(4): (139_717, 15_800), month(5): (0, 181_000)}
    names = {product.pk: product.code for product in Product.objects.all()}
    assert {names[pk]: charged for pk, charged in summary.products.items()} == {"vserver": 310_717, "backup": 25_800}


@pytest.mark.parametrize("status", ["", "open", "unpaid", "partially_paid", "paid", "void"])
@pytest.mark.parametrize("months", [None, MonthRange(month(4), month(4)), MonthRange(month(5), month(8))])
@pytest.mark.parametrize("product", ["", "vserver", "backup"])
def test_every_filter_gives_what_reading_the_invoices_gives(bob, two_months, monkeypatch, status, months, product):
    wanted = Wanted(months, Product.objects.filter(code=product).first(), status)
    kept = summarize(bob, wanted, at=MAY)
    monkeypatch.setattr(
        queries, "_totals", lambda customer, wanted: queries._added_up(invoices_of(customer, wanted, at=MAY))
    )
    read = summarize(bob, wanted, at=MAY)
    assert kept == read
    assert kept.count == invoices_of(bob, wanted, at=MAY).count()


def test_a_search_and_what_is_overdue_are_added_up_from_the_invoices(bob, two_months):
    assert summarize(bob, Wanted(text=two_months["backup", "2026-03"].number), at=MAY).charged == 25_800
    overdue = summarize(bob, Wanted(status="overdue"), at=MAY)
    assert (overdue.count, overdue.due) == (1, 15_800)


def test_what_everybody_owes_is_not_mixed_up(alice, bob):
    create(alice, Item.objects.get(product__code="vserver"), at=NOON)
    assert summarize(alice, Wanted(), at=MAY).charged == 181_000
    assert summarize(bob, Wanted(), at=MAY).charged == 336_517


def test_nobody_writes_totals_by_hand(bob, two_months):
    table = MonthlyTotal._meta.db_table
    for statement in (f"UPDATE {table} SET due = 0", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        refuse(statement, match="permission denied")
        with as_owner():
            refuse(statement, match="kept by the database|pending trigger events")
    assert summarize(bob, Wanted(), at=MAY).due == 196_800
