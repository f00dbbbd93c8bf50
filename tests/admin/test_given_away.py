"""Coupons and offers of commitments: what gives more than one person gives away alone waits for another."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from accounts import four_eyes
from accounts.models import AuditEntry, StaffAct
from catalog.coupon_acts import CouponChanged
from catalog.models import CommitmentOffer, Coupon, Item, Product
from tests.admin.doing import page_of
from tests.cast import NOON, make_colleague, make_coupon
from tests.markup import markup

pytestmark = pytest.mark.django_db
TASK, ADD = "admin:catalog_coupon_list_task", "admin:catalog_coupon_add"
TERMS = {"amount": "20.000", "first_day": "2026-03-01", "last_day": "2026-03-31", "maximum_uses": 1, "reason": "Tết"}
COUPON = {
    "code": "TET", "amount": "20000", "valid_from_0": "2026-03-10", "valid_from_1": "12:00", "valid_until_0": "2026-04-10",
    "valid_until_1": "12:00", "minimum_order": "0", "maximum_uses": "1000", "maximum_uses_per_customer": "1", "reason": "Tết",
}  # fmt: skip
OFFER = {
    "name": "Năm", "name_en": "Year", "amount": "1000000", "share": "10", "months": "12", "valid_from_0": "2026-04-01",
    "valid_from_1": "00:00", "valid_until_0": "2026-06-01", "valid_until_1": "00:00", "reason": "spring",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _noon(at: Any) -> None:
    """Nobody moves it."""


@pytest.fixture
def catalogue(staff: Any) -> Client:
    return staff("catalogue")


def waiting() -> StaffAct:
    return StaffAct.objects.waiting().get()


def approve() -> None:
    four_eyes.approve(waiting().pk, actor=make_colleague("second@portal.example"), at=NOON)


def make(client: Client, count: int, key: str = "k", **terms: Any) -> int:
    address = reverse(TASK, args=["batch"])
    return client.post(address, {"key": key, "batch": "Tet", "count": count, **TERMS, **terms}).status_code


def test_a_batch_worth_more_than_one_person_gives_waits_and_is_made_once(staff: Any, catalogue: Client) -> None:
    """1,001 coupons of 20,000 are 20,020,000 of 20,000,000."""
    assert make(catalogue, 1_001, begins_with="tet-") == 302
    assert (waiting().amount, Coupon.objects.count()) == (20_020_000, 0)
    shown = markup(staff("finance").get(page_of(waiting(), "approve"))).replace("\xa0", " ")
    assert "20,020,000" in shown
    assert "1,001" in shown
    approve()
    assert Coupon.objects.filter(batch="Tet", amount=20_000, code__startswith="TET-").count() == 1_001
    assert AuditEntry.objects.get(verb="make coupons").reason == "Tết"


def test_parts_of_a_day_add_up(catalogue: Client) -> None:
    assert make(catalogue, 600) == 302
    assert make(catalogue, 401, "k2") == 302
    assert (Coupon.objects.count(), waiting().amount) == (600, 8_020_000)


@pytest.mark.parametrize("terms", [{"amount": "", "share": "10"}, {"amount": "30.000.000"}])
def test_what_has_no_bound_or_is_worth_too_much_waits_however_few_they_are(catalogue: Client, terms: Any) -> None:
    assert make(catalogue, 1, **terms) == 302
    assert waiting().facts["count"] == 1
    assert not Coupon.objects.exists()


def test_a_file_waits_as_a_batch_does_for_the_products_that_it_names(catalogue: Client, vserver: Product) -> None:
    rows = "code,valid_from,share,products\nA1,2026-03-01,0.5,vserver\nA2,2026-03-01,0.1,\n"
    file = SimpleUploadedFile("coupons.csv", rows.encode())
    address = reverse(TASK, args=["read"])
    assert catalogue.post(address, {"key": "k", "batch": "Half", "file": file, "reason": "x"}).status_code == 302
    assert (waiting().amount, Coupon.objects.count()) == (None, 0)
    approve()
    assert [product.code for product in Coupon.objects.get(code="A1").products.all()] == ["vserver"]
    assert Coupon.objects.get(code="A2").share == Decimal("0.1")


def test_a_coupon_is_entered_alone_up_to_the_limit_and_waits_above_it(catalogue: Client, small: Item) -> None:
    form = {**COUPON, "products": [str(small.product_id)]}
    assert catalogue.post(reverse(ADD), form).status_code == 302
    coupon = Coupon.objects.get(code="TET")
    assert list(coupon.products.all()) == [small.product]
    assert AuditEntry.objects.get(verb="add coupon").reason == "Tết"
    assert catalogue.post(reverse(ADD), {**form, "code": "MORE", "maximum_uses": ""}).status_code == 302
    assert not Coupon.objects.filter(code="MORE").exists()
    approve()
    assert list(Coupon.objects.get(code="MORE").products.all()) == [small.product]


def test_what_makes_a_coupon_give_more_waits_and_its_end_does_not(catalogue: Client) -> None:
    coupon = make_coupon("TET", 20_000, maximum_uses=1_000)
    page = reverse("admin:catalog_coupon_change", args=[coupon.pk])
    form = {**COUPON, "valid_from_0": "2020-01-01", "valid_from_1": "07:00"}
    assert catalogue.post(page, {**form, "maximum_uses": "1001"}).status_code == 302
    coupon.refresh_from_db()
    assert (coupon.maximum_uses, waiting().amount) == (1_000, 20_020_000)
    approve()
    coupon.refresh_from_db()
    assert coupon.maximum_uses == 1_001
    before = StaffAct.objects.count()
    ends = {"valid_until_0": "2026-03-11", "maximum_uses": "10"}
    assert catalogue.post(page, {**form, **ends}).status_code == 302
    coupon.refresh_from_db()
    assert (coupon.maximum_uses, StaffAct.objects.count()) == (10, before)


def test_an_offer_of_a_commitment_takes_two_and_its_earlier_end_one(catalogue: Client) -> None:
    assert catalogue.post(reverse("admin:catalog_commitmentoffer_add"), OFFER).status_code == 302
    assert not CommitmentOffer.objects.exists()
    approve()
    offer = CommitmentOffer.objects.get()
    assert (offer.amount, offer.months) == (1_000_000, 12)
    page = reverse("admin:catalog_commitmentoffer_change", args=[offer.pk])
    later = {"valid_until_0": "2026-07-01", "valid_until_1": "00:00", "reason": "longer"}
    assert catalogue.post(page, later).status_code == 302
    until = offer.valid_until
    offer.refresh_from_db()
    assert offer.valid_until == until
    approve()
    offer.refresh_from_db()
    assert offer.valid_until > until
    earlier = {"valid_until_0": "2026-05-01", "valid_until_1": "00:00", "reason": "enough"}
    assert catalogue.post(page, earlier).status_code == 302
    offer.refresh_from_db()
    assert offer.valid_until < until
    assert not StaffAct.objects.waiting().exists()


def test_what_is_approved_is_the_coupon_that_was_shown(catalogue: Client) -> None:
    """20,000,001 uses of 1 ₫ were shown; meanwhile one person alone made each worth 20,000,000 ₫."""
    coupon = make_coupon("TET", 1, maximum_uses=1)
    page = reverse("admin:catalog_coupon_change", args=[coupon.pk])
    form = {**COUPON, "amount": "1", "maximum_uses": "1", "valid_from_0": "2020-01-01", "valid_from_1": "07:00"}
    assert catalogue.post(page, {**form, "maximum_uses": "20000001"}).status_code == 302
    assert waiting().amount == 20_000_001
    assert catalogue.post(page, {**form, "amount": "20000000"}).status_code == 302
    with pytest.raises(CouponChanged):
        approve()
    coupon.refresh_from_db()
    assert (coupon.amount, coupon.maximum_uses) == (20_000_000, 1)


def test_who_approves_sees_for_what_a_coupon_is_and_what_changes(catalogue: Client, vserver: Product) -> None:
    coupon = make_coupon("TET", 1, maximum_uses=1)
    page = reverse("admin:catalog_coupon_change", args=[coupon.pk])
    form = {**COUPON, "amount": "1", "valid_from_0": "2020-01-01", "valid_from_1": "07:00", "maximum_uses": "20000001"}
    assert catalogue.post(page, {**form, "products": [str(vserver.pk)], "new_customers_only": "on"}).status_code == 302
    with override("en"):
        said = {str(label): str(value) for label, value in four_eyes.Act.known["coupons"].facts(waiting())}
    assert (said["products"], said["uses per customer"], said["new customers only"]) == ("vserver", "1", "yes")
    assert said["what changes"] == "uses in total, new customers only, products, valid until"
