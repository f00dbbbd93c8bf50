"""The page of buyer profiles, and choosing one when something is bought."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.may import Role
from accounts.models import AuditEntry, BuyerProfile
from orders.models import Action, Order
from tests.api.conftest import Caller
from tests.cast import NOON, answer, chosen, make_buyer, make_customer, make_user, quote
from tests.cast import order as ordered
from tests.markup import markup
from tests.portal.seen import signed_in, the_time_being

VIETTEL, OTHER = "0100109106", "0101243150"
LAN = "079190123456"
PAGE = reverse("buyers")
COMPANY = {"kind": "company", "name": "Công ty Hoa Sen", "tax_code": VIETTEL, "personal_id": "", "address": "Hà Nội"}


@pytest.fixture(autouse=True)
def _noon():
    with the_time_being(NOON):
        yield


@pytest.fixture
def owner(alice):
    return signed_in(alice)


def test_an_empty_page_says_what_stands_on_invoices_without_a_profile(owner, alice):
    shown = markup(owner.get(PAGE))
    assert "There is no buyer profile yet" in shown
    assert f"your invoices name you as “{alice.name}”" in shown


def test_a_profile_is_added_changed_made_the_default_and_archived(owner, alice):
    assert owner.post(PAGE, COMPANY).status_code == 302
    assert owner.post(PAGE, {"kind": "person", "name": "Lan", "personal_id": "079 190 123 456"}).status_code == 302
    company, lan = alice.buyers.order_by("created_at", "id")
    assert (company.tax_code, company.is_default, lan.personal_id) == (VIETTEL, True, LAN)

    owner.post(reverse("buyer-default", args=[lan.pk]))
    owner.post(reverse("buyer-change", args=[company.pk]), {**COMPANY, "tax_code": OTHER})
    shown = markup(owner.get(PAGE))
    assert shown.index("Lan</h2>") < shown.index("Công ty Hoa Sen</h2>")
    assert OTHER in shown
    owner.post(reverse("buyer-archive", args=[company.pk]))
    assert list(alice.buyers.in_use()) == [lan]
    assert "Công ty Hoa Sen</h2>" not in markup(owner.get(PAGE))


@pytest.mark.parametrize("place", ["new", "change"])
def test_what_is_wrong_is_said_in_its_field_and_nothing_typed_is_lost(owner, alice, place):
    buyer = make_buyer(alice, tax_code=VIETTEL)
    address = PAGE if place == "new" else reverse("buyer-change", args=[buyer.pk])
    said = owner.post(address, {**COMPANY, "tax_code": "0100109107"})
    assert said.status_code == 400
    shown = markup(said)
    assert "One digit of this tax code is wrong" in shown
    assert 'value="0100109107"' in shown
    assert BuyerProfile.objects.get().tax_code == VIETTEL


def test_a_code_from_another_time_is_shown_as_doubtful_until_it_is_mended(owner, alice):
    buyer = make_buyer(alice, tax_code=VIETTEL)
    assert "This tax code is not right" not in markup(owner.get(PAGE))
    BuyerProfile.objects.filter(pk=buyer.pk).update(tax_code="0100109107")
    assert "This tax code is not right" in markup(owner.get(PAGE))


def test_a_viewer_looks_and_changes_nothing(alice):
    buyer = make_buyer(alice, tax_code=VIETTEL)
    viewer = signed_in(alice, Role.VIEWER)
    shown = markup(viewer.get(PAGE))
    assert VIETTEL in shown
    assert "<form" not in shown.split("<main", 1)[1].split("</main", 1)[0]
    for address in (PAGE, *(reverse(f"buyer-{act}", args=[buyer.pk]) for act in ("change", "default", "archive"))):
        assert viewer.post(address, COMPANY).status_code == 403


def test_somebody_elses_profile_is_not_there(owner):
    strange = make_buyer(make_customer())
    for act in ("change", "default", "archive"):
        assert owner.post(reverse(f"buyer-{act}", args=[strange.pk]), COMPANY).status_code == 404


def test_each_profile_costs_no_further_query(owner, alice, django_assert_num_queries, django_assert_max_num_queries):
    make_buyer(alice)
    with django_assert_max_num_queries(20) as one:
        owner.get(PAGE)
    for _number in range(3):
        make_buyer(alice)
    with django_assert_num_queries(len(one)):
        owner.get(PAGE)


# --- Buying ---


@pytest.fixture
def offered(alice, small):
    return quote(
        alice, Action.CREATE, product=str(small.product_id), name="web", items=chosen(small), quantity=1, months=1
    )


def test_the_default_is_proposed_and_another_one_may_be_chosen(owner, alice, offered):
    make_buyer(alice, "Công ty Hoa Sen", tax_code=VIETTEL)
    lan = make_buyer(alice, "Lan", personal_id=LAN)
    page = reverse("quote", args=[offered.pk])
    shown = markup(owner.get(page))
    assert f'<option value="{lan.pk}">Lan (…456)</option>' in shown
    assert shown.index(VIETTEL) < shown.index("…456")
    assert owner.post(page, {"means": "wallet", "buyer": str(lan.pk)}).status_code == 303
    assert Order.objects.get().buyer == lan


def test_with_one_profile_there_is_nothing_to_choose(owner, alice, offered):
    make_buyer(alice, "Công ty Hoa Sen", tax_code=VIETTEL)
    shown = markup(owner.get(reverse("quote", args=[offered.pk])))
    assert f"Công ty Hoa Sen ({VIETTEL})" in shown
    assert 'name="buyer"' not in shown


def test_what_is_no_profile_of_theirs_is_refused(owner, alice, offered):
    strange = make_buyer(make_customer())
    page = reverse("quote", args=[offered.pk])
    for said in (strange.pk, "none of mine"):
        assert owner.post(page, {"means": "wallet", "buyer": str(said)}).status_code in {302, 303, 404, 422}
    assert not Order.objects.exists()


def test_usage_is_invoiced_to_the_default_so_nothing_is_chosen(bob, small):
    make_buyer(bob)
    make_buyer(bob)
    offered = quote(bob, Action.CREATE, product=str(small.product_id), name="web", items=chosen(small), quantity=1)
    assert 'name="buyer"' not in markup(signed_in(bob).get(reverse("quote", args=[offered.pk])))


def test_the_order_offers_another_buyer_until_it_has_ended(owner, alice, offered):
    make_buyer(alice, "Công ty Hoa Sen", tax_code=VIETTEL)
    lan = make_buyer(alice, "Lan", personal_id=LAN)
    found = ordered(offered)
    page = reverse("order", args=[found.pk])
    assert "To whom it is invoiced" in markup(owner.get(page))
    assert owner.post(reverse("order-buyer", args=[found.pk]), {"buyer": str(lan.pk)}).status_code == 302
    assert f'<option value="{lan.pk}" selected>' in markup(owner.get(page))
    answer(found)
    assert "To whom it is invoiced" not in markup(owner.get(page))
    assert found.items.get().resource.invoices.get().buyer["personal_id"] == LAN
    assert signed_in(alice, Role.BILLING).post(reverse("order-buyer", args=[found.pk])).status_code == 403


def test_staff_see_of_an_identity_number_its_end(alice, client):
    buyer = make_buyer(alice, "Lan", personal_id=LAN)
    client.force_login(make_user(None, is_staff=True, is_superuser=True))
    for address in (
        reverse("admin:accounts_buyerprofile_changelist"),
        reverse("admin:accounts_buyerprofile_change", args=[buyer.pk]),
    ):
        shown = client.get(address).content.decode()
        assert "…456" in shown
        assert LAN not in shown


def test_the_whole_identity_number_is_for_who_may_change_it(owner, alice):
    owner.post(PAGE, {"kind": "person", "name": "Lan", "personal_id": LAN})
    viewer = make_user(alice, role=Role.VIEWER)
    page, api = signed_in(alice, role=Role.VIEWER).get(PAGE), Caller(user=viewer).get("buyers/").json()["results"]

    assert LAN in markup(owner.get(PAGE))
    assert LAN not in markup(page)
    assert "…456" in markup(page)
    assert [one["personal_id"] for one in api] == ["…456"]


def test_another_identity_number_leaves_a_trace_without_the_number(owner, alice):
    owner.post(PAGE, {"kind": "person", "name": "Lan", "personal_id": LAN})
    lan = alice.buyers.get()
    owner.post(reverse("buyer-change", args=[lan.pk]), {"kind": "person", "name": "Lan", "personal_id": "079190123789"})

    facts = AuditEntry.objects.get(verb="change buyer").facts

    assert (facts["number"], facts["former"]["identity"], facts["identity"]) == ("changed", "…456", "…789")
    assert LAN not in str(facts)
