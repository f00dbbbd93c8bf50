"""What went wrong outside of every view: odd requests (400), the database is away (503), or it is our fault (500)."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils.translation import gettext as _
from django.views import defaults

from accounts.api.problems import CONTENT_TYPE

RETRY_SECONDS = "5"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Such as a host that is not ours, or a filter that is not offered."""
    if request.path.startswith("/api/"):
        return _problem(400, "bad-request", _("This request cannot be understood."))
    return defaults.bad_request(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page, or for programs the problem, in which nothing is asked of the database."""
    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    status, code = (503, "busy") if away else (500, "internal-error")
    headers = {"Retry-After": RETRY_SECONDS} if away else {}
    if request.path.startswith("/api/"):
        detail = (
            _("The portal is busy. Nothing is lost; please try again in a moment.")
            if away
            else _("Something went wrong on our side. It has been recorded.")
        )
        return _problem(status, code, detail, headers=headers)
    return HttpResponse(loader.get_template(f"{status}.html").render(), status=status, headers=headers)


def _problem(status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None) -> HttpResponse:
    title = HTTPStatus(status).phrase
    problem = {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail}
    return JsonResponse(problem, status=status, headers=headers, content_type=CONTENT_TYPE)
