"""Issuing invoices: the one writer, for one as for ten thousand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from django.conf import settings
from django.db import connection

from accounts.models import Customer
from catalog.pricing import Charge
from invoices.models import Invoice, NumberSeries
from kernel.ids import new_id
from kernel.periods import Period, local_day
from lifecycle.models import Resource
from notifications.models import Notice

INVOICE_COLUMNS = (
    "id",
    "number",
    "customer_id",
    "resource_id",
    "product_id",
    "kind",
    "period_key",
    "resource_name",
    "buyer",
    "seller",
    "period_start",
    "period_end",
    "covered_until",
    "issued_at",
    "due_at",
    "subtotal",
    "tax",
    "coupon",
    "coupon_code",
    "total",
    "paid",
    "credited",
    "refunded",
)
LINE_COLUMNS = (
    "invoice_id",
    "customer_id",
    "position",
    "item_id",
    "price_id",
    "name",
    "unit",
    "starts_at",
    "ends_at",
    "minutes",
    "quantity",
    "unit_price",
    "per_minutes",
    "discount",
    "includes_vat",
    "vat_rate",
    "amount",
    "tax",
    "total",
)
SERIES = {Invoice.Kind.PREPAID: NumberSeries.Series.PREPAID, Invoice.Kind.USAGE: NumberSeries.Series.USAGE}


@dataclass(frozen=True, slots=True)
class Draft:
    """An invoice that has all but its number. `period_key` says what is billed; it is billed once."""

    customer: Customer
    resource: Resource
    period_key: str
    period: Period
    charge: Charge
    coupon_code: str = ""


def issue_invoices(drafts: Sequence[Draft], kind: Invoice.Kind, *, at: datetime) -> list[UUID]:
    """
    Issue `drafts` with the next numbers of their series; returns the ids in the same order.

    The series stays locked from here to the commit: a rollback leaves no gap, and issuing comes late in a transaction.

    :raises IntegrityError: a draft's period or part of it is billed already
    """
    if not drafts:
        return []
    ids = [new_id() for _ in drafts]
    due_at = at + timedelta(days=settings.INVOICE_DUE_DAYS) if kind == Invoice.Kind.USAGE else at
    seller = seller_json()
    numbers = next_numbers(SERIES[kind], len(drafts), at=at)
    with connection.cursor() as cursor, connection.wrap_database_errors:
        with cursor.copy(f"COPY invoices_invoice ({', '.join(INVOICE_COLUMNS)}) FROM STDIN") as copy:
            for pk, number, draft in zip(ids, numbers, drafts, strict=True):
                charge, period, resource = draft.charge, draft.period, draft.resource
                copy.write_row(
                    (
                        pk,
                        number,
                        draft.customer.pk,
                        resource.pk,
                        resource.product_id,
                        kind.value,
                        draft.period_key,
                        resource.name,
                        buyer_json(draft.customer),
                        seller,
                        period.starts_at,
                        period.ends_at,
                        period.ends_at,
                        at,
                        due_at,
                        charge.subtotal,
                        charge.tax,
                        charge.coupon,
                        draft.coupon_code,
                        charge.total,
                        0,
                        0,
                        0,
                    )
                )
        with cursor.copy(f"COPY invoices_invoiceline ({', '.join(LINE_COLUMNS)}) FROM STDIN") as copy:
            for pk, draft in zip(ids, drafts, strict=True):
                for position, line in enumerate(draft.charge.lines, start=1):
                    component, rate = line.component, line.component.rate
                    copy.write_row(
                        (
                            pk,
                            draft.customer.pk,
                            position,
                            component.item_id,
                            rate.price_id,
                            component.name,
                            component.unit,
                            line.period.starts_at,
                            line.period.ends_at,
                            line.minutes,
                            component.quantity,
                            rate.unit_price,
                            rate.per_minutes,
                            component.discount,
                            rate.includes_vat,
                            rate.vat_rate,
                            line.amount,
                            line.tax,
                            line.total,
                        )
                    )
    return ids


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


@cache
def seller_json() -> str:
    """Ourselves, as invoices name us."""
    facts = {"name": settings.SELLER_NAME, "tax_code": settings.SELLER_TAX_CODE, "address": settings.SELLER_ADDRESS}
    return json.dumps(facts, ensure_ascii=False)


def buyer_json(customer: Customer) -> str:
    """The customer, as the invoice names it for good."""
    facts = (customer.name, customer.tax_code, customer.address, customer.email, customer.language)
    return json.dumps(
        dict(zip(("name", "tax_code", "address", "email", "language"), facts, strict=True)), ensure_ascii=False
    )


def issued_notice(draft: Draft, invoice_id: UUID, kind: Notice.Kind, *, at: datetime) -> Notice:
    """The message that an invoice was issued."""
    return Notice(
        customer=draft.customer,
        kind=kind,
        event=f"invoice:{invoice_id}",
        recipient=draft.customer.email,
        at=at,
        next_attempt_at=at,
        facts={
            "invoice": str(invoice_id),
            "resource": draft.resource.name,
            "total": draft.charge.total,
            "from": draft.period.starts_at.isoformat(),
            "until": draft.period.ends_at.isoformat(),
        },
    )
