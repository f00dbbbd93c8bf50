"""
Calls to a provider, and to a page of its domain. Their addresses are a customer's to choose: each is within reach and within time
(`store.outgoing`), and nothing is followed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from threading import Lock
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from door.openid.flaws import Flaw, ProviderAway, ProviderBusy, Untrusted
from kernel.shapes import Json
from store import outgoing

SECONDS = 8
"""For all calls of one step together."""
AT_ONCE, AT_ONE_HOST = 3, 2
"""So many steps are under way in one process: it has threads left for everybody else, however slow providers are."""
LONGEST = 256 * 1024
BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


def host_of(issuer: str) -> str:
    """How people know a provider."""
    return urlsplit(issuer).netloc


def read_page(url: str) -> str:
    """
    The text of a short page.

    :raises ProviderAway, ProviderBusy, Untrusted:
    """
    with calling(url):
        return _call("GET", url, Flaw.DISCOVERY).decode(errors="replace").strip()


_under_way: Counter[str] = Counter()
_counting = Lock()


@contextmanager
def calling(url: str) -> Iterator[None]:
    """:raises ProviderBusy, Untrusted: enough of us wait for answers, of this host or altogether; it is no address that we call"""
    host = host_of(checked(url))
    with _counting:
        if _under_way.total() >= AT_ONCE or _under_way[host] >= AT_ONE_HOST:
            raise ProviderBusy
        _under_way[host] += 1
    try:
        with outgoing.within(SECONDS):
            yield
    finally:
        with _counting:
            _under_way[host] -= 1
            if not _under_way[host]:
                del _under_way[host]


def call_for_json(
    method: str, url: str, flaw: Flaw, *, asked: dict[str, str] | None = None, shown: dict[str, str] | None = None
) -> Json:
    try:
        said = json.loads(_call(method, url, flaw, asked=asked, shown=shown))
    except (ValueError, RecursionError) as error:
        raise Untrusted(flaw) from error
    if not isinstance(said, dict):
        raise Untrusted(flaw)
    return said


def _call(
    method: str, url: str, flaw: Flaw, *, asked: dict[str, str] | None = None, shown: dict[str, str] | None = None
) -> bytes:
    client = _client(tuple(settings.PROVIDER_INSIDE_NETWORKS))
    headers = {"Accept": "application/json", **(shown or {})}
    try:
        with client.stream(method, checked(url), data=asked, headers=headers, timeout=SECONDS) as answer:
            if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status_code in BUSY:
                raise ProviderAway
            if answer.status_code != HTTPStatus.OK:
                raise Untrusted(flaw)
            return outgoing.read_at_most(answer, LONGEST)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ProviderAway from error


@cache
def _client(inside: tuple[str, ...]) -> httpx.Client:
    return outgoing.client(outgoing.within_reach_of(inside))


def checked(url: object) -> str:
    """
    An address with TLS, without a name and password in it; without TLS only by number, of a network inside that was allowed.

    :raises Untrusted:
    """
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
        is_plain = parts.scheme == "http" and any(
            ip_address(parts.hostname or "") in ip_network(network) for network in settings.PROVIDER_INSIDE_NETWORKS
        )
        if not parts.hostname or "@" in parts.netloc or (parts.scheme != "https" and not is_plain):
            raise Untrusted(Flaw.ADDRESS)
        _port = parts.port
    except ValueError as error:
        raise Untrusted(Flaw.ADDRESS) from error
    return str(url)
