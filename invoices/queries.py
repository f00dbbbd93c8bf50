"""Reading invoices: filtered lists, and what they add up to by month and product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, F, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _

from accounts.models import Customer
from catalog.models import Product
from invoices.models import DunningStep, Invoice, InvoiceLine, MonthlyTotal, Question
from invoices.ranges import MonthRange, months_ago
from kernel.money import split
from kernel.periods import CalendarMonth, billing_zone
from kernel.seller import bank_words
from store.search import search

BARS = 12
CHUNK = 2000
MOST_BARS = 24


def facts_of_invoices(pks: set[UUID]) -> dict[UUID, dict[str, object]]:
    """What notices about invoices are held against, see `notifications.truth`."""
    answered = Question.objects.filter(invoice=OuterRef("pk")).exclude(state=Question.State.OPEN)
    found: QuerySet[Invoice] = Invoice.objects.filter(pk__in=pks).only("number", "due", "due_at", "status", "seller")
    rows = found.annotate(answered=ArraySubquery(answered.values("pk")))
    return {
        row.pk: {
            "number": row.number,
            "due": row.due,
            "due_date": row.due_date.isoformat(),
            "bank_account": bank_words(row.seller.get("bank", {})) if row.due else "",
            "transfer_text": row.number if row.due and row.seller.get("bank") else "",
            "void": row.status == Invoice.Status.VOID,
            "answered": [str(question) for question in row.answered],
        }
        for row in rows
    }


def facts_of_steps(pks: set[UUID]) -> dict[UUID, dict[str, object]]:
    """What notices about steps of dunning are held against; `again`: the same has been done since."""
    same = DunningStep.objects.filter(customer=OuterRef("customer"), act=OuterRef("act"), lifted_at=None)
    found: QuerySet[DunningStep] = DunningStep.objects.filter(pk__in=pks).only("done_at", "lifted_at")
    rows = found.annotate(again=Exists(same.exclude(done_at=None)))
    return {
        row.pk: {
            "waiting": row.lifted_at is None and row.done_at is None,
            "in_force": row.lifted_at is None and row.done_at is not None,
            "again": row.again,
        }
        for row in rows
    }


@dataclass(frozen=True, slots=True)
class Owed:
    """What is due on `count` invoices, in VND, the `first` of them when."""

    count: int
    due: int
    first: datetime | None


NOTHING = Owed(0, 0, None)


@dataclass(frozen=True, slots=True)
class Debts:
    """What a customer owes on invoices: what should have been paid by now, and the rest."""

    overdue: Owed
    to_come: Owed

    @property
    def due(self) -> int:
        return self.overdue.due + self.to_come.due


def debts_of(customer: Customer, *, at: datetime) -> Debts:
    """In one query."""
    is_overdue = ExpressionWrapper(Q(due_at__lte=at), BooleanField())
    groups = Invoice.objects.open().filter(customer=customer).order_by().values_list(is_overdue)
    found = {key: Owed(*sums) for key, *sums in groups.annotate(Count("pk"), Sum("due"), Min("due_at"))}
    return Debts(found.get(True, NOTHING), found.get(False, NOTHING))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which invoices: all of these hold. `status` is one of the model's, "open" or "overdue"."""

    months: MonthRange | None = None
    product: Product | None = None
    status: str = ""
    text: str = ""


