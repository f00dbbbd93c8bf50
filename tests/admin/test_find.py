"""One field on the staff's front page finds what they have in hand, and shows what they may see."""

import pytest
from django.urls import reverse
from django.utils.http import urlencode

from invoices.models import Invoice
from payments.models import Payment
from tests.cast import NOON, create, make_customer, make_item
from tests.portal.seen import the_time_being


@pytest.fixture
def hoa_sen(vserver):
    with the_time_being(NOON):
        customer = make_customer("Công ty Hoa Sen", credit=1_000_000, tax_code="0101243150", email="lan@hoasen.example")
        (server,) = create(customer, make_item(vserver, "small", 181_000), name="máy-chủ")
    return customer, server


def found(client, text):
    answer = client.get(reverse("admin:find"), {"q": text})
    if answer.status_code == 302:
        return answer["Location"]
    return [row for kind in answer.context["kinds"] for row in kind.found]


def page_of(row):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def test_what_is_found_once_opens_by_itself(superuser, hoa_sen):
    customer, server = hoa_sen
    assert found(superuser, str(customer.pk)) == page_of(customer)
    assert found(superuser, str(server.pk)) == page_of(server)
    payment = Payment.objects.get(kind=Payment.Kind.ORDER)
    assert found(superuser, payment.reference) == page_of(payment)


def test_a_name_in_any_spelling_a_tax_code_and_a_number_find_what_belongs_to_them(superuser, hoa_sen):
    customer, server = hoa_sen
    invoice = Invoice.objects.get()
    assert {customer, server, invoice} <= set(found(superuser, "hoa sen"))
    assert {customer, server, invoice} <= set(found(superuser, "0101243150"))
    assert {customer, invoice} <= set(found(superuser, invoice.number))
    assert server in found(superuser, "may-chu")
    assert found(superuser, "nobody-of-that-name") == []
    assert found(superuser, " ") == []


def test_more_than_a_few_are_said_to_be_more_and_lead_to_their_list(superuser):
    for number in range(7):
        make_customer(f"Same {number}")
    answer = superuser.get(reverse("admin:find"), {"q": "same"})
    (kind,) = (kind for kind in answer.context["kinds"] if "customer" in kind.url)
    assert (len(kind.found.rows), kind.found.more) == (5, 2)
    assert kind.url == f"{reverse('admin:accounts_customer_changelist')}?{urlencode({'q': 'same'})}"


def test_only_what_somebody_may_see_is_searched(staff, hoa_sen):
    catalogue = staff("catalogue")
    assert found(catalogue, "hoa sen") == page_of(hoa_sen[0])  # neither the server nor the invoice
    assert catalogue.get(reverse("admin:index")).status_code == 200


def test_of_very_many_it_is_said_that_there_are_more(superuser, monkeypatch):
    monkeypatch.setattr("billing_portal.admin.find.COUNTED", 6)
    for number in range(9):
        make_customer(f"Same {number}")
    answer = superuser.get(reverse("admin:find"), {"q": "same"})
    (kind,) = (kind for kind in answer.context["kinds"] if "customer" in kind.url)
    assert (kind.found.count, kind.found.is_over) == (6, True)
    assert "and more than 1 more" in answer.content.decode()
