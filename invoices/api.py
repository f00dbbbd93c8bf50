"""Invoices and credit notes, as they were issued."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import django_filters
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import mixins, serializers

from accounts.api.endpoints import Endpoint
from accounts.api.fields import Instant, Rate
from catalog.api.configurations import ProductCode
from invoices.models import CreditNote, Invoice, InvoiceLine
from kernel.periods import CalendarMonth


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
    due_at = Instant()
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


def a_month(value: str) -> None:
    """:raises ValidationError: not of the form 2026-08"""
    with suppress(ValueError, OverflowError):
        if CalendarMonth.parse(value).period and CalendarMonth.parse(value).key == value:
            return
    raise DjangoValidationError(_("Write the month as 2026-08."), code="month")


class InvoiceFilter(django_filters.FilterSet):
    status = django_filters.MultipleChoiceFilter(choices=Invoice.Status.choices, help_text="May be repeated.")
    product = django_filters.CharFilter(field_name="product__code", help_text="Product code.")
    resource = django_filters.UUIDFilter(field_name="resource_id")
    month = django_filters.CharFilter(
        method="by_month", validators=[a_month], help_text="Issued in this month of the billing zone: 2026-08."
    )

    def by_month(self, queryset: QuerySet[Invoice], _name: str, month: str) -> QuerySet[Invoice]:
        period = CalendarMonth.parse(month).period
        return queryset.filter(issued_at__gte=period.starts_at, issued_at__lt=period.ends_at)


class InvoiceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Invoices of a customer."""

    queryset = Invoice.objects.none()
    serializer_class = InvoiceShape
    filterset_class = InvoiceFilter
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


class CreditNoteFilter(django_filters.FilterSet):
    invoice = django_filters.UUIDFilter(field_name="invoice_id")


class CreditNoteViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Credit notes on a customer's invoices."""

    queryset = CreditNote.objects.none()
    serializer_class = CreditNoteShape
    filterset_class = CreditNoteFilter
    keyset = ("issued_at", "id")

    def visible(self) -> QuerySet[CreditNote]:
        return CreditNote.objects.filter(self.principal.scope())
