"""FOCUS over HTTP, for the portal, REST and staff alike."""

from __future__ import annotations

from django.http import Http404, StreamingHttpResponse

from accounts.models import Customer
from invoices.focus.charges import charges_of
from invoices.focus.columns import VERSION
from invoices.focus.files import FILES
from kernel.periods import CalendarMonth


def focus_response(month: CalendarMonth, form: str, *, customer: Customer | None, schema: str) -> StreamingHttpResponse:
    """
    The month's charges as a file, of one customer or of all; `schema` is the address of what describes them.

    :raises Http404: another form was asked for
    """
    if form not in FILES:
        raise Http404
    content_type, written = FILES[form]
    return StreamingHttpResponse(
        written(charges_of(month, customer)),
        content_type=content_type,
        headers={
            "Content-Disposition": f'attachment; filename="focus-{VERSION}-{month.key}.{form}"',
            "Link": f'<{schema}>; rel="describedby"; type="application/json"',
        },
    )
