"""VNPay wants to know where the payer is: the address that came to us, not our own."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from accounts.may import Role
from payments.models import Payment
from payments.services.gateway import start_top_up
from tests.cast import NOON, make_customer, make_user, owner_of

pytestmark = pytest.mark.django_db
WISH = {"gateway": "sandbox-vnpay", "amount": 500_000}


@pytest.fixture(autouse=True)
def _vnpay(settings: Any) -> None:
    settings.SANDBOX_URL = settings.SANDBOX_PUBLIC_URL = "http://sandbox.test"
    settings.SANDBOX_KEY1, settings.SANDBOX_KEY2 = "one", "two"
    settings.SANDBOX_GATEWAYS = ["vnpay"]


def told() -> str:
    query = parse_qs(urlsplit(Payment.objects.get().redirect_url).query)
    return query["vnp_IpAddr"][0]


@pytest.mark.parametrize("address", ["203.0.113.9", "2001:db8::7"])
def test_who_pays_on_a_page_is_named_by_their_own_address(address: str) -> None:
    client = Client(REMOTE_ADDR=address)
    client.force_login(make_user(make_customer(), role=Role.OWNER))
    assert client.post(reverse("top-up"), WISH).status_code == 303
    assert told() == address


def test_behind_a_proxy_it_is_what_the_proxy_has_seen(settings: Any) -> None:
    settings.BEHIND_PROXY = True
    client = Client(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.1, 203.0.113.9")
    client.force_login(make_user(make_customer(), role=Role.OWNER))
    client.post(reverse("top-up"), WISH)
    assert told() == "203.0.113.9"


def test_who_asks_by_rest_is_named_too() -> None:
    client = Client(REMOTE_ADDR="203.0.113.9")
    client.force_login(make_user(make_customer(), role=Role.OWNER))
    answer = client.post("/api/v1/top-ups/", WISH, content_type="application/json", headers={"idempotency-key": "k"})
    assert answer.status_code == 201
    assert told() == "203.0.113.9"


def test_where_nobody_came_from_our_servers_address_stands() -> None:
    customer = make_customer()
    start_top_up(customer, 500_000, gateway="sandbox-vnpay", actor=owner_of(customer), at=NOON)
    assert told() == "127.0.0.1"
