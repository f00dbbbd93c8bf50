"""Papers for bookkeepers: the statement of a month."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import override
from django.views.decorators.http import require_GET

from accounts.access import PortalRequest, portal_page
from accounts.downloads import document_language, pdf_response
from accounts.may import May
from invoices.forms import UsageFilters
from payments.monthly import monthly_statement_pdf


@require_GET
@portal_page(May.VIEW_BILLING)
def monthly_statement(request: PortalRequest) -> HttpResponse:
    """Of the month in the address, or the last one that is over."""
    month = UsageFilters(request.GET).month_wanted(at=request.at)
    with override(document_language(request)):
        return pdf_response(monthly_statement_pdf(request.customer, month, at=request.at), f"statement-{month.key}")
