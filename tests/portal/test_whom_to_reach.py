"""Wherever it is said that somebody has to be asked or paid, it is said how to reach them."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Customer
from catalog.models import Item
from tests.debts import morning, usage_invoice
from tests.portal.seen import signed_in, the_time_being

pytestmark = pytest.mark.django_db


def test_pages_about_money_say_whom_to_reach_and_where_to_pay(bob: Customer, small: Item, settings: Any) -> None:
    settings.SELLER_SALES, settings.SELLER_SUPPORT = "sales@seller.example", "support@seller.example"
    settings.SELLER_BANK, settings.SELLER_BANK_ACCOUNT = "Vietcombank", "1017595600"
    invoice = usage_invoice(bob, small)
    pages = [reverse(name) for name in ("billing-history", "wallet", "settings")]
    with the_time_being(morning(12)):
        browser = signed_in(bob)
        for page in (*pages, reverse("invoice", args=[invoice.pk])):
            said = browser.get(page).content.decode()
            for words in ("sales@seller.example", "support@seller.example", "1017595600"):
                assert words in said, f"{page}: {words}"
