"""How the OpenAPI document tells of keys, problems and idempotent writes, for every operation alike."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from accounts.api.problems import CONTENT_TYPE, Problem

READING = (400, 401, 403, 404, 406, 429, 503)
WRITING = (*READING, 402, 409, 413, 415, 422)


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.authentication.KeyAuthentication"
    match_subclasses = True

    @property
    def name(self) -> str:  # type: ignore[override]  # one class for both kinds of keys
        return str(self.target.scheme)

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": f"A key that begins with `{self.target.model.PREFIX}`.",
        }


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = "accounts.api.authentication.UserAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "The portal's own users; writes need the X-CSRFToken header.",
        }


class Schema(AutoSchema):
    def get_override_parameters(self) -> list[Any]:
        parameters = list(super().get_override_parameters())
        need = getattr(self._handler(), "idempotency", "")
        if need:
            text = "Same key and body: same answer. Other body: 422. Still running: 409."
            parameters.append(
                OpenApiParameter(
                    "Idempotency-Key", str, OpenApiParameter.HEADER, required=need == "required", description=text
                )
            )
        return parameters

    def get_operation(self, *args: Any, **kwargs: Any) -> Any:
        operation = super().get_operation(*args, **kwargs)
        if operation:
            problem = {CONTENT_TYPE: {"schema": self.resolve_serializer(Problem, "response").ref}}
            for status in sorted(READING if self.method == "GET" else WRITING):
                operation["responses"].setdefault(
                    str(status), {"description": HTTPStatus(status).phrase, "content": problem}
                )
        return operation

    def _handler(self) -> Any:
        return getattr(self.view, getattr(self.view, "action", None) or self.method.lower(), None)
