"""What the adapters share: one call with one deadline, and values that an outsider wrote."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from datetime import timedelta, timezone
from typing import TypeAlias, TypedDict, TypeGuard, Unpack
from urllib.parse import urlsplit

import httpx

from store import outgoing

from .base import BadSignature, Unknown

VIETNAM = timezone(timedelta(hours=7))  # the vendors' day, whatever zone we bill in
CHECK_AFTER = timedelta(minutes=1)
MAX_ANSWER = 64 * 1024
MAX_AMOUNT = 10**12  # above any real order: a larger number is a defect, not money
LONGEST_NAME = 60  # of orders and transactions

Told: TypeAlias = dict[str, object]
"""An object of JSON that an outsider wrote: each value is looked at before it is anything."""


class Content(TypedDict, total=False):
    """What is posted: JSON, or the fields of a form."""

    json: Mapping[str, object]
    data: Mapping[str, object]
    content: bytes
    headers: Mapping[str, str]


def ask(
    client: httpx.Client, url: str, *, seconds: float, may_refuse: bool = False, **content: Unpack[Content]
) -> dict[str, object] | Unknown:
    """
    POST `content` (data= or json=). Whatever is not a readable answer is Unknown, for the request may have had its effect.

    :param may_refuse: 4xx carries an answer as well
    """
    try:
        with (
            outgoing.within(seconds),
            client.stream("POST", url, timeout=seconds, **content) as response,
        ):
            if response.status_code != 200 and not (may_refuse and 400 <= response.status_code < 500):
                return Unknown(f"HTTP {response.status_code}")
            answer = json.loads(outgoing.read_at_most(response, MAX_ANSWER))
    except httpx.HTTPError as error:
        return Unknown(type(error).__name__)
    except (ValueError, RecursionError):
        return Unknown("unreadable answer")
    return answer if isinstance(answer, dict) else Unknown("unreadable answer")


def leads_to(url: str, hosts: tuple[str, ...]) -> bool:
    """Whether a customer may be sent to `url`: to one of the `hosts` (or, with a leading dot, domains)."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    known = any(host.endswith(page) if page.startswith(".") else host == page for page in hosts)
    return parts.scheme in ("https", "http") and known


def json_object(text: bytes | str) -> dict[str, object]:
    """:raises BadSignature: it is none"""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadSignature("not JSON") from error
    if not isinstance(value, dict):
        raise BadSignature("not a JSON object")
    return value


def encodable(text: str) -> str:
    """JSON can carry halves of characters that no UTF-8 text has; nobody signed those. :raises BadSignature:"""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadSignature("not UTF-8") from error
    return text


def is_same(expected: str, given: object) -> bool:
    """Compared in constant time, as is every signature."""
    if not isinstance(given, str):
        return False
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "surrogatepass"))


def is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def is_amount(value: object) -> TypeGuard[int]:
    return is_int(value) and 0 < value <= MAX_AMOUNT


def is_name(value: object) -> TypeGuard[str]:
    """Orders and transactions have short names of plain characters."""
    return isinstance(value, str) and 1 <= len(value) <= LONGEST_NAME and value.isascii() and value.isprintable()


def transaction_of(value: object) -> str:
    """The vendors write their transaction numbers as a number or as text; empty where there is none that can be one."""
    text = str(value) if is_int(value) else value
    return text if is_name(text) else ""


def part_of(answer: Mapping[str, object], name: str) -> Told:
    """An object within an object; an empty one where there is none."""
    value = answer.get(name)
    return value if isinstance(value, dict) else {}


def rows_of(answer: Mapping[str, object], name: str) -> list[Told]:
    """The objects of a list within an object; none where there is none."""
    value = answer.get(name)
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def text_of(answer: Mapping[str, object], name: str) -> str:
    """A field as it is signed: numbers in decimal, nothing as nothing."""
    value = answer.get(name)
    return str(value) if isinstance(value, str) or is_int(value) else ""
