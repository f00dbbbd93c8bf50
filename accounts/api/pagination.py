"""Pages of lists, newest first; the thousandth costs what the first does."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.errors import DomainError
from store.keyset import Page, UnknownKey, keyset_page


class NoSuchPage(DomainError):
    code = "no-such-page"
    status = 422
    message = _("This is no key of a page of this list. Begin with the first page.")


class KeysetPagination(BasePagination):
    """Opaque keys `after` and `before`: follow `next` and `previous`. The view's `keyset` is the unique key."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        wanted = view.query.validated_data
        before, after = wanted.get("before", ""), wanted.get("after", "")
        field = "after" if after else "before"
        if before and after:
            raise NoSuchPage(_("Give either `after` or `before`."), field=field)
        try:
            self.page: Page[object] = keyset_page(
                queryset, view.keyset, before=before, after=after, size=wanted["page_size"], strict=True
            )
        except UnknownKey:
            raise NoSuchPage(field=field) from None
        return self.page.rows

    def get_paginated_response(self, data: object) -> Response:
        return Response(
            {
                "next": self._link("after", self.page.older),
                "previous": self._link("before", self.page.newer),
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, object]) -> dict[str, object]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: object) -> list[dict[str, object]]:
        return []  # `Paged` declares them

    def _link(self, direction: str, key: str) -> str | None:
        if not key:
            return None
        kept = [
            (name, value)
            for name, values in self.request.query_params.lists()
            for value in values
            if name not in {"after", "before"}
        ]
        return self.request.build_absolute_uri(f"{self.request.path}?{urlencode([*kept, (direction, key)])}")
