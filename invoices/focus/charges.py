"""
The charges of a month: each line of an invoice and its VAT, each part of a credit note and its VAT.

The month is that of issue, so what is billed comes to the invoices less the credit notes of the month, to the đồng. A charge is net
of VAT and of its share of a coupon; the VAT is a row of its own, of category Tax. A credit note is a document of its own: what it takes
back of a rate of VAT is of the line that it is about, else shared over the lines of that rate as they weigh. Its rows are corrections
when its invoice was issued in an earlier month.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, TypedDict
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTextTransform

from accounts.models import Customer
from catalog.models import Item, Product
from catalog.service_categories import CATEGORY_OF
from invoices.focus.columns import Row
from invoices.focus.committed import Commitments, drawn, is_committed, is_unused
from invoices.focus.prices import Priced, Prices, coarse
from invoices.models import CreditedPart, CreditNote, Invoice, InvoiceLine
from invoices.queries import CHUNK, coupon_shares
from kernel.money import CURRENCY, split
from kernel.periods import CalendarMonth
from kernel.tags import CREATED_BY, PROVIDER, Tags, in_order

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

AUTO_RENEWAL = "auto-renewal:"


class _Issued(TypedDict):
    issuer: str


def charges_of(month: CalendarMonth, customer: Customer | None = None) -> Iterator[Row]:
    """What was invoiced and credited in the month, of one customer or of all, by instant of issue; read, told and forgotten."""
    period = month.period
    issued = Q(invoice__issued_at__gte=period.starts_at, invoice__issued_at__lt=period.ends_at)
    whose = Q(customer=customer) if customer else Q()
    teller = _Teller(month)
    lines = _with_issuer(InvoiceLine.objects.filter(issued, whose))
    yield from teller.billed(lines.order_by("invoice__issued_at", "invoice", "position"))
    notes = CreditNote.objects.filter(whose, issued_at__gte=period.starts_at, issued_at__lt=period.ends_at)
    yield from teller.credited(notes.order_by("issued_at", "pk"))


def _with_issuer(lines: QuerySet[InvoiceLine]) -> QuerySet[WithAnnotations[InvoiceLine, _Issued]]:
    """With all that a row says, and without the parties of each invoice but the name of who issued it."""
    return (
        lines.select_related("invoice", "customer", "price")
        .defer("invoice__buyer", "invoice__seller")
        .annotate(issuer=KeyTextTransform("name", "invoice__seller"))
    )


class _Teller:
    """Says lines and credit notes as rows; what many have in common is read once."""

    def __init__(self, month: CalendarMonth) -> None:
        self.month = month
        self._products = {product.pk: product for product in Product.objects.all()}
        self._items = {item.pk: item for item in Item.objects.all()}
        self._prices = Prices()

    def billed(self, lines: QuerySet[WithAnnotations[InvoiceLine, _Issued]]) -> Iterator[Row]:
        rows = lines.iterator(CHUNK)
        while chunk := list(islice(rows, CHUNK)):
            coupons = {line.invoice_id: line.invoice.coupon for line in chunk if line.invoice.coupon}
            shares, commitments = coupon_shares(coupons), Commitments(chunk)
            for line in chunk:
                yield from self._billed(line, shares.get(line.pk, 0), commitments)

    def _billed(
        self, line: WithAnnotations[InvoiceLine, _Issued], coupon: int, commitments: Commitments
    ) -> Iterator[Row]:
        priced = self._prices.of(line)
        net = line.total - line.tax - coupon
        document: Row = {"InvoiceId": line.invoice.number, "ChargeDescription": line.name}
        if coupon:
            document |= {"x_CouponCode": line.invoice.coupon_code, "x_CouponAmount": Decimal(coupon)}
        shared = self._shared(line) | commitments.row(line) | document
        yield shared | self._sku(line, priced) | priced.costs() | drawn(line, line.total - coupon) | _costs_us(net)
        if line.tax:
            yield _tax(
                shared,
                line,
                line.tax,
                contracted=priced.contracted * line.vat_rate,
                listed=priced.listed * line.vat_rate,
            )

    def credited(self, notes: QuerySet[CreditNote]) -> Iterator[Row]:
        rows = notes.select_related("invoice").defer("invoice__buyer", "invoice__seller").prefetch_related("parts")
        found = rows.iterator(CHUNK)
        while chunk := list(islice(found, CHUNK)):
            lines = self._lines_of(chunk)
            commitments = Commitments(line for some in lines.values() for line in some)
            for note in chunk:
                yield from self._credited(note, lines[note.invoice_id], commitments)

    def _lines_of(self, notes: Sequence[CreditNote]) -> dict[UUID, list[WithAnnotations[InvoiceLine, _Issued]]]:
        """Invoice -> its lines."""
        of_invoice: dict[UUID, list[WithAnnotations[InvoiceLine, _Issued]]] = defaultdict(list)
        found = _with_issuer(InvoiceLine.objects.filter(invoice__in={note.invoice_id for note in notes}))
        for line in found.order_by("invoice", "position"):
            of_invoice[line.invoice_id].append(line)
        return of_invoice

    def _credited(
        self,
        note: CreditNote,
        lines: Sequence[WithAnnotations[InvoiceLine, _Issued]],
        commitments: Commitments,
    ) -> Iterator[Row]:
        taken: dict[int, tuple[int, int]] = {}
        for part in note.parts.all():
            taken |= _of_lines(part, lines, note.line_id)
        is_earlier = note.invoice.issued_at < self.month.period.starts_at
        document: Row = {
            "InvoiceId": note.number,
            "ChargeClass": "Correction" if is_earlier else None,
            "x_CorrectedInvoiceId": note.invoice.number,
        }
        for line in lines:
            net, tax = taken.get(line.pk, (0, 0))
            shared = self._shared(line) | commitments.row(line) | document
            shared |= {"ChargeDescription": f"{note.invoice.number}: {line.name}"}
            if net:
                yield shared | self._taken_back(note, line, net, tax) | _costs_us(-net)
            if tax:
                yield _tax(shared, line, -tax, contracted=Decimal(-tax), listed=Decimal(-tax))

    def _taken_back(self, note: CreditNote, line: InvoiceLine, net: int, tax: int) -> Row:
        """Of what was bought or used, so much of it as it is worth; what staff credit afterwards is a credit, for no quantity."""
        priced = self._prices.of(line).worth(-net) if note.reason != CreditNote.Reason.CORRECTION else None
        if priced is None:
            amount = Decimal(-net)
            return {"ChargeCategory": "Credit", "ContractedCost": amount, "ListCost": amount}
        return self._sku(line, priced) | priced.costs() | drawn(line, -net - tax)

    def _shared(self, line: WithAnnotations[InvoiceLine, _Issued]) -> Row:
        """What a charge, its VAT and what is taken back of it have in common."""
        invoice = line.invoice
        product = self._products[invoice.product_id]
        is_usage = invoice.kind == Invoice.Kind.USAGE
        subcategory = product.service_subcategory
        return {
            "BillingAccountId": str(line.customer_id),
            "BillingAccountName": line.customer.name,
            "BillingCurrency": CURRENCY,
            "BillingPeriodStart": self.month.period.starts_at.astimezone(UTC),
            "BillingPeriodEnd": self.month.period.ends_at.astimezone(UTC),
            "ChargeCategory": "Usage" if is_usage else "Purchase",
            "ChargeFrequency": "Usage-Based" if is_usage else _how_often(invoice),
            "ChargePeriodStart": line.starts_at,
            "ChargePeriodEnd": line.ends_at,
            "InvoiceIssuerName": line.issuer or settings.SELLER_NAME,
            "ProviderName": settings.SELLER_NAME,
            "PublisherName": settings.SELLER_NAME,
            "ResourceId": str(invoice.resource_id),
            "ResourceName": invoice.resource_name,
            "ResourceType": product.name_en,
            "ServiceCategory": CATEGORY_OF[subcategory],
            "ServiceSubcategory": subcategory,
            "ServiceName": product.name_en,
            "Tags": self._told(line.tags),
        }

    def _sku(self, line: InvoiceLine, priced: Priced) -> Row:
        """What was sold, in which unit, by which version of its price; how much of it was used."""
        item = self._items[line.item_id]
        product = self._products[item.product_id]
        found: Row = {
            "PricingCategory": "Committed" if is_committed(line) else "Standard",
            "PricingUnit": priced.unit,
            "SkuId": f"{product.code}/{item.code}",
            "SkuMeter": item.name_en,
            "SkuPriceId": str(priced.price_id),
            "SkuPriceDetails": json.dumps({"x_PerMinutes": line.per_minutes}),
        }
        if line.invoice.kind == Invoice.Kind.USAGE and not is_unused(line):
            found |= {"ConsumedQuantity": priced.consumed, "ConsumedUnit": priced.consumed_unit}
        return found

    def _told(self, tags: Tags) -> str | None:
        """As key-value pairs: the customer's as they wrote them, ours with our prefix."""
        if not tags:
            return None
        told = {f"{PROVIDER}{key}" if key == CREATED_BY else key: value for key, value in in_order(tags).items()}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _how_often(invoice: Invoice) -> str:
    return "Recurring" if invoice.period_key.startswith(AUTO_RENEWAL) else "One-Time"


