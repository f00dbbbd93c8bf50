"""Invoices and credit notes, as they were issued."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import mixins, serializers

from accounts.api.endpoints import Endpoint
from accounts.api.fields import Identifier, Instant, Rate, Text
from accounts.api.query import Paged, one_of_many
from catalog.api.configurations import ProductCode
from invoices.models import CreditNote, Invoice, InvoiceLine
from kernel.periods import CalendarMonth

MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])", re.ASCII)


class LineExplanation(serializers.Serializer[Any]):
    """amount = unit_price x quantity x (1 - discount) x minutes / per_minutes, rounded half-up to whole đồng."""

    price = serializers.UUIDField(source="price_id", help_text="The version of the price.")
    unit_price = Rate()
    quantity = Rate()
    discount = Rate()
    minutes = serializers.IntegerField()
    per_minutes = serializers.IntegerField()
    includes_vat = serializers.BooleanField()
    vat_rate = Rate()


class InvoiceLineShape(serializers.Serializer[Any]):
    """One item over one stretch of unchanged configuration and price."""

    position = serializers.IntegerField()
    name = serializers.CharField()
    unit = serializers.CharField()
    starts_at = Instant()
    ends_at = Instant()
    amount = serializers.IntegerField(help_text="Before VAT is added, if it is not included.")
    tax = serializers.IntegerField()
    total = serializers.IntegerField()
    explanation = LineExplanation(source="*")


class InvoiceShape(serializers.Serializer[Any]):
    """The bill for one resource over one covered period."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    kind = serializers.ChoiceField(choices=Invoice.Kind.choices)
    status = serializers.ChoiceField(choices=Invoice.Status.choices)
    is_overdue = serializers.SerializerMethodField()
    resource = serializers.UUIDField(source="resource_id")
    resource_name = serializers.CharField()
    product = ProductCode(source="product_id")
    period_key = serializers.CharField()
    period_start = Instant()
    period_end = Instant()
    covered_until = Instant(help_text="Earlier than period_end when the service was cut short.")
    issued_at = Instant()
    due_date = serializers.DateField(help_text="Due all of this day in the billing zone, overdue from the next one on.")
    subtotal = serializers.IntegerField()
    coupon = serializers.IntegerField()
    coupon_code = serializers.CharField()
    tax = serializers.IntegerField(help_text="VAT within the lines.")
    total = serializers.IntegerField()
    credited = serializers.IntegerField(help_text="Taken back by credit notes.")
    paid = serializers.IntegerField()
    refunded = serializers.IntegerField()
    due = serializers.IntegerField(help_text="Still to pay.")

    def get_is_overdue(self, invoice: Invoice) -> bool:
        return invoice.is_overdue(self.context["view"].at)


class CreditNoteShape(serializers.Serializer[Any]):
    """A correction of an invoice."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    invoice = serializers.UUIDField(source="invoice_id")
    reason = serializers.ChoiceField(choices=CreditNote.Reason.choices)
    note = serializers.CharField()
    amount = serializers.IntegerField()
    tax = serializers.IntegerField()
    refunded = serializers.IntegerField(help_text="The part that had been paid and was given back.")
    minutes_unused = serializers.IntegerField(allow_null=True)
    issued_at = Instant()


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
class Party(serializers.JSONField):
    """Name, address and tax code as of issue."""


class InvoiceDetail(InvoiceShape):
    """An invoice with its lines and the credit notes on it."""

    buyer = Party()
    seller = Party()
    lines = InvoiceLineShape(many=True)
    credit_notes = CreditNoteShape(many=True)


@extend_schema_field({"type": "string", "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])$", "example": "2026-08"})
class Month(Text):
    """A calendar month of the billing zone, of this century."""

    default_error_messages = {"month": _("Write the month as 2026-08.")}

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        if not MONTH.fullmatch(text):
            self.fail("month")
        return CalendarMonth.parse(text)


class InvoiceQuery(Paged):
    status = one_of_many(Invoice.Status.choices)
    product = Text(max_length=60, required=False, help_text="Product code.")
    resource = Identifier(required=False)
    month = Month(required=False, help_text="Issued in this month of the billing zone: 2026-08.")
    lookups: ClassVar = {"status": "status__in", "product": "product__code", "resource": "resource_id"}

    def narrow(self, rows: QuerySet[Invoice]) -> QuerySet[Invoice]:
        rows = super().narrow(rows)
        if "month" not in self.validated_data:
            return rows
        period = self.validated_data["month"].period
        return rows.filter(issued_at__gte=period.starts_at, issued_at__lt=period.ends_at)


class InvoiceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Invoices of a customer."""

    queryset = Invoice.objects.none()
    serializer_class = InvoiceShape
    queries: ClassVar = {"list": InvoiceQuery}
    keyset = ("issued_at", "id")

    def visible(self) -> QuerySet[Invoice]:
        rows = Invoice.objects.filter(self.principal.scope())
        if self.action == "retrieve":
            lines = InvoiceLine.objects.order_by("position")
            rows = rows.prefetch_related(
                Prefetch("lines", lines), Prefetch("credit_notes", CreditNote.objects.order_by("id"))
            )
        return rows

    def get_serializer_class(self) -> type[serializers.Serializer[Any]]:
        return InvoiceDetail if self.action == "retrieve" else InvoiceShape


class CreditNoteQuery(Paged):
    invoice = Identifier(required=False)
    lookups: ClassVar = {"invoice": "invoice_id"}


class CreditNoteViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Credit notes on a customer's invoices."""

    queryset = CreditNote.objects.none()
    serializer_class = CreditNoteShape
    queries: ClassVar = {"list": CreditNoteQuery}
    keyset = ("issued_at", "id")

    def visible(self) -> QuerySet[CreditNote]:
        return CreditNote.objects.filter(self.principal.scope())
