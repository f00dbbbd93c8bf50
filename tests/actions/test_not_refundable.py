"""A product that is not refundable gives nothing back, by whichever way."""

from __future__ import annotations

import pytest

from accounts.models import Customer
from catalog.models import Product
from invoices.models import Invoice
from orders.models import Action
from payments.services.wallet import wallet_of
from tests.cast import DAY, NOON, create, make_item, make_product, quote, resize

pytestmark = pytest.mark.django_db


@pytest.fixture
def final(db: None) -> Product:
    return make_product("final", is_refundable=False)


def test_a_smaller_configuration_gives_nothing_back(final: Product, alice: Customer) -> None:
    """520,000 paid; with 20 of 30 days left the new one costs 120,667, and the unused 346,667 pay just that."""
    small, large = make_item(final, "small", 181_000), make_item(final, "large", 520_000)
    [server] = create(alice, large)
    offer = quote(
        alice, Action.RESIZE, NOON + 10 * DAY, resource=str(server.pk), items=[{"item": "small", "quantity": 1}]
    )
    assert offer.total == 0
    before = wallet_of(alice.pk).available
    resize(server, small, at=NOON + 10 * DAY)
    assert wallet_of(alice.pk).available == before
    old, new = Invoice.objects.order_by("issued_at")
    assert (old.credited, new.total, new.status) == (120_667, 120_667, "paid")


def test_a_larger_one_costs_the_difference(final: Product, alice: Customer) -> None:
    small, large = make_item(final, "small", 181_000), make_item(final, "large", 520_000)
    [server] = create(alice, small)
    before = wallet_of(alice.pk).available
    resize(server, large, at=NOON + 10 * DAY)
    assert before - wallet_of(alice.pk).available == 346_667 - 120_667
