"""Who is let in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from rest_framework.throttling import SimpleRateThrottle

from accounts.may import Role
from accounts.models import CustomerKey
from catalog.models import ProductKey
from tests.api.conftest import Caller, done, refused
from tests.cast import LONG_AGO, NOON, make_user

pytestmark = pytest.mark.django_db


def test_anonymous_callers_are_told_how(db):
    answer = Caller().get("wallet/")

    refused(answer, 401, "not-authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize("secret", ["bpc_unknown", "bpp_unknown", "nonsense", "", "bpc_é"])
def test_unknown_keys_are_refused(secret):
    refused(Client(headers={"authorization": f"Bearer {secret}"}).get("/api/v1/wallet/"), 401, "authentication-failed")


def test_other_schemes_are_not_taken(alice):
    refused(Client(headers={"authorization": "Basic YTpi"}).get("/api/v1/wallet/"), 401, "not-authenticated")


@pytest.mark.parametrize("kind", ["customer", "product"])
def test_a_revoked_key_is_refused(alice, vserver, kind):
    if kind == "customer":
        key, secret = CustomerKey.issue(at=LONG_AGO, customer=alice, name="k")
    else:
        key, secret = ProductKey.issue(at=LONG_AGO, product=vserver, name="k")
    done(Caller(secret).get("resources/"))

    key.revoked_at = NOON
    key.save()

    refused(Caller(secret).get("resources/"), 401, "authentication-failed")


def test_use_of_a_key_is_noted_once_a_minute(alice, now):
    key, secret = CustomerKey.issue(at=LONG_AGO, customer=alice, name="k")
    caller = Caller(secret)
    for seconds, noted in ((0, 0), (59, 0), (1, 60), (30, 60)):
        now.move(timedelta(seconds=seconds))
        done(caller.get("wallet/"))
        key.refresh_from_db()
        assert key.last_used_at == NOON + timedelta(seconds=noted)


def test_the_portals_own_users_use_their_session(alice):
    assert done(Caller(user=make_user(alice)).get("wallet/"))["credit"] == 10_000_000


def test_a_session_writes_with_a_csrf_token_only(alice):
    client = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    client.force_login(make_user(alice))
    body = {"action": "renew", "resources": [], "months": 1}

    refused(client.post("/api/v1/quotes/", body, content_type="application/json"), 403, "permission-denied")

    client.get("/login/")
    client.cookies["csrftoken"] = token = "a" * 32
    answer = client.post("/api/v1/quotes/", body, content_type="application/json", headers={"x-csrftoken": token})
    refused(answer, 400, "invalid-input")


def test_a_wrong_key_is_not_helped_by_a_session(alice):
    client = Client(headers={"authorization": "Bearer bpc_wrong"})
    client.force_login(make_user(alice))

    refused(client.get("/api/v1/wallet/"), 401, "authentication-failed")


def test_staff_without_a_customer_have_nothing_here(db):
    staff = Caller(user=make_user(None, is_staff=True, is_superuser=True))

    refused(staff.get("wallet/"), 403, "permission-denied")
    refused(staff.get("resources/"), 403, "permission-denied")


def test_the_billing_role_pays_and_does_not_order(alice):
    billing = Caller(user=make_user(alice, role=Role.BILLING))

    refused(billing.post("quotes/", {}), 403, "right-missing")
    refused(billing.post("orders/", {}, key="k"), 403, "right-missing")
    refused(billing.post("top-ups/", {}, key="k"), 400, "invalid-input")


def test_too_many_requests(as_alice, monkeypatch):
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", {"principal": "3/min"})
    for _ in range(3):
        done(as_alice.get("wallet/"))

    answer = as_alice.get("wallet/")

    refused(answer, 429, "throttled")
    assert 0 < int(answer["Retry-After"]) <= 60


def test_without_redis_nobody_is_held_up(as_alice, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
            "OPTIONS": {"socket_connect_timeout": 0.2},
        }
    }

    assert done(as_alice.get("wallet/"))["credit"] == 10_000_000
