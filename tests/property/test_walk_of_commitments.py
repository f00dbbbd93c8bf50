"""
Random walks of whoever has committed: they order, resize, use, delete, are held back, credited and released, months end in whatever order
staff decide them. What counts is kept by hand, bill by bill, without asking when one was issued.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest

from accounts.models import Customer
from billing_portal.auditor import violations
from catalog.commitments import CommitmentOver, end_early, see_to_ends, set_renewal
from catalog.models import Commitment, Item
from catalog.models.commitments import following_month
from invoices.models import CommittedMonth, Invoice, InvoiceLine, ParkedBilling
from invoices.services.month_end import bill_ended_months
from invoices.services.release import release
from kernel.errors import DomainError
from kernel.periods import CalendarMonth
from lifecycle.models import Resource
from orders.services.delete import delete_resource
from payments.services.correct import correct_invoice
from tests.actions.test_commitments import committed
from tests.actions.test_usage_intake import take, use
from tests.cast import (
    DAY,
    JOB,
    NOON,
    STAFF,
    create,
    make_colleague,
    make_customer,
    make_item,
    make_metered,
    make_product,
    owner_of,
    resize,
    switch_mode,
)

pytestmark = pytest.mark.django_db
MONTHS = 4
STEPS = 4
"""In a month."""
FIRST = "2026-04"


@dataclass
class Walk:
    """A customer who pays afterwards, or who paid one server ahead before; what was counted of which bill for which month."""

    random: Random
    customer: Customer
    items: list[Item]
    at: datetime
    counted: dict[UUID, str] = field(default_factory=dict)
    decided: set[str] = field(default_factory=set)
    uses: int = 0

    def some(self) -> Resource | None:
        running = list(self.customer.resources.filter(state="active", product__code="vserver").order_by("pk"))
        return self.random.choice(running) if running else None

    def order(self) -> None:
        create(self.customer, self.random.choice(self.items), at=self.at)

    def resize(self) -> None:
        if server := self.some():
            resize(server, self.random.choice(self.items), at=self.at)

    def delete(self) -> None:
        if server := self.some():
            delete_resource(server.pk, actor=owner_of(self.customer), at=self.at)

    def use(self) -> None:
        """Of today, or late of the month before."""
        if server := self.some():
            self.uses += 1
            used_at = self.at - self.random.choice([0, 0, 20]) * DAY
            take(server, use(server, f"u{self.uses}", self.random.randint(1, 900), used_at=used_at), at=self.at)

    def hold(self) -> None:
        """A bill of the present month, which waits for staff."""
        if server := self.some():
            month = CalendarMonth.of(self.at)
            facts = {"customer": self.customer, "month": month.key, "resource": server}
            ParkedBilling.objects.get_or_create(**facts, defaults={"cause": "no-price", "at": self.at})

    def release(self) -> None:
        held = ParkedBilling.objects.filter(state="parked", month__lt=CalendarMonth.of(self.at).key).order_by("pk")
        if parked := held.first():
            release(parked.pk, reason="looked at", actor=STAFF, at=self.at)

    def credit(self) -> None:
        bills = list(Invoice.objects.of_use().filter(total__gt=100_000).order_by("number"))
        if bills:
            bill = self.random.choice(bills)
            correct_invoice(bill.pk, 1_000, note="an hour", actor=STAFF, at=self.at)

    def renewal(self) -> None:
        last = Commitment.objects.standing().order_by("starts_on").last()
        if last:
            renews = self.random.choice([True, False])
            set_renewal(self.customer.pk, last.pk, renews=renews, actor=owner_of(self.customer), at=self.at)

    def end(self) -> None:
        last = Commitment.objects.standing().order_by("starts_on").last()
        if last and self.random.random() < 0.3:
            ends_on = max(following_month(self.at), last.starts_on)
            end_early(last.pk, ends_on=ends_on, reason="moved", actor=STAFF, at=self.at)

    def step(self) -> None:
        moves = [self.order, self.resize, self.delete, self.use, self.use, self.hold, self.release, self.credit]
        move = self.random.choice([*moves, self.renewal, self.end])
        with suppress(DomainError):
            move()
        self.look(move.__name__)

    def cross(self) -> None:
        """The last day of the month with its job and what an owner does after it, and the month end."""
        month = CalendarMonth.of(self.at)
        see_to_ends(actor=JOB, at=month.period.ends_at - timedelta(hours=16))
        self.at = month.period.ends_at - timedelta(minutes=5)
        if self.random.random() < 0.5:
            with suppress(CommitmentOver):
                self.renewal()
        self.at = month.period.ends_at + timedelta(minutes=30)
        if not self.decided and month.key <= FIRST:  # what came before the first month was over counts for none
            self.counted |= dict.fromkeys(Invoice.objects.filter(period_key__lt=FIRST).values_list("pk", flat=True), "")
        bill_ended_months(actor=JOB, at=self.at)
        self.look("month end")
        assert violations() == []

    def look(self, after: str) -> None:
        """What was decided since is what the bills come to that count; each counts for one month, and what lacks is billed once."""
        for one in CommittedMonth.objects.exclude(month__in=self.decided).order_by("id"):
            spent = 0
            for bill in Invoice.objects.of_use().order_by("number"):
                month = bill.period_key[:7]
                is_late = bill.is_late and (
                    month in self.decided or (not self.has(month) and "/use/" not in bill.period_key)
                )
                if bill.pk not in self.counted and (month == one.month or is_late):
                    self.counted[bill.pk] = one.month
                    spent += bill.total - bill.credited
            assert (one.counted, one.shortfall) == (spent, max(0, one.amount - spent)), f"{one.month}, after {after}"
            self.decided.add(one.month)
        shortfalls = Invoice.objects.filter(resource=None)
        billed = sorted(CommittedMonth.objects.filter(shortfall__gt=0).values_list("month", "shortfall"))
        assert sorted((key[:7], total) for key, total in shortfalls.values_list("period_key", "total")) == billed
        for starts_at, has in InvoiceLine.objects.filter(
            invoice__resource__isnull=False, invoice__kind="usage"
        ).values_list("starts_at", "committed"):
            assert has == (Decimal("0.1") if self.has(CalendarMonth.of(starts_at).key) else 0)

    def has(self, month: str) -> bool:
        return Commitment.objects.of_month(CalendarMonth.parse(month)).exists()


def begun(seed: int) -> Walk:
    random = Random(seed)
    server = make_product("vserver")
    items = [make_item(server, "small", 181_000), make_item(server, "large", 520_000)]
    make_metered(server, "traffic", 500)
    make_colleague(STAFF.name)
    was_prepaid = seed % 2 == 0
    customer = make_customer("Ann", mode="prepaid" if was_prepaid else "postpaid", credit=9_000_000)
    create(customer, items[0], months=3)
    if was_prepaid:
        switch_mode(customer, "postpaid", at=NOON + DAY)
        customer.refresh_from_db()
    committed(customer, months=random.randint(1, 3), renews=random.choice([True, False]), starts_on=date(2026, 4, 1))
    return Walk(random, customer, items, NOON + 2 * DAY)


@pytest.mark.parametrize("seed", range(1, 4))
def test_whatever_happens_each_bill_counts_once_and_what_lacks_is_billed_once(seed: int) -> None:
    walk = begun(seed)
    for _month in range(MONTHS):
        for _step in range(STEPS):
            walk.at += timedelta(days=4, hours=1)
            walk.step()
        walk.cross()
    assert walk.decided or not Commitment.objects.standing().exists()
