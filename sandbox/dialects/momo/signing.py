"""MoMo's side of the signatures: named fields in alphabetical order, as they are."""

from __future__ import annotations

from collections.abc import Mapping
from hmac import HMAC, compare_digest


def seal(secret: str, names: str, fields: Mapping[str, object]) -> str:
    """HMAC-SHA256 over `a=1&b=2` of the named fields, of which accessKey is one, as lower-case hex."""
    text = "&".join(f"{name}={fields.get(name, '')}" for name in sorted(names.split()))
    return HMAC(secret.encode("utf-8"), text.encode("utf-8"), "sha256").hexdigest()


def holds(given: object, secret: str, names: str, fields: Mapping[str, object]) -> bool:
    """An empty secret signs nothing."""
    try:
        return (
            bool(secret)
            and isinstance(given, str)
            and compare_digest(given.encode("ascii"), seal(secret, names, fields).encode("ascii"))
        )
    except UnicodeEncodeError:
        return False
