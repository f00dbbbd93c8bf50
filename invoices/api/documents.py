"""Invoices and credit notes, as they were issued."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import get_language, override
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import idempotent
from accounts.api.fields import Choice, Identifier, Month, Text
from accounts.api.files import Exported, PdfRenderer, ZipRenderer, document
from accounts.api.query import Paged, Query, one_of_many
from accounts.may import TO_EXPORT, May
from invoices.api.focus import Focus, FocusQuery
from invoices.api.shapes import (
    CreditNoteShape,
    InvoiceDetail,
    InvoiceShape,
    LineQuestion,
    QuestionShape,
)
from invoices.models import CreditedPart, CreditNote, Invoice, InvoiceLine, Question
from invoices.pdf import credit_note_pdf, invoice_pdf
from invoices.services.questions import question_line
from invoices.zipped import zip_of_documents


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


class InvoiceViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Focus, Exported):
    """Invoices of a customer."""

    queryset = Invoice.objects.none()
    serializer_class = InvoiceShape
    sees = May.VIEW_BILLING
    does = May.PAY
    needs: ClassVar = dict.fromkeys(("export", "documents", "focus", "focus_schema"), TO_EXPORT)
    queries: ClassVar = {
        "list": InvoiceQuery,
        "export": InvoiceQuery,
        "documents": DocumentsQuery,
        "pdf": PdfQuery,
        "focus": FocusQuery,
    }
    keyset = ("issued_at", "id")

    def visible(self) -> QuerySet[Invoice]:
        rows = Invoice.objects.filter(self.principal.scope())
        if self.action == "retrieve":
            lines = InvoiceLine.objects.select_related("item", "price").order_by("position")
            rows = rows.prefetch_related(
                Prefetch("lines", lines),
                Prefetch("credit_notes", with_parts(CreditNote.objects.order_by("id"))),
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


def with_parts(notes: QuerySet[CreditNote]) -> QuerySet[CreditNote]:
    return notes.prefetch_related(Prefetch("parts", CreditedPart.objects.order_by("vat_rate")))


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
        notes = CreditNote.objects.filter(self.principal.scope()).select_related("invoice__product")
        return with_parts(notes)

    @extend_schema(responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    @action(detail=True, renderer_classes=[PdfRenderer, JSONRenderer])
    def pdf(self, request: Request, pk: UUID) -> HttpResponse:
        """The credit note as a PDF."""
        note = self.get_object()
        with override(self.query.validated_data.get("language", get_language())):
            return document(credit_note_pdf(note), note.number)
