"""Pages of lists, newest first; the thousandth costs what the first does."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError, transaction
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.keyset import SIZE, Page, keyset_page

MAXIMUM_SIZE = 100


class KeysetPagination(BasePagination):
    """Opaque cursors `after` and `before`: follow `next` and `previous`. The view's `keyset` is the unique key."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        params = request.query_params
        before, after = params.get("before", ""), params.get("after", "")
        try:
            with transaction.atomic():  # a cursor that was tampered with may fail in the database
                self.page: Page = keyset_page(queryset, view.keyset, before=before, after=after, size=self._size())
        except (DjangoValidationError, ValueError, TypeError, DataError):
            if not (before or after):
                raise
            raise ValidationError({"after" if after else "before": _("This is not a cursor of this list.")}) from None
        return self.page.rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "next": self._link("after", self.page.older),
                "previous": self._link("before", self.page.newer),
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        cursor = "Opaque cursor: follow `next` and `previous` of an answer."
        size = {"type": "integer", "minimum": 1, "maximum": MAXIMUM_SIZE, "default": SIZE}
        return [
            {"name": "after", "in": "query", "description": cursor, "schema": {"type": "string"}},
            {"name": "before", "in": "query", "description": cursor, "schema": {"type": "string"}},
            {"name": "page_size", "in": "query", "description": "Rows per page.", "schema": size},
        ]

    def _size(self) -> int:
        text = self.request.query_params.get("page_size", str(SIZE))
        if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MAXIMUM_SIZE):
            raise ValidationError({"page_size": _("Choose a page size from 1 to 100.")})
        return int(text)

    def _link(self, direction: str, cursor: str) -> str | None:
        if not cursor:
            return None
        kept = [
            (name, value)
            for name, values in self.request.query_params.lists()
            for value in values
            if name not in {"after", "before"}
        ]
        return self.request.build_absolute_uri(f"{self.request.path}?{urlencode([*kept, (direction, cursor)])}")
