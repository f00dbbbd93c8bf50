"""ZaloPay's side of the signatures, written from the protocol and not from the merchant's code."""

from __future__ import annotations

from hmac import HMAC, compare_digest


def seal(key: str, *parts: object) -> str:
    """HMAC-SHA256 over the parts joined with a bar, as lower-case hex."""
    return HMAC(key.encode("utf-8"), "|".join(map(str, parts)).encode("utf-8"), "sha256").hexdigest()


def holds(given: str, key: str, *parts: object) -> bool:
    try:
        return compare_digest(given.encode("utf-8"), seal(key, *parts).encode("ascii"))
    except UnicodeEncodeError:
        return False
