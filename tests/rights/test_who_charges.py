"""Who may cause a charge: whoever orders spends the wallet; linked accounts are charged by who may pay."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.may import Role
from accounts.models import Customer, CustomerKey
from catalog.models import Item
from kernel import clock
from orders.models import Action, Order
from payments.models import Payment
from tests.actions.conftest import LinkingGate
from tests.api.conftest import Caller
from tests.cast import LONG_AGO, NOON, chosen, make_customer, make_user, order, quote
from tests.links import linked_account
from tests.portal.seen import signed_in

pytestmark = pytest.mark.django_db
COUNTER = "top_up_and_pay:linked:"


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("payments.gateways.gateway", lambda code: LinkingGate())
    monkeypatch.setattr("payments.queries.gateway_named", lambda code: LinkingGate())
    with clock.replaced(lambda: NOON):
        yield


@pytest.fixture
def hoa(db: None) -> Customer:
    return make_customer("Hoa Sen", credit=1_000)


def offered(customer: Customer, small: Item) -> Any:
    return quote(
        customer, Action.CREATE, product=str(small.product_id), name="web", items=chosen(small), months=1, quantity=1
    )


@pytest.mark.parametrize(("role", "sees"), [(Role.OWNER, True), (Role.TECHNICAL, False)])
def test_a_linked_account_is_offered_to_who_may_pay(hoa: Customer, small: Item, role: Role, sees: bool) -> None:
    link = linked_account(hoa, gateway="sandbox")
    page = signed_in(hoa, role).get(reverse("quote", args=[offered(hoa, small).pk])).content.decode()
    assert (f"{COUNTER}{link.pk}" in page) == sees
    assert ('value="on_behalf"' in page) == sees


def test_who_orders_and_does_not_pay_charges_none_on_a_page(hoa: Customer, small: Item) -> None:
    link = linked_account(hoa, gateway="sandbox")
    client: Client = signed_in(hoa, Role.TECHNICAL)
    wanted = offered(hoa, small)
    answer = client.post(reverse("quote", args=[wanted.pk]), {"means": f"{COUNTER}{link.pk}"})
    assert answer.status_code == 422
    waiting = order(wanted, means=Order.Means.GATEWAY)
    assert client.post(reverse("order-pay", args=[waiting.pk]), {"gateway": f"linked:{link.pk}"}).status_code == 422
    assert not Payment.objects.exists()


def test_nor_by_rest_and_it_is_said_which_right_is_missing(hoa: Customer, small: Item) -> None:
    link = linked_account(hoa, gateway="sandbox")
    secret = CustomerKey.issue(at=LONG_AGO, customer=hoa, name="orders", carries=["order"])[1]
    wanted = offered(hoa, small)
    charge = {"quote": str(wanted.pk), "means": "top_up_and_pay", "linked_account": str(link.pk)}
    for caller, code in (
        (Caller(secret), "key-lacks-right"),
        (Caller(user=make_user(hoa, role=Role.TECHNICAL)), "right-missing"),
    ):
        answer = caller.post("orders/", charge, key="k")
        assert (answer.status_code, answer.json()["code"]) == (403, code)
        answer = caller.post("orders/", {"quote": str(wanted.pk), "means": "on_behalf"}, key="k2")
        assert answer.json()["code"] == code
    assert not Order.objects.exists()
