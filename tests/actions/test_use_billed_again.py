"""A bill of use that was void is billed again, in its place in the month."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from accounts.models import Customer
from catalog.models import Item, Product
from invoices.models import CreditNote, Invoice
from invoices.services.again import BilledAgainAlready, NothingLeft, bill_again
from invoices.services.month_end import run_month_end
from lifecycle.models import Resource
from payments.services.correct import correct_invoice
from tests.actions.books import nothing_changes, refused
from tests.actions.used import APRIL, BEGIN, MARCH, MAY, OVER, TIERS, bill, report, server, traffic, uses
from tests.cast import (
    DAY,
    JOB,
    STAFF,
    create,
    make_metered,
)

__all__ = ["server", "traffic"]
pytestmark = pytest.mark.django_db


def test_a_void_bill_of_use_is_billed_again_once(server: Resource) -> None:
    """The bill of March with 10 GB and a late one with 4: each is void, and billed again as it was."""
    report(server, "a", 10)
    bill()
    report(server, "b", 4, at=OVER + DAY)
    bill(APRIL)
    after = APRIL.period.ends_at + DAY
    for void in (server.invoices.get(period_key="2026-03"), server.invoices.get(is_late=True)):
        total = void.total
        correct_invoice(void.pk, total, note="tax code", actor=STAFF, at=after)
        again = bill_again(void.pk, reason="tax code", actor=STAFF, at=after)
        assert (again.total, again.is_late) == (total, void.is_late)
        with pytest.raises(BilledAgainAlready):
            bill_again(void.pk, reason="twice", actor=STAFF, at=after)
    with nothing_changes():
        run_month_end(MARCH, actor=JOB, at=after)
    report(server, "c", 1, at=after)
    run_month_end(MARCH, actor=JOB, at=after)
    assert uses()[-1][1:5] == (14, 1, 7_000, 500)


def test_a_bill_of_use_of_which_nothing_is_left_is_not_billed_again(server: Resource) -> None:
    report(server, "a", 1)
    bill()
    report(server, "b", 4, at=OVER + DAY)
    bill(APRIL)
    report(server, "c", None, corrects="b", at=APRIL.period.ends_at + DAY)
    bill(MAY)
    late = server.invoices.get(is_late=True)
    assert late.status == "void"
    with refused(NothingLeft):
        bill_again(late.pk, reason="tax code", actor=STAFF, at=MAY.period.ends_at + DAY)


def test_what_is_billed_again_is_taken_back_in_its_place(bob: Customer, small: Item, vserver: Product) -> None:
    """
    150 GB of March, 100 of them included, and a late 1,000; the first bill is void and billed again.

    The 1,000 were none: they cost 950 at 500 and 50 at 450. Then 30 of the 150 were: all of it is included. It is void and billed
    once more: what is left of March is 187,033 for the time.
    """
    make_metered(vserver, "traffic", 500, **TIERS)
    [server] = create(bob, small, at=BEGIN)
    report(server, "a", 150)
    bill()
    report(server, "b", 1_000, at=OVER + DAY)
    bill(APRIL)
    after = APRIL.period.ends_at + DAY
    _void_and_again(server.invoices.get(period_key="2026-03"), at=after)
    report(server, "c", None, corrects="b", at=after)
    run_month_end(MARCH, actor=JOB, at=after)
    report(server, "d", 30, corrects="a", at=after)
    run_month_end(MARCH, actor=JOB, at=after)
    notes = CreditNote.objects.filter(reason="used_less").order_by("number")
    assert list(notes.values_list("invoice__is_late", "amount")) == [(True, 497_500), (False, 25_000)]
    once_more = _void_and_again(server.invoices.get(period_key="2026-03/again"), at=after)
    assert once_more.total == 187_033
    assert list(once_more.lines.filter(per_minutes=0).values_list("quantity", "amount")) == [(Decimal(30), 0)]


def _void_and_again(invoice: Invoice, *, at: datetime) -> Invoice:
    correct_invoice(invoice.pk, invoice.total - invoice.credited, note="tax code", actor=STAFF, at=at)
    return bill_again(invoice.pk, reason="tax code", actor=STAFF, at=at)
