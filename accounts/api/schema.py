"""How the OpenAPI document tells of keys, problems and idempotent writes, for every operation alike."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry
from drf_spectacular.utils import OpenApiParameter

from accounts.api.fields import Input, Nothing
from accounts.api.problems import CONTENT_TYPE, Problem
from accounts.api.query import Query
from kernel.shapes import Json

READING = (400, 401, 403, 404, 405, 406, 409, 411, 422, 429, 503)
WRITING = (*READING, 402, 410, 413, 415)
KEY = {
    "type": "string",
    "maxLength": 100,
    "pattern": "^[!-~]([ -~]*[!-~])?$",
    "description": "Same key and body: same answer. Other body: 422. Still running: 409.",
}
EMPTY = {"type": "object", "additionalProperties": False}


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.authentication.KeyAuthentication"
    match_subclasses = True

    @property
    def name(self) -> str:  # type: ignore[override]  # one class for both kinds of keys
        return str(self.target.scheme)

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, object]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": f"A key that begins with `{self.target.model.PREFIX}`.",
        }


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.authentication.UserAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, object]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "The portal's own users; writes need the X-CSRFToken header, and whoever belongs to several customers "
            "names one in X-Customer.",
        }


class Schema(AutoSchema):
    """From what the endpoints declare: `queries`, `idempotent`, `for_customers`, `for_products`."""

    def get_override_parameters(self) -> list[Any]:
        parameters = [*super().get_override_parameters(), *self._query()]
        need = getattr(self._handler(), "idempotency", "")
        if need:
            parameters.append(
                OpenApiParameter("Idempotency-Key", KEY, OpenApiParameter.HEADER, required=need == "required")
            )
        return parameters

    def get_request_serializer(self) -> Any:
        takes = getattr(self._handler(), "takes", None)
        return takes.described() if takes else super().get_request_serializer()

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Json | None:
        operation = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation:
            takes = getattr(self._handler(), "takes", None)
            if takes is Nothing:
                operation["requestBody"] = {"content": {"application/json": {"schema": EMPTY}}}
            elif takes:
                operation["requestBody"]["required"] = takes.says_something()
            problem = {CONTENT_TYPE: {"schema": self.resolve_serializer(Problem, "response").ref}}
            for status in sorted(READING if self.method == "GET" else WRITING):
                operation["responses"].setdefault(
                    str(status), {"description": HTTPStatus(status).phrase, "content": problem}
                )
        return operation

    def get_auth(self) -> list[dict[str, object]]:
        """The keys of those whom the operation is meant for."""
        view = self.view
        customers = getattr(view, "for_customers", True) and getattr(view, "action", "") not in getattr(
            view, "only_for_products", ()
        )
        meant = {"customer_key", "session"} if customers else set()
        if getattr(view, "action", None) in getattr(view, "for_products", ()):
            meant.add("product_key")
        return [need for need in super().get_auth() if meant.issuperset(need)]

    def _map_basic_serializer(self, serializer: object, direction: object) -> object:
        schema = super()._map_basic_serializer(serializer, direction)
        if isinstance(serializer, Input) or (isinstance(serializer, type) and issubclass(serializer, Input)):
            schema["additionalProperties"] = False
        return schema

    def _query(self) -> list[type[Query]]:
        found = getattr(self.view, "queries", {}).get(getattr(self.view, "action", None))
        return [found] if found else []

    def _handler(self) -> object:
        return getattr(self.view, getattr(self.view, "action", None) or self.method.lower(), None)
