"""
Some addresses open what they name: a link of a mail. Such a part of a route is a `<secret:...>`, and no log of ours has it: neither the
lines of the portal nor those of its web server, whoever writes them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from django.urls import URLResolver, get_resolver
from django.urls.converters import StringConverter, register_converter

HIDDEN = "…"
OPENING = "<secret:"


class SecretPart(StringConverter):
    """Whoever knows it gets in."""


register_converter(SecretPart, "secret")


def redacted(text: str) -> str:
    """A line of a log, without what opens something."""
    return _secrets().sub(rf"\g<before>{HIDDEN}", text) if "/" in text else text


def routes() -> Iterator[str]:
    """Every route of the portal, as it is written."""
    return _routes(get_resolver(), "")


@cache
def _secrets() -> re.Pattern[str]:
    before = {re.escape(_before(route)) for route in routes() if OPENING in route}
    return re.compile(rf"(?P<before>/(?:{'|'.join(sorted(before)) or '(?!)'}))[^/?\s\"']+")


def _before(route: str) -> str:
    return route.partition("<")[0]


def _routes(resolver: URLResolver, prefix: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern, route)
        else:
            yield route
