"""
What was used of metered items, and what of it is on bills already.

A month of use is priced as a whole: what is billed of it is what it comes to by now, less what was billed. So it does not matter in
how many parts a month is billed, nor why: a resource left in it, or something was reported late. What turns out to be less than was
billed is credited.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, TypedDict
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from accounts.models import Customer
from catalog.pricing import Component, Line, price_line
from catalog.queries import PriceBook
from invoices.explain import component_of, period_of
from invoices.models import CreditNote, Invoice, InvoiceLine, UseTakenBack
from invoices.services.credit import credit_invoice
from invoices.services.ladder import lift_what_is_settled
from kernel.money import round_half_up
from kernel.periods import CalendarMonth, Period
from notifications.models import Notice
from notifications.services import tell
from usage.queries import has_records, used, with_late_uses

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

NOTHING = Decimal(0)
AT_ONCE = 500
BILLED_AGAIN = Q(invoice__status=Invoice.Status.VOID, invoice__covered_until=F("invoice__period_start"))


class OnBills(NamedTuple):
    """What bills of a month say of an item of a resource: how much, at which price and discount."""

    quantity: Decimal
    price_id: UUID
    discount: Decimal


@dataclass(frozen=True, slots=True)
class Change:
    """An item of which a month's use, `now`, is not what its bills say. `since` is when the use in it began."""

    item_id: UUID
    now: Decimal
    since: datetime
    on_bills: OnBills | None

    @property
    def quantity_on_bills(self) -> Decimal:
        return self.on_bills.quantity if self.on_bills else NOTHING

    @property
    def more(self) -> Decimal:
        return self.now - self.quantity_on_bills

    def component(self, book: PriceBook, customer: Customer, *, taxed_at: datetime) -> Component:
        """
        What comes on top of the bills: at the price and the discount of the first of them, else at those in force when use began.

        :raises NoPrice:
        """
        if self.on_bills is None:
            return book.component(self.item_id, self.now, customer.pk, self.since, customer.language, taxed_at=taxed_at)
        _quantity, price_id, discount = self.on_bills
        known = book.used(self.item_id, price_id, discount, customer.language, taxed_at=taxed_at)
        return replace(known, quantity=self.more, before=self.on_bills.quantity)

    def priced(self, book: PriceBook, customer: Customer, period: Period) -> Line:
        """
        What comes on top of the bills, as a line of `period`, taxed in its last minute.

        :raises NoPrice:
        """
        return price_line(self.component(book, customer, taxed_at=period.last_minute), period)


@dataclass(frozen=True, slots=True)
class Less:
    """So much less than was billed of an item of a resource was used in a month."""

    customer: Customer
    resource_id: UUID
    month: CalendarMonth
    item_id: UUID
    quantity: Decimal


def changes(
    resources: Collection[UUID],
    customers: Collection[UUID],
    window: Period,
    *,
    through: int | None,
    known_at: datetime | None = None,
) -> dict[UUID, list[Change]]:
    """
    Resource -> items whose use in `window` (the beginning of a month, or all of it) is not what bills say, in three queries or four.

    A month whose part of the table was detached has no changes.

    :param through: as for `usage.queries.used`
    :param known_at: bills that were issued later say nothing; without it, all of them do
    """
    found: dict[UUID, list[Change]] = defaultdict(list)
    if not resources:
        return found
    month = CalendarMonth.of(window.starts_at)
    on_bills = _on_bills(resources, customers, month, known_at)
    for resource_id, item_id, since, quantity in used(resources, window, through=through):
        change = Change(item_id, quantity, since, on_bills.pop((resource_id, item_id), None))
        if change.more:
            found[resource_id].append(change)
    gone = {key: billed for key, billed in on_bills.items() if billed.quantity}
    if gone and has_records(month):
        for (resource_id, item_id), billed in gone.items():  # all of it was taken back
            found[resource_id].append(Change(item_id, NOTHING, month.period.starts_at, billed))
    return found


def changed_late(month: CalendarMonth, *, through: int) -> list[UUID]:
    """Resources of which something was reported late that bills of the month do not say yet."""
    found: list[UUID] = []
    late = with_late_uses(month)
    for start in range(0, len(late), AT_ONCE):
        some = dict(late[start : start + AT_ONCE])
        found += changes(some, set(some.values()), month.period, through=through)
    return found


