"""Errors as problem details (RFC 9457), with a stable `code`: the one place where the API translates refusals."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from itertools import islice

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from django.utils.translation import gettext as _
from django_fsm import ConcurrentTransition, TransitionNotAllowed
from rest_framework import exceptions, serializers
from rest_framework.response import Response

from kernel.errors import DomainError
from store.races import code_of

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"

MOST_ERRORS = 50
LONGEST_DETAIL = 500
"""What a client sent is repeated in sentences about it, but not all of a megabyte."""


class ProblemError(serializers.Serializer[object]):
    """One thing that is wrong with the request."""

    field = serializers.CharField(help_text='Where: "items.0.quantity"; empty for the request as a whole.')
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(serializers.Serializer[object]):
    """Problem details (RFC 9457)."""

    type = serializers.CharField(help_text="Always about:blank; `code` tells problems apart.")
    title = serializers.CharField(help_text="The HTTP status in words.")
    status = serializers.IntegerField()
    code = serializers.CharField(help_text="Stable, for programs.")
    detail = serializers.CharField(help_text="A sentence for people, in the language of Accept-Language.")
    errors = ProblemError(many=True, required=False)  # type: ignore[assignment]  # a field, as the RFC calls it
    details = serializers.DictField(required=False, help_text="Facts of a refusal, such as `shortfall` in VND.")


def handle(error: Exception, context: dict[str, object]) -> Response:
    """The answer to whatever an endpoint raised."""
    match error:
        case DomainError():
            return _refusal(error)
        case exceptions.ValidationError():
            return _invalid(error)
        case exceptions.APIException():
            return _protocol(error)
        case Http404():
            return problem(404, "not-found", _("There is nothing here, or it is not yours."))
        case DjangoPermissionDenied():
            return problem(403, "permission-denied", _("You may not do this."))
        case RequestDataTooBig():
            return problem(413, "too-large", _("The request is larger than this address takes."))
        case TransitionNotAllowed():
            return problem(409, "wrong-state", _("This is not possible in the present state."))
        case ConcurrentTransition():
            return _raced("concurrent-change")
        case IntegrityError() if code := code_of(_constraint(error)):
            return _raced(code)
        case OperationalError() | InterfaceError():
            logger.exception("API: the database did not answer in time")
            detail = _("The portal is busy. Nothing is lost; please try again in a moment.")
            return problem(503, "busy", detail, headers={"Retry-After": "2"})
        case _:
            logger.exception("API: %s failed", type(context.get("view")).__name__, exc_info=error)
            return problem(500, "internal-error", _("Something went wrong on our side. It has been recorded."))


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[Mapping[str, str]] = (),
    details: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    body: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        body["errors"] = list(errors)
    if details:
        body["details"] = dict(details)
    return Response(body, status=status, headers=dict(headers or {}), content_type=CONTENT_TYPE)


def _refusal(error: DomainError) -> Response:
    facts = error.facts()
    field = facts.pop("field", None)
    errors = [{"field": str(field), "code": error.code, "detail": str(error)}] if field else []
    return problem(error.status, error.code, str(error), errors=errors, details=facts)


def _invalid(error: exceptions.ValidationError) -> Response:
    errors = list(islice(_flatten(error.detail), MOST_ERRORS))
    sentences = [f"{one['field']}: {one['detail']}" if one["field"] else one["detail"] for one in errors[:5]]
    return problem(400, "invalid-input", " ".join(sentences), errors=errors)


def _flatten(detail: object, path: str = "") -> Iterator[dict[str, str]]:
    match detail:
        case Mapping():
            for name, part in detail.items():
                own = "" if name == "non_field_errors" else str(name)
                yield from _flatten(part, ".".join(filter(None, (path, own))))
        case list() | tuple():
            for index, part in enumerate(detail):
                nested = isinstance(part, Mapping | list | tuple)
                yield from _flatten(part, ".".join(filter(None, (path, str(index)))) if nested else path)
        case _:
            code = str(getattr(detail, "code", "invalid")).replace("_", "-")
            yield {"field": path, "code": code, "detail": _clipped(str(detail))}


def _clipped(sentence: str) -> str:
    return sentence if len(sentence) <= LONGEST_DETAIL else f"{sentence[: LONGEST_DETAIL - 1]}…"


def _protocol(error: exceptions.APIException) -> Response:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]
    code = str(error.default_code).replace("_", "-")
    return problem(error.status_code, code, _clipped(str(error.detail)), headers=headers)


def _raced(code: str) -> Response:
    return problem(
        409, code, _("Another request was faster, so nothing was done. Look at the present state and decide.")
    )


def _constraint(error: IntegrityError) -> str:
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""
