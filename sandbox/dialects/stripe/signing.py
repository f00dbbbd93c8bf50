"""Stripe's side of the keys and signatures, written from the protocol and not from the merchant's code."""

from __future__ import annotations

from collections.abc import Iterable
from hmac import HMAC, compare_digest

from ...config import Config


def api_key(secret: str) -> str:
    """What the merchant shows with each call."""
    return f"sk_test_{secret}"


def webhook_secret(secret: str) -> str:
    return f"whsec_{secret}"


def is_ours(shown: str, secrets: Iterable[str]) -> bool:
    """Whether an Authorization header carries one of the merchant's keys; an empty one opens nothing."""
    keys = [f"Bearer {api_key(secret)}" for secret in secrets if secret]
    return any(compare_digest(shown.encode("utf-8", "replace"), key.encode("utf-8")) for key in keys)


def header(config: Config, body: str, *, at: float, spoiled: bool) -> str:
    """`t=…,v1=…` over "t.body"; while an endpoint's secret is being rolled, the old one signs beside the new one."""
    secrets = ["not the key"] if spoiled else config.accepts("key2", at)
    signed = f"{int(at)}.{body}".encode()
    marks = [HMAC(webhook_secret(secret).encode("utf-8"), signed, "sha256").hexdigest() for secret in secrets]
    return ",".join([f"t={int(at)}", *(f"v1={mark}" for mark in marks)])
