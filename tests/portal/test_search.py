"""Searching as people type: "may chu" finds "Máy chủ", on every page, in the API and in the staff area."""

import unicodedata

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import Customer, CustomerKey, User
from billing_portal import urls  # noqa: F401  # registers the staff area's pages
from lifecycle.models import Resource
from store.search import search
from tests.cast import NOON, create, make_buyer, make_customer
from tests.portal.seen import signed_in, the_time_being

NAME = "Máy chủ Đà Nẵng"
TYPED = [
    "may chu",
    "MÁY CHỦ",
    "máy chủ",
    unicodedata.normalize("NFD", "máy chủ"),
    "da nang",
    "Đà",
    "ĐA",
    "nang may",
    "ｍａｙ",
    "y ch",
]
OTHERS = ["may cho", "mach", "m_y", "%", "may\\", "may \x00"]


@pytest.fixture(autouse=True)
def _noon():
    with the_time_being(NOON):
        yield


@pytest.fixture
def server(alice, small):
    return create(alice, small, name=NAME)[0]


def shown(client: Client, address: str, **query: str) -> str:
    answer = client.get(address, query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("stored", [NAME, unicodedata.normalize("NFD", NAME), NAME.upper()])
@pytest.mark.parametrize("typed", TYPED)
def test_a_customer_is_found_however_the_name_is_typed(db, stored, typed):
    customer = make_customer(stored)
    assert list(search(Customer.objects.all(), typed, ("name",))) == [customer]


@pytest.mark.parametrize("typed", OTHERS)
def test_what_is_not_in_the_name_finds_nothing(db, typed):
    make_customer(NAME)
    assert not search(Customer.objects.all(), typed, ("name",)).exists()


def test_a_percent_sign_and_an_underscore_are_themselves(db):
    odd = make_customer("100 % a_b\\c")
    make_customer("100 ab")
    for typed in ("100 %", "a_b", "_", "b\\c", "100 a_"):
        assert list(search(Customer.objects.all(), typed, ("name",))) == [odd]


def test_each_word_may_stand_in_another_place(alice, server):
    Customer.objects.filter(pk=alice.pk).update(name="Công ty Hoa Sen")
    make_buyer(alice, "Hoa Sen", tax_code="0101234565")
    make_buyer(alice, "Hoa Sen Hà Nội", tax_code="0101234565-001")
    fields = ("name", "customer__name", "customer__buyers__tax_code")
    for typed in ("may hoa", "sen 0101234565", "chu 010 cong"):
        assert list(search(Resource.objects.all(), typed, fields)) == [server]
    assert not search(Resource.objects.all(), "may 0209", fields).exists()


def test_an_id_finds_its_row(server):
    assert list(search(Resource.objects.all(), f" {server.pk} ", ("name",))) == [server]


@pytest.mark.parametrize("page", ["resources", "billing-history", "payment-history", "credit-history"])
def test_every_search_box_of_the_portal_finds_it(alice, server, page):
    owner = signed_in(alice)
    anything = shown(owner, reverse(page))
    found = shown(owner, reverse(page), q="may chu")
    nothing = shown(owner, reverse(page), q="may cho")
    assert anything.count("<tr>") >= found.count("<tr>") > nothing.count("<tr>")


def test_the_api_finds_it_too(alice, server):
    _key, secret = CustomerKey.issue(at=NOON, name="import", customer=alice)
    client = Client(headers={"authorization": f"Bearer {secret}"})
    for typed, found in (("may chu", 1), ("MÁY", 1), ("may cho", 0)):
        assert len(client.get("/api/v1/resources/", {"search": typed}).json()["results"]) == found


@pytest.mark.parametrize(
    "model",
    [model for model, page in admin.site._registry.items() if page.search_fields],
    ids=lambda model: model._meta.label_lower,
)
def test_every_list_of_the_staff_area_can_be_searched(db, model):
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.create_user("boss@portal.example", is_staff=True, is_superuser=True))
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    for typed in (unicodedata.normalize("NFD", NAME), "0105", "a@b.example", "25%"):
        assert client.get(address, {"q": typed}).status_code == 200
    assert "searchbar_helptext" in shown(client, address)


def test_staff_find_a_resource_and_an_invoice_by_their_customer_without_accents(alice, server):
    Customer.objects.filter(pk=alice.pk).update(name="Công ty Hoa Sen")
    make_buyer(alice, "Hoa Sen", tax_code="0101234565")
    make_buyer(alice, "Hoa Sen Hà Nội", tax_code="0101234565-001")
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.create_user("boss@portal.example", is_staff=True, is_superuser=True))
    number = server.invoices.get().number
    for address, typed, found in (
        ("lifecycle_resource", "cong ty hoa", NAME),
        ("lifecycle_resource", "0101234565", NAME),
        ("invoices_invoice", "hoa sen", number),
        ("invoices_invoice", number.lower(), number),
        ("accounts_customer", number, "Công ty Hoa Sen"),
    ):
        assert found in shown(client, reverse(f"admin:{address}_changelist"), q=typed)


def test_an_index_finds_part_of_a_name(db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    for rows in (Customer.objects.filter(name__finds="may chu"), Resource.objects.filter(name__finds="may chu")):
        assert "by_part_of_name" in rows.order_by().explain()
