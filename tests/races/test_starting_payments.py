"""Paying invoices through a gateway beside others who pay the same."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from invoices.models import Invoice
from lifecycle.models import Resource
from orders.services.delete import delete_resource
from payments.models import Payment
from payments.services.gateway import PaymentOpen, start_invoice_payment
from payments.services.invoices import hold_open, pay_invoices_from_wallet
from tests.actions.conftest import Gate, gate
from tests.cast import DAY, NOON, create, fund, make_customer, make_item, make_product, owner_of
from tests.races.beside import meanwhile
from tests.races.test_races import at_once

__all__ = ["gate"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def invoice() -> Invoice:
    customer = make_customer(mode="postpaid")
    create(customer, make_item(make_product("vserver"), "small", 100_000))
    delete_resource(Resource.objects.get().pk, actor=owner_of(customer), at=NOON + 10 * DAY)
    return Invoice.objects.select_related("customer").get()


def start(invoice: Invoice) -> Payment:
    customer = invoice.customer
    return start_invoice_payment(customer, (invoice.pk,), gateway="gate", actor=owner_of(customer), at=NOON + 11 * DAY)


def test_two_attempts_at_the_same_moment_are_one(gate: Gate, invoice: Invoice) -> None:
    results = at_once([lambda: start(invoice)] * 2)
    assert {type(result) for result in results} == {Payment, PaymentOpen}
    assert len(gate.started) == Payment.objects.count() == 1


def test_nobody_pays_an_invoice_between_adding_up_and_the_attempt(
    gate: Gate, invoice: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = invoice.customer
    fund(customer, 1_000_000)
    others: list[Future[Any]] = []

    def slowly(*args: Any, **options: Any) -> list[Invoice]:
        held = hold_open(*args, **options)
        pay = lambda: pay_invoices_from_wallet(customer.pk, [invoice.pk], actor=owner_of(customer), at=NOON + 11 * DAY)  # noqa: E731
        others.append(meanwhile(pay))
        assert not others[0].done()
        return held

    monkeypatch.setattr("payments.services.gateway.hold_open", slowly)
    assert start(invoice).amount == invoice.due
    assert others[0].result(timeout=20).amount == invoice.due
