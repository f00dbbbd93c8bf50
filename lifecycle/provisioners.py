"""How product teams are reached: one interface, one class per way."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any, Protocol

import httpx
from django.conf import settings

from catalog.models import Product
from kernel.clock import machine_now

TIMEOUT = httpx.Timeout(10, connect=3)


class NotDelivered(Exception):
    """The product team's system did not take the request; it is tried again."""


class Provisioner(Protocol):
    def deliver(self, payload: dict[str, Any]) -> None:
        """Hand over one request. :raises NotDelivered:"""


class WebhookProvisioner:
    """
    POST to the product's address, signed: `Portal-Signature: t=<unix seconds>,v1=<HMAC-SHA256 of "t.body">`.

    Any 2xx answer means "received"; the result comes later through the API.
    """

    def __init__(self, url: str, secret: str) -> None:
        self.url, self.secret = url, secret

    def deliver(self, payload: dict[str, Any]) -> None:
        payload = payload | {
            "answer_url": f"{settings.PUBLIC_URL}/api/v1/provisioning-requests/{payload['id']}/answer/"
        }
        body = json.dumps(payload, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "Portal-Signature": signature(body, self.secret, int(machine_now().timestamp())),
        }
        try:
            httpx.post(self.url, content=body, headers=headers, timeout=TIMEOUT).raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotDelivered(f"{type(error).__name__}: {error}") from error


class PollingProvisioner:
    """The product team reads its open requests through the API: being readable is being delivered."""

    def deliver(self, payload: dict[str, Any]) -> None:
        del payload


def provisioner_of(product: Product) -> Provisioner:
    if product.provisioner == Product.Provisioner.WEBHOOK and product.webhook_url:
        return WebhookProvisioner(product.webhook_url, product.webhook_secret)
    return PollingProvisioner()


def signature(body: bytes, secret: str, timestamp: int) -> str:
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"
