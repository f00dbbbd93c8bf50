"""Invoices and credit notes, as they were issued."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import idempotent
from accounts.api.fields import AnyField, Choice, FieldOptions, Identifier, Input, Instant, Rate, Text
from accounts.api.files import Exported, PdfRenderer, ZipRenderer, document
from accounts.api.query import Paged, Query, one_of_many
from accounts.may import TO_EXPORT, May
from catalog.api.configurations import ProductCode
from catalog.meters import Aggregation, Kind
from catalog.models import Product
from invoices.columns import Column, Form
from invoices.explain import use_of
from invoices.models import CreditNote, Invoice, InvoiceLine, Question
from invoices.pdf import credit_note_pdf, invoice_pdf
from invoices.reports import INVOICES, USAGE
from invoices.services.questions import question_line
from invoices.services.running import running_costs
from invoices.usage import for_rows, lines_of_month, usages
from invoices.zipped import zip_of_documents
from kernel.periods import CalendarMonth
from usage.api.intake import Intake, RefusedQuery

FIELDS: dict[Form, Callable[..., AnyField]] = {
    Form.PRODUCT: ProductCode,
    Form.INSTANT: Instant,
    Form.DAY: serializers.DateField,
    **dict.fromkeys((Form.TEXT, Form.UNIT), serializers.CharField),
    **dict.fromkeys((Form.RATE, Form.SHARE), Rate),
    **dict.fromkeys((Form.WHOLE, Form.MONEY, Form.MOVED, Form.OFF), serializers.IntegerField),
}


def with_columns(fields: dict[str, AnyField], columns: Sequence[Column]) -> dict[str, AnyField]:
    """The members of a shape, and after them the columns of its report."""
    return fields | {column.name: _member(column) for column in columns if column.in_api}


def _member(column: Column) -> AnyField:
    options: FieldOptions[str] = {"help_text": column.help} if column.help else {}
    if column.source:
        options["source"] = column.source
    if column.may_be_none:
        options["allow_null"] = True
    if column.form == Form.CODE:
        return serializers.ChoiceField(choices=column.choices, **options)
    return FIELDS[column.form](**options)


MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])", re.ASCII)


class CountedPart(serializers.Serializer[object]):
    """So many units (or packages) of a month at one price."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind], source="kind.value")
    quantity = Rate()
    unit_price = Rate()


class UseExplanation(serializers.Serializer[object]):
    """
    The month's quantity, what was billed of it before, and where its units lie. `parts` x (1 - discount), rounded half-up, not below
    `minimum` once more is used than is `included`, not above `cap`, less `amount_before`, is the amount.
    """

    aggregation = serializers.ChoiceField(
        choices=Aggregation.choices, help_text="How what was used in a month became one quantity."
    )
    quantity = Rate(help_text="Of the month, with this line.")
    quantity_before = Rate()
    amount_before = serializers.IntegerField()
    included = Rate()
    minimum = serializers.IntegerField()
    cap = serializers.IntegerField(allow_null=True)
    parts = CountedPart(many=True)


class LineExplanation(serializers.Serializer[object]):
    """
    amount = unit_price x quantity x (1 - discount) x minutes / per_minutes, rounded half-up to whole đồng; of what is metered
    (per_minutes 0) see `use`.
    """

    price = serializers.UUIDField(source="price_id", help_text="The version of the price.")
    unit_price = Rate()
    quantity = Rate()
    discount = Rate()
    minutes = serializers.IntegerField()
    per_minutes = serializers.IntegerField(help_text="0: metered, priced by each unit that is used.")
    includes_vat = serializers.BooleanField()
    vat_rate = Rate(help_text="The rate of the price's tax category at the tax point.")
    taxed_at = Instant(help_text="The tax point: when it was paid ahead, or the last minute of use.")
    use = serializers.SerializerMethodField()

    @extend_schema_field(UseExplanation(allow_null=True))
    def get_use(self, line: InvoiceLine) -> object:
        return UseExplanation(use_of(line)).data if not line.per_minutes else None


class InvoiceLineShape(serializers.Serializer[object]):
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