def invoices_of(customer: Customer, wanted: Wanted, *, at: datetime) -> QuerySet[Invoice]:
    """The customer's invoices that are wanted; see the index `invoices_of_a_customer` for their order."""
    found = Invoice.objects.filter(customer=customer)
    if wanted.months:
        period = wanted.months.period
        found = found.filter(issued_at__gte=period.starts_at, issued_at__lt=period.ends_at)
    if wanted.product:
        found = found.filter(product=wanted.product)
    if wanted.text:
        found = search(found, wanted.text, ("number", "resource_name"))
    match wanted.status:
        case "":
            return found
        case "open":
            return found.filter(due__gt=0)
        case "overdue":
            return found.filter(due__gt=0, due_at__lte=at)
        case status:
            return found.filter(status=status)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a set of invoices adds up to, in VND. `charged` is net of credit notes, `paid` net of refunds."""

    count: int
    charged: int
    paid: int
    due: int
    months: dict[CalendarMonth, tuple[int, int]]
    """month -> (paid, due)"""
    products: dict[UUID, int]
    """product -> charged"""


def summarize(customer: Customer, wanted: Wanted, *, at: datetime) -> Summary:
    """
    Count and add up the invoices that are wanted, by month and by product, in one query.

    Read from the kept totals as far as they know the difference, else from the invoices themselves.
    """
    totals_know = not wanted.text and wanted.status != "overdue"
    groups = _totals(customer, wanted) if totals_know else _added_up(invoices_of(customer, wanted, at=at))
    months: dict[CalendarMonth, tuple[int, int]] = defaultdict(lambda: (0, 0))
    products: dict[UUID, int] = defaultdict(int)
    count = 0
    for first, product, invoices, charged, paid, due in groups:
        month = CalendarMonth(first.year, first.month)
        months[month] = (months[month][0] + paid, months[month][1] + due)
        products[product] += charged
        count += invoices
    paid = sum(paid for paid, _due in months.values())
    due = sum(due for _paid, due in months.values())
    return Summary(count, sum(products.values()), paid, due, dict(months), dict(products))


Group = tuple[date, UUID, int, int, int, int]
"""First day of the month, product, number of invoices, charged, paid, due."""


def _totals(customer: Customer, wanted: Wanted) -> Iterable[Group]:
    found = MonthlyTotal.objects.filter(customer=customer, invoices__gt=0)
    if wanted.months:
        found = found.filter(month__gte=first_day(wanted.months.first), month__lte=first_day(wanted.months.last))
    if wanted.product:
        found = found.filter(product=wanted.product)
    if wanted.status == "open":
        found = found.filter(due__gt=0)
    elif wanted.status:
        found = found.filter(status=wanted.status)
    return found.values_list("month", "product_id", "invoices", "charged", "paid", "due")


def _added_up(invoices: QuerySet[Invoice]) -> Iterable[Group]:
    groups = (
        invoices.order_by()
        .annotate(month=TruncMonth("issued_at", tzinfo=billing_zone()))
        .values("month", "product_id")
        .annotate(
            count=Count("pk"),
            charged=Sum(F("total") - F("credited")),
            kept=Sum(F("paid") - F("refunded")),
            open=Sum("due"),
        )
    )
    return groups.values_list("month", "product_id", "count", "charged", "kept", "open")


def status_words(invoice: Invoice, *, at: datetime) -> str:
    """The invoice's status in words; overdue says more than unpaid."""
    return _("overdue") if invoice.is_overdue(at) else str(Invoice.Status(invoice.status).label)


def product_names() -> dict[UUID, str]:
    """The products, few as they are, by their names in the active language."""
    return {product.pk: str(product) for product in Product.objects.all()}


def months_to_draw(wanted: MonthRange | None, *, at: datetime) -> list[CalendarMonth]:
    """The months of the chart: those that are asked for, at most the latest 24; without a wish the latest twelve."""
    months = wanted or MonthRange(months_ago(BARS - 1, at=at), CalendarMonth.of(at))
    return months.months[-MOST_BARS:]


def first_day(month: CalendarMonth) -> date:
    return date(month.year, month.month, 1)


def coupon_shares(coupons: Mapping[UUID, int]) -> dict[int, int]:
    """Invoice -> coupon becomes line -> its part of it, in proportion to the totals; the parts add up to the đồng."""
    if not coupons:
        return {}
    rows = InvoiceLine.objects.filter(invoice__in=list(coupons)).order_by("invoice", "position")
    shares: dict[int, int] = {}
    for invoice, grouped in groupby(rows.values_list("invoice", "pk", "total"), key=lambda row: row[0]):
        parts = [(pk, total) for _invoice, pk, total in grouped]
        divided = split(coupons[invoice], [total for _pk, total in parts])
        shares |= {pk: share for (pk, _total), share in zip(parts, divided, strict=True)}
    return shares