def _costs_us(amount: int) -> Row:
    """Nothing is amortized: what is billed is what it costs."""
    return {"BilledCost": Decimal(amount), "EffectiveCost": Decimal(amount)}


def _tax(shared: Row, line: InvoiceLine, tax: int, *, contracted: Decimal, listed: Decimal) -> Row:
    rate = f"{line.vat_rate * 100:f}".rstrip("0").rstrip(".")
    return (
        shared
        | {
            "ChargeCategory": "Tax",
            "ChargeDescription": f"VAT {rate}%: {line.name}",
            "x_CouponCode": None,
            "x_CouponAmount": None,
        }
        | {"ContractedCost": coarse(contracted), "ListCost": coarse(listed)}
        | _costs_us(tax)
    )


def _of_lines(part: CreditedPart, lines: Sequence[InvoiceLine], about: int | None) -> dict[int, tuple[int, int]]:
    """Line -> what of the net and of the VAT of a part is of it."""
    of_rate = [line for line in lines if line.vat_rate == part.vat_rate]
    taken = [line for line in of_rate if line.pk == about] or of_rate
    nets = _shared_out(part.net, [line.total - line.tax for line in taken])
    taxes = _shared_out(part.tax, [line.tax for line in taken])
    return {line.pk: (net, tax) for line, net, tax in zip(taken, nets, taxes, strict=True)}


def _shared_out(amount: int, weights: Sequence[int]) -> list[int]:
    """As `split`; below zero too: a coupon comes off after VAT, so VAT alone may be more than what was charged."""
    sign = -1 if amount < 0 else 1
    return [sign * part for part in split(abs(amount), [max(weight, 0) for weight in weights])]