class InvoiceShape(serializers.Serializer[object]):
    """The bill for one resource over one covered period."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Invoice.Status.choices)
    is_overdue = serializers.SerializerMethodField()
    resource = serializers.UUIDField(source="resource_id")
    period_key = serializers.CharField()
    is_late = serializers.BooleanField(
        help_text="It bills what was used, and no time, for that is billed already: paid ahead, or by the bill before what was reported late."
    )
    covered_until = Instant(help_text="Earlier than period_end when the service was cut short.")
    coupon_code = serializers.CharField()
    term_months = serializers.IntegerField(help_text="For how many months ahead it was paid.")
    saved = serializers.IntegerField(help_text="What more it would be without its term prices.")
    saved_before = serializers.IntegerField(
        help_text="Of the same term before a resize. Leaving it early takes both off."
    )
    paid = serializers.IntegerField()
    refunded = serializers.IntegerField()

    def get_fields(self) -> dict[str, AnyField]:
        return with_columns(super().get_fields(), INVOICES)

    def get_is_overdue(self, invoice: Invoice) -> bool:
        return invoice.is_overdue(self.context["view"].at)


class CreditNoteShape(serializers.Serializer[object]):
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


class QuestionShape(serializers.Serializer[object]):
    """A line that the customer questions: its amount is neither dunned nor paid automatically until the answer."""

    id = serializers.UUIDField()
    position = serializers.IntegerField(source="line.position")
    amount = serializers.IntegerField()
    text = serializers.CharField()
    state = serializers.ChoiceField(choices=Question.State.choices)
    answer = serializers.CharField()
    credit_note = serializers.UUIDField(source="credit_note_id", allow_null=True)
    at = Instant()
    answered_at = Instant(allow_null=True)


class LineQuestion(Input):
    position = serializers.IntegerField(min_value=1, max_value=32767)
    text = Text(max_length=1000)


WORDS = {"type": "object", "additionalProperties": {"type": "string"}}


@extend_schema_field(WORDS)
class Party(serializers.JSONField):
    """Name, address, tax code or identity number as of issue."""


@extend_schema_field(WORDS | {"properties": {"bank": WORDS}})
class Seller(Party):
    """And the bank account that transfers go to."""


class InvoiceDetail(InvoiceShape):
    """An invoice with its lines, the credit notes on it, and what the customer questions."""

    buyer = Party()
    seller = Seller()
    lines = InvoiceLineShape(many=True)
    credit_notes = CreditNoteShape(many=True)
    questions = QuestionShape(many=True)


@extend_schema_field({"type": "string", "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])$", "example": "2026-08"})
class Month(Text):
    """A calendar month of the billing zone, of this century."""

    default_error_messages = {"month": _("Write the month as 2026-08.")}

    def to_internal_value(self, data: object) -> Any:
        text = super().to_internal_value(data)
        if not MONTH.fullmatch(text):
            self.fail("month")
        return CalendarMonth.parse(text)


class PdfQuery(Query):
    language = Choice(choices=["vi", "en"], required=False, help_text="Without it: that of Accept-Language.")


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


class DocumentsQuery(InvoiceQuery):
    language = Choice(choices=["vi", "en"], required=False, help_text="Without it: that of Accept-Language.")


class InvoiceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Exported):
    """Invoices of a customer."""

    queryset = Invoice.objects.none()
    serializer_class = InvoiceShape
    sees = May.VIEW_BILLING
    does = May.PAY
    needs: ClassVar = {"export": TO_EXPORT, "documents": TO_EXPORT}
    queries: ClassVar = {"list": InvoiceQuery, "export": InvoiceQuery, "documents": DocumentsQuery, "pdf": PdfQuery}
    keyset = ("issued_at", "id")

    def visible(self) -> QuerySet[Invoice]:
        rows = Invoice.objects.filter(self.principal.scope())
        if self.action == "retrieve":
            lines = InvoiceLine.objects.select_related("item", "price").order_by("position")
            rows = rows.prefetch_related(
                Prefetch("lines", lines),
                Prefetch("credit_notes", CreditNote.objects.order_by("id")),
                Prefetch("questions", Question.objects.select_related("line").order_by("id")),
            )
        return rows

    def get_serializer_class(self) -> type[serializers.Serializer[object]]:
        return {"retrieve": InvoiceDetail, "question": QuestionShape}.get(str(self.action), InvoiceShape)

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    @action(detail=True, renderer_classes=[PdfRenderer, JSONRenderer])
    def pdf(self, request: Request, pk: UUID) -> HttpResponse:
        """The invoice as a PDF."""
        invoice = self.get_object()
        with override(self.query.validated_data.get("language", get_language())):
            return document(invoice_pdf(invoice, at=self.at), invoice.number)

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    @action(detail=False, renderer_classes=[ZipRenderer, JSONRenderer], pagination_class=None)
    def documents(self, request: Request) -> StreamingHttpResponse:
        """The PDFs of the whole list and of their credit notes, as a ZIP."""
        language = self.query.validated_data.get("language", get_language())
        parts = zip_of_documents(self.query.narrow(self.get_queryset()), language=language, at=self.at)
        return StreamingHttpResponse(
            parts,
            content_type="application/zip",
            headers={"Content-Disposition": 'attachment; filename="invoices.zip"'},
        )

    @extend_schema(responses={201: QuestionShape})
    @action(detail=True, methods=["post"])
    @idempotent(LineQuestion)
    def question(self, request: Request, pk: UUID) -> Response:
        """Question a line. Staff answer with a credit note or an explanation."""
        asked = question_line(
            self.customer.pk, pk, self.wish["position"], text=self.wish["text"], actor=self.actor, at=self.at
        )
        return self.show(asked, status=201)


class CreditNoteQuery(Paged):
    invoice = Identifier(required=False)
    lookups: ClassVar = {"invoice": "invoice_id"}


class CreditNoteViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Exported):
    """Credit notes on a customer's invoices."""

    queryset = CreditNote.objects.none()
    serializer_class = CreditNoteShape
    sees = May.VIEW_BILLING
    needs: ClassVar = {"export": TO_EXPORT}
    queries: ClassVar = {"list": CreditNoteQuery, "export": CreditNoteQuery, "pdf": PdfQuery}
    keyset = ("issued_at", "id")

    def visible(self) -> QuerySet[CreditNote]:
        return CreditNote.objects.filter(self.principal.scope()).select_related("invoice__product")

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    @action(detail=True, renderer_classes=[PdfRenderer, JSONRenderer])
    def pdf(self, request: Request, pk: UUID) -> HttpResponse:
        """The credit note as a PDF."""
        note = self.get_object()
        with override(self.query.validated_data.get("language", get_language())):
            return document(credit_note_pdf(note), note.number)


