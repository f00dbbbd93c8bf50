"""The product teams' side of the portal's webhooks."""

from __future__ import annotations

from hmac import HMAC, compare_digest


def webhook_holds(header: str, secret: str, body: bytes, *, now: float, tolerance_s: float) -> bool:
    """Whether `t=<unix>,v1=<hex>` signs "<t>.<body>" with our secret, lately. An empty secret signs nothing."""
    fields = dict(part.strip().partition("=")[::2] for part in header.split(",") if "=" in part)
    at, given = fields.get("t", ""), fields.get("v1", "")
    if not secret or not at.isascii() or not at.isdigit() or len(at) > 12:
        return False
    expected = HMAC(secret.encode("utf-8"), at.encode("ascii") + b"." + body, "sha256").hexdigest()
    fresh = abs(now - int(at)) <= tolerance_s
    return fresh and compare_digest(given.encode("utf-8", "replace"), expected.encode("ascii"))
