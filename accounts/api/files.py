"""Answers that are files: documents, and lists as CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from django.db.models import Model, QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from accounts.api.endpoints import Endpoint
from kernel.cells import quoted

ROWS_AT_ONCE = 500


class PdfRenderer(JSONRenderer):
    """Lets a client accept a PDF; what it renders itself are problems."""

    media_type = "application/pdf"
    format = "pdf"


class CsvRenderer(JSONRenderer):
    """Lets a client accept CSV; what it renders itself are problems."""

    media_type = "text/csv"
    format = "csv"


class ZipRenderer(JSONRenderer):
    """Lets a client accept a ZIP; what it renders itself are problems."""

    media_type = "application/zip"
    format = "zip"


def document(content: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{name}.pdf"'}
    )


class Exported(Endpoint):
    """
    A list that can be had whole: `export/` takes the parameters of the list and answers CSV, the columns being the members
    of its JSON. Rows are read, written and forgotten, a few hundred at a time.
    """

    @extend_schema(responses={(200, "text/csv"): str})
    @action(detail=False, renderer_classes=[CsvRenderer, JSONRenderer], pagination_class=None)
    def export(self, request: Request) -> StreamingHttpResponse:
        """The whole list as CSV, its columns named like the members of the JSON."""
        rows = self.query.narrow(self.get_queryset()).order_by(*(f"-{column}" for column in self.keyset))
        return StreamingHttpResponse(
            self._lines(rows),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{self.basename}s.csv"'},
        )

    def _lines(self, rows: QuerySet[Model]) -> Iterator[str]:
        line = csv.writer(_Line())
        shape = self.get_serializer()
        assert isinstance(shape, serializers.Serializer)
        columns = list(shape.fields)
        yield "\ufeff" + line.writerow(columns)
        found = iter(rows.iterator(ROWS_AT_ONCE))
        while chunk := list(islice(found, ROWS_AT_ONCE)):
            shown: Iterable[Mapping[str, object]] = self.get_serializer(chunk, many=True).data
            yield "".join(line.writerow([_cell(row[column]) for column in columns]) for row in shown)


class _Line:
    """What `csv.writer` writes to: hands each line back instead of keeping it."""

    def write(self, text: str) -> str:
        return text


def _cell(value: object) -> object:
    match value:
        case str():
            return quoted(value)
        case dict() | list():
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value
