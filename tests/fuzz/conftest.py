"""One of everything, of Alice and of vServer, in a world in which Mallory rents something, too."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.throttling import SimpleRateThrottle

from accounts.models import Customer, CustomerKey
from catalog.models import Item, Product, ProductKey
from tests.api.conftest import bucket, now, things, vstorage
from tests.cast import LONG_AGO, NOON, create, make_customer

__all__ = ["bucket", "now", "things", "vstorage"]

MALLORY = "zebra-of-mallory"
"""Stands in everything that is Mallory's, and in no answer to anybody else."""


@pytest.fixture(autouse=True)
def _asked_as_often_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", {"principal": "10000000/min"})


@pytest.fixture
def world(things: dict[str, Any], bucket: Item) -> dict[str, str | int]:
    """What stands in the place of `id` in the addresses below a collection."""
    create(make_customer(MALLORY, credit=5_000_000, email=f"{MALLORY}@customer.example"), bucket, name=MALLORY)
    kinds = {
        "quotes": "quote",
        "orders": "order",
        "resources": "resource",
        "invoices": "invoice",
        "credit-notes": "note",
        "payments": "payment",
        "notices": "notice",
        "checkout-sessions": "session",
        "provisioning-requests": "request",
        "keys": "key",
        "visits": "visit",
        "buyers": "buyer",
        "bank-transfers": "transfer",
        "linked-accounts": "link",
        "payment-requests": "asked",
        "users": "user",
        "invitations": "invitation",
        "closings": "closing",
        "budgets": "budget",
        "recipients": "recipient",
        "privacy-requests": "privacy",
    }
    ids = {collection: things[kind] for collection, kind in kinds.items()}
    return {collection: one if isinstance(one, int) else str(one) for collection, one in ids.items()}


@pytest.fixture
def keys(alice: Customer, vserver: Product) -> dict[str, str]:
    """The keys of four principals; the stranger is a customer who owns nothing."""
    return {
        "owner": _key_of(alice),
        "stranger": _key_of(make_customer("Carol", mode="postpaid")),
        "team": _secret_of(ProductKey.issue(at=LONG_AGO, product=vserver, name="fuzz")),
        "nobody": "",
    }


def _key_of(customer: Customer) -> str:
    return _secret_of(CustomerKey.issue(at=LONG_AGO, customer=customer, name="fuzz"))


def _secret_of(issued: tuple[Any, str]) -> str:
    """Its use was noted just now, which is done once a minute: so no read writes."""
    key, secret = issued
    type(key).objects.filter(pk=key.pk).update(last_used_at=NOON)
    return secret
