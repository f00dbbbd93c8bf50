"""The address for gateways' notices is open to anybody: what strangers leave there is little."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from redis.exceptions import ConnectionError as RedisAway

from payments.models import GatewayNotice
from payments.services import notices
from store import senders

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_has_called_before(settings):
    settings.SANDBOX_URL = settings.SANDBOX_PUBLIC_URL = "http://127.0.0.1:9"
    settings.SANDBOX_APP_ID, settings.SANDBOX_KEY1, settings.SANDBOX_KEY2 = "1", "key-1", "key-2"
    cache.clear()
    yield
    cache.clear()


def call(body: str, *, address: str = "203.0.113.9", status: int = 200) -> None:
    client = Client(REMOTE_ADDR=address)
    answer = client.post(reverse("gateway-notice", args=["sandbox"]), body, content_type="text/plain")
    assert answer.status_code == status


def test_what_is_not_signed_is_kept_short():
    call("x" * 19_000)

    assert GatewayNotice.objects.get().body == "x" * 500


def test_one_stranger_leaves_twenty_notices_an_hour_and_keeps_nobody_out():
    for number in range(100):
        call(f"forged {number}")
    assert GatewayNotice.objects.count() == 20

    call("forged elsewhere", address="198.51.100.7")
    assert GatewayNotice.objects.count() == 21


def test_all_strangers_together_leave_so_many_a_day(monkeypatch):
    monkeypatch.setattr(notices, "UNSIGNED_OF_ALL", 30)
    for number in range(50):
        call(f"forged {number}", address=f"198.51.100.{number}")

    assert GatewayNotice.objects.count() == 30


def test_nothing_unsigned_is_kept_while_nobody_counts(monkeypatch):
    def away(*_, **__):
        raise RedisAway

    monkeypatch.setattr(senders.cache, "add", away)
    call("forged")

    assert not GatewayNotice.objects.exists()
