"""The language that a browser is answered in."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponseBase

A_YEAR = 365 * 24 * 3600


def speak(answer: HttpResponseBase, language: str) -> None:
    """From the next page on the browser is answered in `language`."""
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=A_YEAR, samesite="Lax", secure=settings.HTTPS, httponly=True
    )
