"""
How product teams are reached: one interface, one class per way.

Their addresses are theirs to choose, and so is what answers there: a call has ten seconds altogether, no more is read of the
answer than its status, and none goes to an inside address unless WEBHOOK_INSIDE_NETWORKS allows it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from functools import cache
from http import HTTPStatus
from typing import Protocol

import httpx
from django.conf import settings

from catalog.models import Product
from kernel.clock import machine_now
from store import outgoing

SECONDS = 10
BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class NotDelivered(Exception):
    """The product team's system did not take this request; it is tried again."""


class NotReached(NotDelivered):
    """It takes no request at the moment, whichever it is."""


class Provisioner(Protocol):
    def deliver(self, payload: dict[str, object]) -> None:
        """Hand over one request. :raises NotDelivered:"""


class WebhookProvisioner:
    """
    POST to the product's address, signed: `Portal-Signature: t=<unix seconds>,v1=<HMAC-SHA256 of "t.body">`.

    Any 2xx answer means "received"; the result comes later through the API.
    """

    def __init__(self, url: str, secret: str) -> None:
        self.url, self.secret = url, secret

    def deliver(self, payload: dict[str, object]) -> None:
        payload = payload | {
            "answer_url": f"{settings.PUBLIC_URL}/api/v1/provisioning-requests/{payload['id']}/answer/"
        }
        body = json.dumps(payload, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "Portal-Signature": signature(body, self.secret, int(machine_now().timestamp())),
        }
        status = _post(self.url, body, headers)
        if status in BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise NotReached(f"HTTP {status}")
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            raise NotDelivered(f"HTTP {status}")


def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer. :raises NotReached:"""
    try:
        with (
            outgoing.within(SECONDS),
            _client(tuple(settings.WEBHOOK_INSIDE_NETWORKS)).stream(
                "POST", url, content=body, headers=headers, timeout=SECONDS
            ) as answer,
        ):
            return answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotReached(f"{type(error).__name__}: {error}") from error


@cache
def _client(inside: tuple[str, ...]) -> httpx.Client:
    return outgoing.client(outgoing.within_reach_of(inside))


class PollingProvisioner:
    """The product team reads its open requests through the API: being readable is being delivered."""

    def deliver(self, payload: dict[str, object]) -> None:
        del payload


def provisioner_of(product: Product) -> Provisioner:
    if product.provisioner == Product.Provisioner.WEBHOOK and product.webhook_url:
        return WebhookProvisioner(product.webhook_url, product.webhook_secret)
    return PollingProvisioner()


def signature(body: bytes, secret: str, timestamp: int) -> str:
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"
