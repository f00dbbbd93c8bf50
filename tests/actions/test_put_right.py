"""Ways back from a mistake: a void invoice is billed again, a price that ended by mistake goes on."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from accounts.four_eyes import Asked, OwnApproval, approve, ask
from accounts.models import AuditEntry, Customer
from catalog.acts import BackDatePrice, CategoryGone
from catalog.models import Item, Price, Product, TaxCategory
from catalog.services import NotEnded, NotInThePast, PricedAlready, Replaced, reopen_price
from invoices.models import Invoice, ParkedBilling
from invoices.services.again import BilledAgainAlready, NotVoid, bill_again
from invoices.services.month_end import bill_ended_months, run_month_end
from invoices.services.release import release
from kernel.periods import CalendarMonth, local_day
from lifecycle.services.sweeps import end_paid_time
from orders.services.delete import delete_resource
from payments.services.correct import correct_invoice
from tests.actions.books import nothing_changes, refused
from tests.cast import DAY, JOB, STAFF, create, enter, make_buyer, make_colleague, make_item, owner_of

pytestmark = pytest.mark.django_db
MARCH = CalendarMonth(2026, 3)
FIRST, OVER = MARCH.period.starts_at, MARCH.period.ends_at


def billed(bob: Customer, item: Item) -> Invoice:
    [server] = create(bob, item, at=FIRST)
    bill_ended_months(actor=JOB, at=OVER)
    return server.invoices.get()


def void(invoice: Invoice) -> None:
    correct_invoice(invoice.pk, invoice.total, note="wrong tax code", actor=STAFF, at=OVER + DAY)


def test_a_void_month_is_billed_again_once_under_the_buyers_new_name(bob: Customer, small: Item) -> None:
    first = billed(bob, small)
    void(first)
    make_buyer(bob, "Công ty Bob", tax_code="0312345673")
    again = bill_again(first.pk, reason="tax code", actor=STAFF, at=OVER + 2 * DAY)
    assert (again.total, again.status, again.buyer["tax_code"]) == (187_033, "unpaid", "0312345673")
    assert (again.period_start, again.covered_until, local_day(again.due_at)) == (FIRST, OVER, date(2026, 4, 18))
    assert AuditEntry.objects.get(verb="bill again").reason == "tax code"
    with refused(BilledAgainAlready):
        bill_again(first.pk, reason="twice", actor=STAFF, at=OVER + 3 * DAY)
    void(again)
    assert bill_again(again.pk, reason="once more", actor=STAFF, at=OVER + 4 * DAY).total == 187_033


def test_a_void_month_is_not_billed_again_by_a_run_or_a_deletion(bob: Customer, small: Item) -> None:
    """Ten days of April are, at the deletion: 60,333."""
    first = billed(bob, small)
    void(first)
    with nothing_changes():
        run_month_end(MARCH, actor=JOB, at=OVER + 2 * DAY)
    delete_resource(first.resource_id, actor=owner_of(bob), at=OVER + 10 * DAY)
    assert sorted(Invoice.objects.values_list("total", flat=True)) == [60_333, 187_033]
    assert bill_again(first.pk, reason="tax code", actor=STAFF, at=OVER + 11 * DAY).total == 187_033


def test_what_stands_in_part_is_not_billed_again(bob: Customer, small: Item) -> None:
    invoice = billed(bob, small)
    correct_invoice(invoice.pk, 1_000, note="goodwill", actor=STAFF, at=OVER)
    with refused(NotVoid):
        bill_again(invoice.pk, reason="?", actor=STAFF, at=OVER)


def test_prepaid_invoices_are_not_billed_again(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    void(server.invoices.get())
    with refused(NotVoid):
        bill_again(server.invoices.get().pk, reason="?", actor=STAFF, at=OVER)


def test_a_price_that_ended_by_mistake_goes_on(bob: Customer, vserver: Product) -> None:
    item = make_item(vserver, "ending", 43_200, valid_until=FIRST + 5 * DAY)
    [server] = create(bob, item, at=FIRST)
    end_paid_time(actor=JOB, at=OVER)
    reopen_price(item.prices.get().pk, reason="ended by mistake", actor=STAFF, at=OVER)
    bill_ended_months(actor=JOB, at=OVER)
    assert server.invoices.get().total == 44_640
    with refused(NotEnded):
        reopen_price(item.prices.get().pk, reason="again", actor=STAFF, at=OVER)


def test_a_price_that_another_one_followed_stays_ended(vserver: Product, bob: Customer) -> None:
    item = make_item(vserver, "old", 43_200, valid_until=FIRST)
    Price.objects.create(item=item, unit_price=Decimal(50_000), valid_from=FIRST + DAY)
    with refused(Replaced):
        reopen_price(item.prices.get(valid_until=FIRST).pk, reason="?", actor=STAFF, at=OVER)


def test_a_negotiated_price_that_the_list_price_followed_stays_ended(small: Item, bob: Customer) -> None:
    own = Price.objects.create(item=small, customer=bob, unit_price=1, valid_from=FIRST, valid_until=FIRST + DAY)
    with refused(Replaced):
        reopen_price(own.pk, reason="?", actor=STAFF, at=OVER)


def priced(
    item: Item, at: datetime, *, customer: Customer | None = None, unit_price: str = "43200", **tax: str
) -> Asked:
    """Asked for by one; per 30 days, from `at` on."""
    facts = {
        "item": str(item.pk), "unit_price": unit_price, "per_minutes": 43_200, "includes_vat": True, "starts_at": at.isoformat(),
        **(tax or {"tax_category": "standard"}),
    }  # fmt: skip
    return ask(
        BackDatePrice, customer=customer, subject=item, facts=facts, reason="forgotten", actor=make_colleague(), at=OVER
    )


def test_time_that_has_passed_gets_a_price_by_two_and_all_that_waited_is_billed(
    bob: Customer, vserver: Product
) -> None:
    """One đồng a minute until 6 March by a price that ended by mistake, two from then on: 7,200 + 2 x 37,440."""
    item = make_item(vserver, "ending", 43_200, valid_until=FIRST + 5 * DAY)
    [server] = create(bob, item, at=FIRST)
    bill_ended_months(actor=JOB, at=OVER)
    held = ParkedBilling.objects.get()
    assert (held.cause, server.invoices.exists()) == ("no-price", False)

    asked = priced(item, FIRST + 5 * DAY, unit_price="86400")
    assert asked.waits
    with refused(OwnApproval):
        approve(asked.act.pk, actor=STAFF, at=OVER)
    approve(asked.act.pk, actor=make_colleague("second@portal.example"), at=OVER)
    release(held.pk, reason="priced", actor=STAFF, at=OVER)

    assert server.invoices.get().total == 82_080
    assert AuditEntry.objects.get(verb="back-date price").reason == "forgotten"


@pytest.mark.parametrize(("said", "category"), [("0.080", "carried-8"), ("0.085", "carried-8-5"), ("0.1", "standard")])
def test_what_waits_since_prices_said_a_rate_has_the_category_of_that_rate(
    vserver: Product, said: str, category: str
) -> None:
    for code, rate in (("carried-8", "0.08"), ("carried-8-5", "0.085")):
        enter(TaxCategory.objects.create(code=code, name="a", name_en="a"), "1999-01-01", rate)
    item = make_item(vserver, "late", 43_200, valid_from=FIRST + 9 * DAY)
    asked = priced(item, FIRST, vat_rate=said)
    approve(asked.act.pk, actor=make_colleague("second@portal.example"), at=OVER)
    assert item.prices.get(valid_from=FIRST).tax_category_id == category


def test_what_was_asked_for_with_a_rate_that_no_category_has_is_asked_for_anew(small: Item) -> None:
    make_colleague()
    with refused(CategoryGone):
        priced(small, FIRST, vat_rate="0.05")


def test_a_price_of_the_past_ends_where_the_next_one_begins(vserver: Product) -> None:
    item = make_item(vserver, "late", 43_200, valid_from=FIRST + 9 * DAY)
    approve(priced(item, FIRST).act.pk, actor=make_colleague("second@portal.example"), at=OVER)
    assert item.prices.get(valid_from=FIRST).valid_until == FIRST + 9 * DAY


def test_time_that_had_a_price_keeps_it(small: Item, bob: Customer) -> None:
    """Negotiated, too: it was charged by the list."""
    make_colleague()
    for customer in (None, bob):
        with refused(PricedAlready):
            priced(small, FIRST, customer=customer)
    with refused(NotInThePast):
        priced(small, OVER)
    assert small.prices.count() == 1
