"""The sandbox's own words, in English and Vietnamese, and its own way to write money and time."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from flask import Flask, Response, g, request

from .ledger import VIETNAM
from .words import WORDS

LANGUAGES = ("vi", "en")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def language() -> str:
    """?lang=, else what was chosen before, else what the browser prefers, else Vietnamese."""
    if "language" not in g:
        asked = request.args.get("lang") or request.cookies.get("sandbox_lang")
        preferred = request.accept_languages.best_match(LANGUAGES, "vi")
        g.language = asked if asked in LANGUAGES else preferred
    return str(g.language)


def say(key: str, **values: object) -> str:
    english, vietnamese = WORDS[key]
    return (vietnamese if language() == "vi" else english).format(**values)


def number(value: object) -> str:
    """1,234.5 in English, 1.234,5 in Vietnamese; what is no number stays as it is."""
    try:
        text = f"{Decimal(str(value)).normalize():,f}"
    except InvalidOperation:
        return str(value)
    return text.translate(str.maketrans(",.", ".,")) if language() == "vi" else text


def day(at: datetime) -> str:
    """31/12/2026 07:05 in Vietnamese, 31 Dec 2026 07:05 in English, by the clock of Việt Nam."""
    local = at.astimezone(VIETNAM)
    return f"{day_of(local)} {local:%H:%M}"


def day_of(on: date) -> str:
    """31/12/2026 in Vietnamese, 31 Dec 2026 in English."""
    return f"{on:%d/%m/%Y}" if language() == "vi" else f"{on.day} {MONTHS[on.month - 1]} {on:%Y}"


def clock(seconds: float, form: str = "%H:%M:%S") -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone(VIETNAM).strftime(form)


def _remember_language(response: Response) -> Response:
    if request.args.get("lang") in LANGUAGES:
        response.set_cookie("sandbox_lang", request.args["lang"], max_age=31_536_000, samesite="Lax", httponly=True)
    return response


def install(app: Flask) -> None:
    app.jinja_env.globals.update(t=say, language=language)
    app.jinja_env.filters.update(number=number, clock=clock, day=day)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.after_request(_remember_language)
