"""What a customer takes away: lists as CSV and XLSX, documents as PDF."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import reverse

from accounts.access import PortalRequest
from accounts.may import May
from kernel import display
from store.progress import Watched
from store.tables import csv_parts, write_workbook

FORMATS = ("csv", "xlsx")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Titled(Protocol):
    """A column of a download; `width` is how many characters it is wide in a workbook."""

    @property
    def title(self) -> object: ...
    @property
    def width(self) -> int: ...


def export_links(request: PortalRequest, name: str) -> list[tuple[str, str]]:
    """Links that download exactly what is shown, for who may take it away."""
    if May.EXPORT not in request.rights:
        return []
    query = request.GET.copy()
    for key in ("before", "after"):
        query.pop(key, None)
    return [(form.upper(), f"{reverse(name, args=[form])}?{query.urlencode()}") for form in FORMATS]


def table_response(
    request: PortalRequest,
    form: str,
    columns: Sequence[Titled],
    rows: Iterable[Sequence[object]],
    *,
    name: str,
    count: Callable[[], int],
) -> HttpResponseBase:
    """
    A download of `rows` as `form` ("csv" or "xlsx"), called `name` with the format's ending; `count` says how many there are.

    :raises Http404: another format was asked for
    """
    watched = Watched(request.customer.pk, request.GET.get("watch", ""), rows, count)
    titles, widths = [str(column.title) for column in columns], [column.width for column in columns]
    return file_response(form, titles, widths, watched, name=name)


def file_response(
    form: str, titles: Sequence[str], widths: Sequence[int], watched: Watched, *, name: str
) -> HttpResponseBase:
    """
    The file itself.

    :raises Http404: another format was asked for
    """
    if form not in FORMATS:
        raise Http404
    if form == "csv":
        return StreamingHttpResponse(
            csv_parts(titles, watched),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
        )
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    write_workbook(file, titles, watched, widths)
    watched.finish()
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=XLSX)


def document_language(request: PortalRequest) -> str:
    """The language asked for in the address, else the reader's."""
    return display.language(request.GET.get("lang"))


def pdf_response(document: bytes, number: str) -> HttpResponse:
    return HttpResponse(
        document,
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{number}.pdf"'},
    )
