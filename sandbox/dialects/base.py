"""What a dialect of the gateway says to the rest of the sandbox, and what all dialects share."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import httpx
from flask import Blueprint, Response

from sandbox.shapes import Json

from ..config import Config

Row = sqlite3.Row
Struck = dict[str, float]
"""The faults that a call meets, with their values."""
Answer = Json


@dataclass(frozen=True)
class GatewayNotice:
    """How a merchant is told: by POST of `body`, with `headers` beside it, or by GET where there is none."""

    url: str
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Teller:
    """
    Who tells a merchant something.

    :ivar tries: of one notice, at most, `gap_s` apart, each waiting `timeout_s` for an answer
    :ivar judge: an answer of the merchant as (state of the callback, words)
    :ivar headers: what is shown beside the body
    """

    name: str
    tries: int
    gap_s: float
    timeout_s: float
    judge: Callable[[httpx.Response], tuple[str, str]]
    headers: Callable[[Config], dict[str, str]] = lambda config: {}


@dataclass(frozen=True)
class Linking:
    """
    How a dialect lets accounts be linked.

    :ivar notice: what is told of a link; nothing where nobody wants to be told
    :ivar return_url: where the customer goes from its page
    """

    notice: Callable[[Row, Config, Struck], GatewayNotice | None]
    return_url: Callable[[Row, Config], str]


@dataclass(frozen=True)
class Dialect:
    """
    :ivar brand: whom it plays
    :ivar tells_failure: otherwise only success is told
    :ivar tries: of one notice, at most, `gap_s` apart, each waiting `timeout_s` for an answer
    :ivar notice: what is told of an order, with the faults that strike it; nothing where nobody wants to be told
    :ivar judge: an answer of the merchant as (state of the callback, words)
    :ivar return_url: where the customer goes from an order that has ended
    :ivar reverses: its protocol has words for a bank that takes money back
    :ivar has_disputes: what a bank has taken back may be won back
    :ivar refund_notice: what is told of a refund that has failed; nothing: nobody is told
    :ivar may_try_again: on its page, after a try that failed or was broken off, until it expires, which is told
    """

    name: str
    brand: str
    blueprint: Blueprint
    tells_failure: bool
    tries: int
    gap_s: float
    timeout_s: float
    notice: Callable[[Row, Config, Struck], GatewayNotice | None]
    judge: Callable[[httpx.Response], tuple[str, str]]
    return_url: Callable[[Row, Config], str]
    reverses: bool = False
    has_disputes: bool = False
    refund_notice: Callable[[Row, Row, Config, Struck], GatewayNotice] | None = None
    may_try_again: bool = False
    linking: Linking | None = None


def misbehaved(answer: Answer | str | None, struck: Struck, status: int = 200) -> Response:
    """What the caller gets to see of the answer (None: nothing was done). Sleeps hold no database lock."""
    if answer is None:
        time.sleep(struck["hang_before"])
        return Response("Service Unavailable", 503)
    time.sleep(struck.get("hang_after", 0))
    if "http_500_after_effect" in struck:
        return Response("Internal Server Error", 500)
    is_table = isinstance(answer, str)
    text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
    if "truncated" in struck:
        text = text[: len(text) // 2]
    return Response(text, status, content_type="text/csv; charset=utf-8" if is_table else "application/json")


def is_too_young(row: Row, struck: Struck, now: float) -> bool:
    return "not_found_for" in struck and now - row["created_at"] < struck["not_found_for"]


def with_query(url: str, told: Json) -> str:
    """The address with more in its query."""
    parts, query = urlsplit(url), urlencode(told)
    return parts._replace(query=f"{parts.query}&{query}" if parts.query else query).geturl()


def is_web_address(url: str) -> bool:
    """That a browser may be sent to: never javascript: or the like."""
    return urlsplit(url).scheme in ("http", "https")
