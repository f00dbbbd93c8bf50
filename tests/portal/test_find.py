"""One box finds resources, invoices and payments of the customer, as people type; a single row opens by itself."""

import pytest
from django.urls import reverse

from invoices.models import Invoice
from payments.models import Payment
from tests.cast import NOON, create
from tests.portal.seen import signed_in, the_time_being


@pytest.fixture(autouse=True)
def _noon():
    with the_time_being(NOON):
        yield


@pytest.fixture
def server(alice, small):
    return create(alice, small, name="Máy chủ Đà Nẵng")[0]


def asked(customer, text):
    return signed_in(customer).get(reverse("search"), {"q": text})


def found(customer, text) -> dict[str, list[object]]:
    return {kind.page: list(kind.rows) for kind in asked(customer, text).context["kinds"]}


def test_a_name_without_accents_finds_the_resource_its_invoice_and_its_payment(alice, server):
    assert found(alice, "may chu") == {
        "resource": [server],
        "invoice": [Invoice.objects.get()],
        "payment": [Payment.objects.get()],
    }


def test_a_number_a_transaction_and_an_id_open_their_pages(alice, server):
    invoice, payment = Invoice.objects.get(), Payment.objects.get(kind=Payment.Kind.ORDER)
    assert asked(alice, invoice.number.lower())["Location"] == reverse("invoice", args=[invoice.pk])
    assert asked(alice, payment.reference)["Location"] == reverse("payment", args=[payment.pk])
    assert asked(alice, str(server.pk))["Location"] == reverse("resource", args=[server.pk])


def test_nobody_finds_what_is_somebody_elses(bob, server):
    assert found(bob, "may chu") == {}
    assert found(bob, str(server.pk)) == {}
    assert "Nothing was found" in asked(bob, "may chu").content.decode()


def test_of_many_a_few_are_shown_and_the_list_has_them_all(alice, small):
    create(alice, small, quantity=7, name="same")
    (resources,) = (kind for kind in asked(alice, "same").context["kinds"] if kind.page == "resource")
    assert (len(resources.rows), resources.rows.more) == (5, 2)
    assert resources.url == f"{reverse('resources')}?q=same&state=all"


def test_an_empty_box_finds_nothing_and_asks_nothing(alice, server):
    assert found(alice, "  ") == {}