class UsageShape(serializers.Serializer[object]):
    """
    What of one invoiced line lies in the month: the columns of the usage report.

    `tax` and `amount` are the month's share, the shares of all months add up to the line; `coupon` is its part of the
    coupon, in equal parts over the months, and `total` is net of it and of what credit notes took back.
    """

    invoice = serializers.UUIDField()
    resource = serializers.UUIDField()

    def get_fields(self) -> dict[str, AnyField]:
        return with_columns(super().get_fields(), USAGE)


class UsageQuery(Paged):
    month = Month(required=False, help_text="Of the billing zone: 2026-08. Without it: the present month.")
    product = Text(max_length=60, required=False, help_text="Product code.")
    resource = Identifier(required=False)
    lookups: ClassVar = {"product": "invoice__product__code", "resource": "invoice__resource_id"}

    def narrow(self, rows: QuerySet[InvoiceLine]) -> QuerySet[InvoiceLine]:
        return for_rows(lines_of_month(super().narrow(rows), self.month_wanted))

    @property
    def month_wanted(self) -> CalendarMonth:
        month: CalendarMonth | None = self.validated_data.get("month")
        return month or CalendarMonth.of(self.context["view"].at)


class RunningProductShape(serializers.Serializer[object]):
    """VND with VAT of one product's usage in the month that is billed afterwards."""

    product = serializers.CharField(help_text="Product code.")
    so_far = serializers.IntegerField()
    expected = serializers.IntegerField()


class RunningUseShape(serializers.Serializer[object]):
    """What of a metered item was reported and is on no bill yet: provisional, for more may be reported, and less."""

    product = serializers.CharField(help_text="Product code.")
    item = serializers.CharField(source="item.code", help_text="Item code.")
    unit = serializers.CharField(source="item.unit")
    quantity = Rate()
    so_far = serializers.IntegerField(source="cost.so_far")
    expected = serializers.IntegerField(source="cost.expected")


class RunningShape(serializers.Serializer[object]):
    """
    What postpaid usage costs in the present month, VND with VAT: `so_far` until `at`, `expected` by the month's end if
    nothing is changed, added or deleted any more. What is invoiced of the month already counts as invoiced. What is metered counts
    as reported until now, as `uses` say.
    """

    month = serializers.CharField(help_text="Of the billing zone: 2026-08.")
    at = Instant()
    so_far = serializers.IntegerField(source="total.so_far")
    expected = serializers.IntegerField(source="total.expected")
    unpriced = serializers.IntegerField(help_text="Stretches of usage that are left out, for they have no price yet.")
    products = RunningProductShape(many=True)
    uses = RunningUseShape(many=True, help_text="Metered items; contained in the sums.")


class UsageViewSet(mixins.ListModelMixin, Intake):
    """The usage report: what was used in a month, line by line. Product teams report here what was used of metered items."""

    query: UsageQuery
    queryset = InvoiceLine.objects.none()
    serializer_class = UsageShape
    sees = May.VIEW_BILLING
    queries: ClassVar = {"list": UsageQuery, "refused": RefusedQuery}
    for_products = only_for_products = ("create", "refused")
    keyset = ("starts_at", "id")

    def visible(self) -> QuerySet[InvoiceLine]:
        return InvoiceLine.objects.filter(self.principal.scope())

    def paginate_queryset(self, queryset: Any) -> list[Any]:
        rows = super().paginate_queryset(queryset) or []
        return list(usages(rows, self.query.month_wanted)) if self.action == "list" else rows

    @extend_schema(responses=RunningShape, filters=False)
    @action(detail=False, pagination_class=None)
    def running(self, request: Request) -> Response:
        """What postpaid usage has cost in the present month, which is not invoiced before it has ended."""
        found = running_costs(self.customer, at=self.at)
        codes = dict(Product.objects.filter(pk__in=found.of).values_list("pk", "code"))
        products = [
            {"product": codes[pk], "so_far": cost.so_far, "expected": cost.expected} for pk, cost in found.of.items()
        ]
        products.sort(key=itemgetter("product"))
        shown = {"month": found.month.key, "at": found.at, "total": found.total, "unpriced": found.unpriced}
        uses = [
            {"product": codes[use.key], "item": use.item, "quantity": use.quantity, "cost": use.cost}
            for use in found.uses
        ]
        return Response(RunningShape({**shown, "products": products, "uses": uses}).data)