def take_back(less: Less, *, at: datetime) -> None:
    """
    Credit what was billed of uses that were none: of the last in the month first, never more than is left of it and of its
    line. The caller holds the customer.
    """
    lines = lines_of(Q(customer=less.customer.pk, invoice__resource=less.resource_id, item=less.item_id), less.month)
    standing = [line for line in lines.select_related("invoice", "price") if line.quantity > line.taken]
    billed, rest = sum((line.quantity - line.taken for line in standing), NOTHING), less.quantity
    for line in reversed(standing):
        part = min(rest, line.quantity - line.taken)
        if not part:
            break
        billed, rest = billed - part, rest - part
        note = _credit(line, worth_of(line, part, before=billed), less.customer, at=at)
        UseTakenBack.objects.create(line=line, credit_note=note, quantity=part, at=at)
    lift_what_is_settled(less.customer.pk, at=at)


def _credit(line: InvoiceLine, worth: Line, customer: Customer, *, at: datetime) -> CreditNote | None:
    invoice = Invoice.objects.lock_all([line.invoice_id])[0]
    amount = min(worth.total, _left_of(line), invoice.total - invoice.credited)
    if amount <= 0:
        return None
    tax = round_half_up(worth.tax * amount, worth.total)
    note = credit_invoice(invoice, amount, CreditNote.Reason.USED_LESS, tax=tax, at=at)
    if note.refunded:
        for give in _givers:
            give(note, at)
    tell(
        customer,
        Notice.Kind.INVOICE_CORRECTED,
        invoice.pk,
        note.pk,
        at=at,
        number=invoice.number,
        resource=invoice.resource_name,
        credit_note=note.number,
        amount=amount,
        refund=note.refunded,
        month=CalendarMonth.of(line.starts_at).key,
    )
    return note


def _left_of(line: InvoiceLine) -> int:
    """What of the line no credit note about it has taken back: one for use, or one for which it was questioned."""
    about = CreditNote.objects.filter(Q(uses__line=line) | Q(questions__line=line))
    credited = CreditNote.objects.filter(pk__in=about.values("pk")).aggregate(sum=Sum("amount"))["sum"]
    return line.total - (credited or 0)


def worth_of(line: InvoiceLine, quantity: Decimal, *, before: Decimal) -> Line:
    """What `quantity` comes to at the line's price and rate of VAT, on top of what was used `before`."""
    return price_line(replace(component_of(line), quantity=quantity, before=before), period_of(line))


class Taken(TypedDict):
    taken: Decimal


def lines_of(scope: Q, month: CalendarMonth) -> QuerySet[WithAnnotations[InvoiceLine, Taken]]:
    """
    Lines of use that stand for the month, with what of each was `taken` back; see the index `lines_of_use`.

    In the order in which they follow each other in the month: one that was billed again is in the place of the void one.
    """
    taken = UseTakenBack.objects.filter(line=OuterRef("pk")).order_by().values("line").annotate(sum=Sum("quantity"))
    period = month.period
    return (
        InvoiceLine.objects.filter(scope, per_minutes=0, starts_at__gte=period.starts_at, starts_at__lt=period.ends_at)
        .exclude(BILLED_AGAIN)
        .annotate(taken=Coalesce(Subquery(taken.values("sum")), Value(NOTHING)))
        .order_by("quantity_before", "pk")
    )


def _on_bills(
    resources: Collection[UUID], customers: Collection[UUID], month: CalendarMonth, known_at: datetime | None
) -> dict[tuple[UUID, UUID], OnBills]:
    """(resource, item) -> what bills of the month say."""
    found: dict[tuple[UUID, UUID], OnBills] = {}
    known = Q(invoice__issued_at__lte=known_at) if known_at else Q()
    lines = lines_of(Q(known, customer__in=customers, invoice__resource__in=list(resources)), month)
    rows = lines.values_list("invoice__resource", "item", "quantity", "taken", "price", "discount")
    for resource_id, item_id, quantity, taken, price_id, discount in rows:
        before = found.get((resource_id, item_id), OnBills(NOTHING, price_id, discount))
        found[resource_id, item_id] = before._replace(quantity=before.quantity + quantity - taken)
    return found


_givers: list[Callable[[CreditNote, datetime], None]] = []


def gives_back(give: Callable[[CreditNote, datetime], None]) -> None:
    """An app above says how what a credit note refunds reaches the customer."""
    _givers.append(give)
