"""
The usage report: what of the invoiced lines lies in one calendar month of the billing zone.

A line stands in each month that its time touches, with its stretch there. What it is worth up to an instant is rounded once;
its share of a month is the difference of two such sums, so its shares add up to the line, to the đồng.

What credit notes took back is not usage: lines are worth their share of what is left of the invoice, over the time that it
still covers. So all months together come to what the invoice charges, and a minute that is billed by a later invoice
instead (a resize, a void invoice billed again) stands under that one alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    DecimalField,
    Expression,
    F,
    Func,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest, Least
from django.utils.translation import get_language

from catalog.models import Product
from invoices.explain import name_of
from invoices.models import Invoice, InvoiceLine
from invoices.queries import CHUNK, coupon_shares
from invoices.ranges import MonthRange
from kernel.money import split
from kernel.periods import CalendarMonth, Period
from kernel.tags import Tags

EXACT = DecimalField(max_digits=40, decimal_places=0)
IS_WHOLE = Q(invoice__credited=0)


@dataclass(frozen=True, slots=True)
class Usage:
    """One line in one month. `total` is net of the coupon and of what was credited; `amount` is before VAT on top."""

    invoice: UUID
    resource: UUID | None
    number: str
    resource_name: str
    product: Product
    item: str
    unit: str
    starts_at: datetime
    ends_at: datetime
    minutes: int
    unit_price: Decimal
    per_minutes: int
    quantity: Decimal
    discount: Decimal
    amount: int
    tax: int
    coupon: int
    total: int
    tags: Tags


@dataclass(frozen=True, slots=True)
class Sums:
    count: int
    tax: int
    coupon: int
    total: int


def lines_of_month(lines: QuerySet[InvoiceLine], month: CalendarMonth) -> QuerySet[InvoiceLine]:
    """
    Those of `lines` that lie in the month in part or whole, with their `month_start`, `month_end`, `month_minutes`,
    `month_tax` and `month_total` (before coupons). See the index `lines_of_a_customer` for their order.
    """
    period = month.period
    start: Expression = Greatest("starts_at", Value(period.starts_at))
    end: Expression = Least("until", Value(period.ends_at))
    return (
        lines_within(lines, period)
        .alias(
            minutes_before=_minutes("starts_at", start),
            minutes_until=_minutes("starts_at", end),
            minutes_used=_minutes("starts_at", F("until")),
            kept_tax=_kept("tax"),
        )
        .annotate(
            month_start=start,
            month_end=end,
            month_minutes=F("minutes_until") - F("minutes_before"),
            month_tax=_in_month("kept_tax", period),
            month_total=_in_month("kept_total", period),
        )
    )


def lines_within(lines: QuerySet[InvoiceLine], period: Period) -> QuerySet[InvoiceLine]:
    """Those of `lines` that lie in `period` in part or whole: `until` where they are charged, and `kept_total`, what is left of them."""
    found = lines.filter(
        Q(starts_at__lt=period.ends_at, ends_at__gt=period.starts_at, minutes__gt=0),
        Q(invoice__covered_until__gt=period.starts_at) & Q(invoice__covered_until__gt=F("starts_at")),
    )
    return found.alias(
        until=Least("ends_at", "invoice__covered_until"),
        kept_total=_kept("total"),
    )


def usages(lines: Iterable[InvoiceLine], month: CalendarMonth) -> Iterator[Usage]:
    """What `lines_of_month` gave, as rows of the report; two queries for each chunk that has coupons."""
    source, language = iter(lines), get_language() or "vi"
    while chunk := list(islice(source, CHUNK)):
        with_coupon = {line.invoice_id for line in chunk if line.invoice.coupon}
        parts = coupons_of_month(Invoice.objects.filter(pk__in=with_coupon), month) if with_coupon else {}
        shares = coupon_shares(parts)
        for line in chunk:
            yield _usage(line, shares.get(line.pk, 0), language)


def sums_of_month(lines: QuerySet[InvoiceLine], invoices: QuerySet[Invoice], month: CalendarMonth) -> Sums:
    """What the month's lines of these invoices come to."""
    sums = lines_of_month(lines, month).aggregate(count=Count("pk"), tax=Sum("month_tax"), total=Sum("month_total"))
    coupon = sum(coupons_of_month(invoices, month).values())
    return Sums(sums["count"], sums["tax"] or 0, coupon, (sums["total"] or 0) - coupon)


