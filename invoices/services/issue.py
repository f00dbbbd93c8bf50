"""Issuing invoices: the one writer, for one as for ten thousand. Rows go in by COPY, the invoice's notice with them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection

from accounts.buyers import Buyers
from accounts.models import Customer
from catalog.pricing import Charge, Line
from invoices.models import Invoice, NumberSeries
from kernel.ids import new_id
from kernel.periods import CalendarMonth, Period, end_of_day, local_day
from kernel.seller import seller
from kernel.shapes import Json
from lifecycle.models import Resource
from notifications.models import Notice
from notifications.services import News, tell_news
from store.bulk import copy_rows

SERIES = {Invoice.Kind.PREPAID: NumberSeries.Series.PREPAID, Invoice.Kind.USAGE: NumberSeries.Series.USAGE}

COPY_INVOICES = """
COPY invoices_invoice (id, number, customer_id, resource_id, product_id, kind, period_key, is_late, resource_name, buyer, seller,
    period_start, period_end, covered_until, issued_at, due_at, subtotal, tax, coupon, coupon_code, total,
    term_months, saved, saved_before, paid, credited, refunded) FROM STDIN
"""
COPY_LINES = """
COPY invoices_invoiceline (invoice_id, customer_id, position, item_id, price_id, name, unit, starts_at, ends_at, minutes,
    quantity, unit_price, per_minutes, discount, committed, includes_vat, vat_rate, taxed_at, is_whole, quantity_before, amount_before,
    amount, tax, total, tags) FROM STDIN
"""


class Billed(NamedTuple):
    """What an invoice says of its resource. `tags` are JSON: every line keeps them as they are when it is issued."""

    pk: UUID
    name: str
    product_id: UUID
    tags: str

    @classmethod
    def of(cls, resource: Resource) -> Billed:
        return cls(resource.pk, resource.name, resource.product_id, json.dumps(resource.tags, ensure_ascii=False))


@dataclass(frozen=True, slots=True)
class Draft:
    """
    An invoice that has all but its number. `period_key` says what is billed; it is billed once. `is_late`: it bills uses of time
    that is billed already. `is_shortfall`: what lacks to the commitment that stands in the place of the resource. `unpaid` is what
    of a prepaid one nobody has paid yet. `taxed_at` is when what is prepaid was paid; the lines of usage are taxed in their last
    minute. `buyer_id` is the buyer profile that was chosen for it, else it names the customer's default; `buyer` is who an earlier one
    named, whose place it takes, and `covered_until` is when the cover of that ended. It is paid ahead for `term_months`, in which
    `saved_before` had been saved before a resize.
    """

    customer: Customer
    resource: Billed
    period_key: str
    period: Period
    charge: Charge
    is_late: bool = False
    is_shortfall: bool = False
    coupon_code: str = ""
    unpaid: int = 0
    term_months: int = 1
    saved_before: int = 0
    taxed_at: datetime | None = None
    buyer_id: UUID | None = None
    buyer: Json | None = None
    covered_until: datetime | None = None
    pk: UUID = field(default_factory=new_id)


def issue_invoices(drafts: Sequence[Draft], kind: Invoice.Kind, *, at: datetime) -> list[UUID]:
    """
    Issue `drafts` with the next numbers of their series, and owe the notices of those that are to be paid (none of late use that
    costs nothing); returns the ids in the same order.

    Prepaid invoices are born paid, but for their `unpaid` part: the caller allocates the money in the same transaction, or
    the commit is refused.
    The series stays locked from here to the commit: a rollback leaves no gap, and issuing comes late in a transaction.

    :raises IntegrityError: a draft's period or part of it is billed already
    """
    if not drafts:
        return []
    due_at = end_of_day(local_day(at) + timedelta(days=settings.INVOICE_DUE_DAYS if kind == Invoice.Kind.USAGE else 0))
    is_usage = kind == Invoice.Kind.USAGE  # what was paid before is told with what it was paid for
    told = [draft for draft in drafts if (draft.charge.total or not draft.is_late if is_usage else draft.unpaid)]
    if told:
        tell_news(map(_news, told), at=at)
    numbers = next_numbers(SERIES[kind], len(drafts), at=at)
    ourselves = json.dumps(seller(), ensure_ascii=False)
    buyers = Buyers((draft.customer for draft in drafts), {draft.buyer_id for draft in drafts if draft.buyer_id})
    numbered = zip(numbers, drafts, strict=True)
    copy_rows(
        COPY_INVOICES,
        (_invoice_row(number, draft, kind, buyers, ourselves, at=at, due_at=due_at) for number, draft in numbered),
    )
    copy_rows(
        COPY_LINES,
        (
            _line_row(draft, position, line)
            for draft in drafts
            for position, line in enumerate(draft.charge.lines, start=1)
        ),
    )
    return [draft.pk for draft in drafts]


def issue_invoice(draft: Draft, kind: Invoice.Kind, *, at: datetime) -> Invoice:
    """Issue one invoice and read it back."""
    return Invoice.objects.get(pk=issue_invoices([draft], kind, at=at)[0])


def next_numbers(series: NumberSeries.Series, count: int, *, at: datetime) -> list[str]:
    """The next `count` numbers of `series` in the year of the billing zone: P2026-0000001."""
    year = local_day(at).year
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO invoices_numberseries (series, year, last) VALUES (%s, %s, %s) "
            "ON CONFLICT (series, year) DO UPDATE SET last = invoices_numberseries.last + EXCLUDED.last RETURNING last",
            [series, year, count],
        )
        last = cursor.fetchone()[0]
    return [f"{series}{year}-{number:07}" for number in range(last - count + 1, last + 1)]


# fmt: off
def _invoice_row(
    number: str, draft: Draft, kind: Invoice.Kind, buyers: Buyers, ourselves: str, *, at: datetime, due_at: datetime
) -> tuple[object, ...]:
    charge, period, resource = draft.charge, draft.period, draft.resource
    buyer = json.dumps(draft.buyer or buyers.named(draft.customer.pk, draft.buyer_id), ensure_ascii=False)
    return (
        draft.pk, number, draft.customer.pk, None if draft.is_shortfall else resource.pk, resource.product_id,
        kind.value, draft.period_key, draft.is_late, resource.name,
        buyer, ourselves, period.starts_at, period.ends_at, draft.covered_until or period.ends_at, at, due_at,
        charge.subtotal, charge.tax, charge.coupon, draft.coupon_code, charge.total,
        draft.term_months, charge.saved, draft.saved_before, charge.total - draft.unpaid if kind == Invoice.Kind.PREPAID else 0, 0, 0,
    )


def _line_row(draft: Draft, position: int, line: Line) -> tuple[object, ...]:
    component, rate = line.component, line.component.rate
    return (
        draft.pk, draft.customer.pk, position, component.item_id, rate.price_id, component.name, component.unit,
        line.period.starts_at, line.period.ends_at, line.minutes, component.quantity, rate.unit_price, rate.per_minutes,
        component.discount, component.committed, rate.includes_vat, rate.vat_rate, draft.taxed_at or line.period.last_minute,
        draft.is_shortfall or (draft.taxed_at is None and not settings.TAX_SPLITS_USAGE),
        component.before, line.before, line.amount, line.tax, line.total, draft.resource.tags,
    )


def _news(draft: Draft) -> News:
    facts = {
        "resource": draft.resource.name, "total": draft.charge.total,
        "from": draft.period.starts_at, "until": draft.period.ends_at, "month": CalendarMonth.of(draft.period.starts_at).key,
    }
    return News(draft.customer, Notice.Kind.INVOICE_ISSUED, draft.pk, facts)
# fmt: on
