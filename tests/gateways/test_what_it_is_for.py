"""What a payment is for is worded when it is said: rows keep names and numbers, and no words of a language."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from accounts.models import Customer
from catalog.models import Item
from payments.models import Payment
from payments.services.expected import ask_for_top_up
from payments.services.gateway import start_top_up
from tests.cast import NOON, create, make_customer, owner_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("language", "said"), [("en", "Top-up"), ("vi", "Nap tien")])
def test_the_gateway_is_told_in_the_customers_language(settings: Any, language: str, said: str) -> None:
    settings.SANDBOX_URL = settings.SANDBOX_PUBLIC_URL = "http://sandbox.test"
    settings.SANDBOX_KEY1, settings.SANDBOX_KEY2 = "one", "two"
    settings.SANDBOX_GATEWAYS = ["vnpay"]
    customer = make_customer(language=language)
    payment = start_top_up(customer, 500_000, gateway="sandbox-vnpay", actor=owner_of(customer), at=NOON)
    assert parse_qs(urlsplit(payment.redirect_url).query)["vnp_OrderInfo"] == [said]
    assert payment.description == ""


@pytest.mark.parametrize("language", ["en", "vi"])
def test_an_order_is_kept_by_the_names_of_what_it_is_about(small: Item, language: str) -> None:
    customer = make_customer(language=language, credit=1_000_000)
    create(customer, small, quantity=2, name="web")
    assert Payment.objects.get(kind=Payment.Kind.ORDER).description == "web-1 (+1)"


def test_a_transfer_that_tops_up_is_about_nothing_else(settings: Any, alice: Customer) -> None:
    settings.SELLER_BANK, settings.SELLER_BANK_ACCOUNT, settings.SELLER_BANK_BIN = "Vietcombank", "1017595600", "970436"
    expected = ask_for_top_up(alice, 500_000, actor=owner_of(alice), at=NOON)
    assert (expected.kind, expected.description) == ("top_up", "")
