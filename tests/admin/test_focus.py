"""The costs of a month in FOCUS, for staff."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Customer
from catalog.models import Item
from tests.cast import create

pytestmark = pytest.mark.django_db


def test_staff_who_look_at_invoices_take_the_month_of_all_or_of_one(
    alice: Customer, bob: Customer, small: Item, superuser: Any
) -> None:
    create(alice, small)
    address = reverse("admin:focus", args=["csv"])

    def lines(**asked: str) -> int:
        answer = superuser.get(address, {"month": "2026-03", **asked})
        return b"".join(answer.streaming_content).decode().count("\r\n")

    assert (lines(), lines(customer=str(alice.pk)), lines(customer=str(bob.pk))) == (3, 3, 1)
    assert superuser.get(address, {"month": "2026-03", "customer": "x"}).status_code == 404
    assert superuser.get(reverse("admin:focus_schema")).json()["Schema"]["FocusVersion"] == "1.2"
