"""Papers for bookkeepers: the statement of a month."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpResponse
from django.utils.translation import get_language, override
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from accounts.api.endpoints import Endpoint
from accounts.api.fields import Month
from accounts.api.files import PdfRenderer, document
from accounts.may import May
from invoices.api.documents import PdfQuery
from invoices.models import Invoice
from payments.monthly import monthly_statement_pdf


class MonthlyStatementQuery(PdfQuery):
    month = Month(help_text="Issued and paid in this month of the billing zone: 2026-08.")


class MonthlyStatementViewSet(Endpoint):
    """The statement of a month: its invoices, credit notes and payments, with their sums."""

    queryset = Invoice.objects.none()
    queries: ClassVar = {"retrieve": MonthlyStatementQuery}
    renderer_classes = (PdfRenderer, JSONRenderer)
    sees = May.VIEW_BILLING

    @extend_schema(operation_id="invoices_statement", responses={(200, "application/pdf"): OpenApiTypes.BINARY})
    def retrieve(self, request: Request) -> HttpResponse:
        """The statement of a month as a PDF."""
        wanted = self.query.validated_data
        with override(wanted.get("language", get_language())):
            paper = monthly_statement_pdf(self.customer, wanted["month"], at=self.at)
        return document(paper, f"statement-{wanted['month'].key}")
