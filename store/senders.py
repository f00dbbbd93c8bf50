"""Where a request comes from, and how often one sender is let do what costs us something. Counted in the cache (Redis)."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest


def network_of(request: HttpRequest) -> str:
    """The address that a request comes from; of IPv6 the /64 that one household has."""
    found = address_of_sender(request)
    if found is None:
        return _claimed(request)
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.ip_network((int(found), 64), strict=False))


def address_of_sender(request: HttpRequest) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Nothing when what stands there is no address."""
    try:
        return ipaddress.ip_address(_claimed(request))
    except ValueError:
        return None


def _claimed(request: HttpRequest) -> str:
    address = str(request.META.get("REMOTE_ADDR", ""))
    if settings.BEHIND_PROXY:  # what our own proxy has seen stands last
        address = str(request.META.get("HTTP_X_FORWARDED_FOR", address)).rpartition(",")[2].strip()
    return address


def is_within(subject: str, *, most: int, seconds: int) -> bool:
    """
    Count one more of `subject`: whether that makes `most` of them at most since the first, `seconds` ago at most.

    :raises RedisError: nobody counts just now
    """
    key = f"within:{subject}"
    cache.add(key, 0, seconds)
    try:
        return cache.incr(key) <= most
    except ValueError:  # forgotten just now
        return True
