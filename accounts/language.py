"""The language that a browser is answered in."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.i18n import set_language

A_YEAR = 365 * 24 * 3600
CHOSEN = "language_chosen"
"""The cookie of a browser whose reader has said which language they want: nothing else says it for them any more."""


def speak(answer: HttpResponseBase, language: str) -> None:
    """From the next page on the browser is answered in `language`."""
    _keep(answer, settings.LANGUAGE_COOKIE_NAME, language)


def speak_unless_chosen(request: HttpRequest, answer: HttpResponseBase, language: str) -> None:
    """From the next page on in `language`, a customer's, if the reader has not chosen one themselves."""
    if CHOSEN not in request.COOKIES:
        speak(answer, language)


def choose_for_this_browser(request: HttpRequest) -> HttpResponseBase:
    """The switch on every page, before and after signing in."""
    answer: HttpResponse = set_language(request)
    if settings.LANGUAGE_COOKIE_NAME in answer.cookies:
        _keep(answer, CHOSEN, "1")
    return answer


def _keep(answer: HttpResponseBase, name: str, value: str) -> None:
    answer.set_cookie(name, value, max_age=A_YEAR, samesite="Lax", secure=settings.HTTPS, httponly=True)