def coupons_of_month(invoices: QuerySet[Invoice], month: CalendarMonth) -> dict[UUID, int]:
    """
    Invoice -> the month's part of its coupon: equal parts over the calendar months that it covers, adding up exactly.

    Of a coupon as of the lines, what credit notes took back does not count.
    """
    return {pk: parts[month] for pk, (_cover, parts) in coupons_within(invoices, month.period).items()}


def coupons_within(invoices: QuerySet[Invoice], period: Period) -> dict[UUID, tuple[Period, dict[CalendarMonth, int]]]:
    """Invoice that covers any of `period` -> what it covers, and the part of its coupon of each calendar month of that."""
    touching = invoices.filter(
        Q(coupon__gt=0, period_start__lt=period.ends_at),
        Q(covered_until__gt=period.starts_at) & Q(covered_until__gt=F("period_start")),
    ).annotate(kept_coupon=_kept_subtotal() - F("total") + F("credited"))
    rows = touching.values_list("pk", "kept_coupon", "period_start", "covered_until")
    covers = [(pk, coupon, Period(start, until)) for pk, coupon, start, until in rows]
    return {pk: (cover, _equal_parts(coupon, cover)) for pk, coupon, cover in covers}


def _equal_parts(amount: int, cover: Period) -> dict[CalendarMonth, int]:
    months = MonthRange(CalendarMonth.of(cover.starts_at), CalendarMonth.of(cover.last_minute)).months
    return dict(zip(months, split(amount, [1] * len(months)), strict=True))


def _usage(line: Any, coupon: int, language: str) -> Usage:
    invoice = line.invoice
    return Usage(
        invoice=invoice.pk,
        resource=invoice.resource_id,
        number=invoice.number,
        resource_name=invoice.resource_name,
        product=invoice.product,
        item=name_of(line, language),
        unit=line.unit,
        starts_at=line.month_start,
        ends_at=line.month_end,
        minutes=line.month_minutes,
        unit_price=line.unit_price,
        per_minutes=line.per_minutes,
        quantity=line.quantity,
        discount=line.discount,
        amount=line.month_total - (0 if line.includes_vat else line.month_tax),
        tax=line.month_tax,
        coupon=coupon,
        total=line.month_total - coupon,
        tags=line.tags,
    )


# --- The same in SQL: a month of a hundred thousand lines is added up where they lie ---


def _share(amount: Expression | F, part: Expression | F, whole: Expression | F) -> Expression:
    """`amount` x `part` / `whole`, all of them whole and >= 0, to the nearest đồng, a half up; 0 of nothing."""
    return Func(amount, part, whole, function="share_of", output_field=BigIntegerField())


def _minutes(start: Combinable | str, end: Combinable | str) -> Expression:
    return Func(
        *(end, start),
        template="(extract(epoch FROM %(expressions)s) / 60)::bigint",
        arg_joiner=" - ",
        output_field=BigIntegerField(),
    )


def _in_month(worth: str, month: Period) -> Expression:
    """Up to the end of the stretch, less up to its beginning: most lines lie in one month, and are worth all of it there."""
    until, before = (_share(F(worth), F(minutes), F("minutes_used")) for minutes in ("minutes_until", "minutes_before"))
    lies_within = Q(starts_at__gte=month.starts_at, until__lte=month.ends_at)
    return Case(When(lies_within, then=F(worth)), default=until - before, output_field=BigIntegerField())


def _kept_subtotal() -> Expression:
    """What is left of an invoice's lines after its credit notes, before the coupon: both shrink with what is charged."""
    kept = _share(F("subtotal"), F("total") - F("credited"), F("total"))
    return Case(When(credited=0, then=F("subtotal")), default=kept)


def _kept(column: str) -> Expression:
    """A line's part of what is left of its invoice; see the migration `what_is_left_of_a_line`."""
    left = Func("pk", function=f"kept_{column}_of_line", output_field=BigIntegerField())
    return Case(When(IS_WHOLE, then=F(column)), default=left)


def for_rows(lines: QuerySet[InvoiceLine]) -> QuerySet[InvoiceLine]:
    """With what a row shows, and without the parties of each invoice."""
    return lines.select_related("invoice__product", "item").defer("invoice__buyer", "invoice__seller")
