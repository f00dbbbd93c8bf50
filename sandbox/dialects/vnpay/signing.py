"""VNPay's side of the signatures: browsers and notices sign their sorted query, server calls their fields in fixed order."""

from __future__ import annotations

from collections.abc import Mapping
from hmac import HMAC, compare_digest
from urllib.parse import quote_plus


def seal(secret: str, text: str) -> str:
    return HMAC(secret.encode("utf-8"), text.encode("utf-8"), "sha512").hexdigest()


def holds(given: str, secret: str, text: str) -> bool:
    """In either case, as libraries send it. An empty secret signs nothing."""
    try:
        return bool(secret) and compare_digest(given.lower().encode("ascii"), seal(secret, text).encode("ascii"))
    except UnicodeEncodeError:
        return False


def query_text(fields: Mapping[str, object]) -> str:
    """`a=1&b=x+y` of the fields whose names begin with vnp_, sorted, without empty ones and without the hash itself."""
    kept = {
        name: str(value)
        for name, value in fields.items()
        if name.startswith("vnp_") and str(value) and name not in ("vnp_SecureHash", "vnp_SecureHashType")
    }
    return "&".join(f"{quote_plus(name)}={quote_plus(kept[name])}" for name in sorted(kept))


def barred(names: str, fields: Mapping[str, object]) -> str:
    """The named fields joined with bars; what is missing leaves its place empty."""
    return "|".join(str(fields.get(f"vnp_{name}", "")) for name in names.split())
