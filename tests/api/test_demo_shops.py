"""The demo shops, unchanged, against the real API: from the product page to the running server."""

from __future__ import annotations

import html
import json
import re

import pytest
from django.test import Client

from catalog.models import Product, ProductKey
from lifecycle.models import ProvisioningRequest, Resource
from lifecycle.services.delivery import deliver_requests
from orders.models import Action, CheckoutSession, Order
from orders.services.checkout import place_order
from orders.services.quotes import make_quote
from tests.cast import LONG_AGO, NOON, make_user, owner_of
from tests.sandbox.servers import running_sandbox, until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(live_server, settings, offer, tmp_path):
    settings.PUBLIC_URL, settings.WEBHOOK_INSIDE_NETWORKS = live_server.url, ["127.0.0.0/8"]
    _key, secret = ProductKey.issue(at=LONG_AGO, product=offer, name="shop")
    keys = json.dumps({"vserver": {"api_key": secret, "webhook_secret": "signs-webhooks"}})
    with running_sandbox(
        tmp_path, portal_url=live_server.url, portal_public_url=live_server.url, shop_keys=keys
    ) as sandbox:
        sandbox.http.cookies.set("sandbox_lang", "en")
        Product.objects.filter(pk=offer.pk).update(
            provisioner=Product.Provisioner.WEBHOOK,
            webhook_url=f"{sandbox.url}/shop/vserver/webhook",
            webhook_secret="signs-webhooks",
            return_urls=[f"{sandbox.url}/shop/vserver/return", f"{sandbox.url}/shop/vserver/signed-in"],
        )
        yield sandbox


def bought(shop, alice):
    """Chosen on the product page, paid from the wallet at checkout, handed to the product team."""
    answer = shop.http.post("/shop/vserver/", data={"choice": "small", "quantity-ssd": "40", "name": "web-01"})
    assert answer.status_code == 303, answer.text
    session = CheckoutSession.objects.get()
    assert answer.headers["location"].endswith(f"/checkout/{session.pk}/")
    inputs = {
        "product": str(session.product_id),
        "name": session.name,
        "items": session.configuration,
        "quantity": 1,
        "months": 1,
    }
    quote = make_quote(alice, Action.CREATE, inputs, at=NOON, session_id=session.pk)
    place_order(alice.pk, quote.pk, means="wallet", key="k", actor=owner_of(alice), at=NOON)
    assert deliver_requests(at=NOON) == 1
    return session


def come_back(shop, customer, session):
    """From the portal's last page to the product page, which asks the portal who is there."""
    away = shop.http.get("/shop/vserver/return", params={"checkout_session": str(session.pk)})
    browser = Client()
    browser.force_login(make_user(customer))
    vouched = browser.get(away.headers["location"]).content.decode()
    on = re.search(r'http-equiv="refresh" content="0;url=([^"]+)"', vouched)
    assert on, vouched
    back = shop.http.get(html.unescape(on[1]))
    assert back.headers["location"].startswith(f"/shop/vserver/return?checkout_session={session.pk}")
    done = shop.http.get(back.headers["location"])
    assert done.headers["location"] == "/shop/vserver/?did=create#resources"


def ended(state):
    return until(lambda: ProvisioningRequest.objects.filter(state=state).first(), within_s=20)


def test_a_shop_sells_and_provisions_a_server(shop, alice):
    page = shop.http.get("/shop/vserver/").text
    assert "181,000 ₫" in page
    assert 'name="quantity-ssd"' in page

    shop.http.post("/shop/vserver/switch", data={"behaviour": "succeed", "delay_s": "0"})
    session = bought(shop, alice)

    ended("succeeded")
    assert Resource.objects.get().state == "active"
    assert Order.objects.get().state == "completed"
    assert "<b>web-01</b>" not in shop.http.get("/shop/vserver/").text
    come_back(shop, alice, session)
    listed = shop.http.get("/shop/vserver/").text
    assert "<b>web-01</b>" in listed
    (server,) = Resource.objects.all()
    for action in ("resize", "renew", "delete"):
        assert f"/resources/{server.pk}/{action}" in listed
        away = shop.http.post(f"/shop/vserver/resources/{server.pk}/{action}", data={"key": action})
        opened = CheckoutSession.objects.latest("pk")
        assert away.headers["location"].endswith(f"/checkout/{opened.pk}/")
        assert (opened.action, opened.resource, opened.customer) == (action, server, alice)
    assert shop.http.post(f"/shop/vserver/resources/{server.pk}/recover").status_code == 400


def test_a_team_that_fails_and_changes_its_mind_comes_too_late(shop, alice):
    shop.http.post("/shop/vserver/switch", data={"behaviour": "fail", "delay_s": "0"})
    bought(shop, alice)

    request = ended("failed")

    assert request.reason == "no-capacity: HAN-1"
    assert (Resource.objects.get().state, Order.objects.get().state) == ("deleted", "refunded")
