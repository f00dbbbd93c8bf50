"""The catalogue: prices are added, never edited; what was used stays as it was; secrets are not shown."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts import four_eyes
from accounts.models import StaffAct
from catalog.models import Coupon, Price
from tests.admin.doing import do, page_of
from tests.cast import DAY, NOON, create, make_colleague, make_coupon, make_metered
from tests.markup import markup


@pytest.fixture
def catalogue(staff):
    return staff("catalogue")


def price_form(item, **terms):
    return {
        "item": item.pk, "unit_price": "200000", "per_minutes": "43200", "includes_vat": "on", "tax_category": "standard",
        "valid_from_0": "2026-04-01", "valid_from_1": "00:00", "reason": "new list", **terms,
    }  # fmt: skip


def errors_of(response):
    return str(response.context["adminform"].form.errors)


def approve():
    """What waits, by somebody else."""
    four_eyes.approve(StaffAct.objects.get(state="waiting").pk, actor=make_colleague("second@portal.example"), at=NOON)


def test_a_price_with_an_end_begins_where_the_one_before_was_given_one(catalogue, small):
    """What has an end itself is followed by nothing, so nothing ends for it."""
    old = small.prices.get()
    add, until_may = reverse("admin:catalog_price_add"), {"valid_until_0": "2026-05-01", "valid_until_1": "00:00"}
    assert "Give those an end first" in errors_of(catalogue.post(add, price_form(small, **until_may)))

    end = {"valid_until_0": "2026-04-01", "valid_until_1": "00:00", "reason": "new list"}  # in Hà Nội
    assert catalogue.post(reverse("admin:catalog_price_change", args=[old.pk]), end).status_code == 302
    approve()
    assert catalogue.post(add, price_form(small, **until_may)).status_code == 302
    approve()

    old.refresh_from_db()
    midnight = datetime(2026, 3, 31, 17, 0, tzinfo=UTC)
    assert (old.unit_price, old.valid_until) == (181_000, midnight)
    assert Price.objects.get(item=small, unit_price=200_000).valid_from == midnight


BY_USE = {
    "per_minutes": "0", "unit_price": "500", "tiering": "graduated", "tiers": "1000: 450\n10000:400.5", "included": "100", "minimum": "",
    "cap": "3000000",
}  # fmt: skip


@pytest.fixture
def traffic(vserver):
    item = make_metered(vserver, "traffic", 500, valid_until=NOON)
    return item


def test_a_metered_item_gets_a_price_with_tiers(catalogue, traffic):
    answer = catalogue.post(reverse("admin:catalog_price_add"), price_form(traffic, **BY_USE))
    assert answer.status_code == 302, errors_of(answer)
    approve()
    price = traffic.prices.get(valid_until=None)
    assert (price.tiering, price.tier_from, price.tier_prices) == ("graduated", [1000, 10_000], [450, Decimal("400.5")])
    assert (price.included, price.minimum, price.cap) == (100, 0, 3_000_000)
    page = catalogue.get(reverse("admin:catalog_price_change", args=[price.pk])).content.decode()
    assert "above 10,000\xa0GB: 400.5\xa0₫ per GB; at most 3,000,000\xa0₫ a month" in page


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"per_minutes": "43200"}, "Metered items are priced per unit used"),
        ({"tiers": "cheap"}, "“cheap” is no tier"),
        ({"tiers": "100"}, "“100” is no tier"),
        ({"tiers": "100: -1"}, "not below zero"),
        ({"tiers": "100: NaN"}, "not below zero"),
        ({"tiers": "1e999: 1"}, "not below zero"),
        ({"tiers": "1.000: 450"}, "a thousand or one"),
        ({"tiers": "1000: 1.450"}, "a thousand or one"),
        ({"tiers": "0.0000001: 1"}, "six decimals at most"),
        ({"tiers": "100: 5\n100: 4"}, "Each tier begins above the one before"),
        ({"tiers": "0: 4"}, "Each tier begins above the one before"),
        ({"tiers": "\n".join(f"{n}: 1" for n in range(1, 22))}, "At most 20 tiers"),
        ({"tiers": ""}, "Graduated and volume prices have tiers"),
        ({"minimum": "3000001"}, "the most is not below the least"),
        ({"cap": "-1"}, "the most is not below the least"),
    ],
)
def test_what_is_wrong_with_a_price_by_use_is_said_where_it_was_typed(catalogue, traffic, typed, sentence):
    answer = catalogue.post(reverse("admin:catalog_price_add"), price_form(traffic, **{**BY_USE, **typed}))
    assert sentence in errors_of(answer)
    assert traffic.prices.count() == 1


def test_what_only_metered_items_have_is_folded_until_it_is_needed(catalogue, small, traffic):
    add = reverse("admin:catalog_price_add")
    assert folded(catalogue.get(add)) == "<details>"
    plain_and_wrong = price_form(small, unit_price="")
    assert folded(catalogue.post(add, plain_and_wrong)) == "<details>"
    for typed in (BY_USE | {"unit_price": ""}, {"tiers": "1000: 450"}, {"minimum": "x"}):
        assert folded(catalogue.post(add, price_form(traffic, **typed))) == ""
    past = page_of(traffic, "back-date")
    assert folded(catalogue.get(past)) == '<details class="task-folded">'
    wrong = {"unit_price": "500", "per_minutes": "0", "tiers": "nonsense", "reason": "late", "key": "a"}
    assert folded(catalogue.post(past, wrong)) == '<details class="task-folded" open>'


def folded(page):
    """What stands around the fields of metered items."""
    before = markup(page).partition('name="tiers"')[0]
    opened = before.rpartition("<details")[2] if before.count("<details") > before.count("</details") else ""
    return f"<details{opened.partition('>')[0]}>" if opened else ""


def test_an_item_that_is_chosen_has_no_price_by_use(catalogue, small):
    small.prices.update(valid_until=NOON)
    form = price_form(small, per_minutes="0")
    assert "Metered items are priced per unit used" in errors_of(
        catalogue.post(reverse("admin:catalog_price_add"), form)
    )
    assert small.prices.count() == 1


def test_time_that_has_passed_gets_a_price_by_use_with_its_tiers(catalogue, traffic):
    traffic.prices.update(valid_until=NOON - 5 * DAY)
    page = reverse("admin:catalog_item_task", args=[traffic.pk, "back-date"])
    form = {
        "tax_category": "standard",
        "reason": "forgotten",
        "valid_from_0": "2026-03-06",
        "valid_from_1": "12:00",
    } | BY_USE
    assert "Graduated and volume" in str(catalogue.post(page, form | {"tiers": ""}).context["form"].errors)
    by_time = form | {"per_minutes": "60", "tiering": "flat", "tiers": "", "included": "", "cap": "", "key": "first"}
    assert "Metered items are priced" in str(catalogue.post(page, by_time).context["form"].errors)
    assert catalogue.post(page, form | {"key": "second"}).status_code == 302
    asked = StaffAct.objects.get()
    shown = catalogue.get(reverse("admin:accounts_staffact_change", args=[asked.pk])).content.decode()
    assert "1,000 to 10,000\xa0GB: 450\xa0₫ per GB" in shown
    four_eyes.approve(asked.pk, actor=make_colleague("second@portal.example"), at=NOON)
    price = traffic.prices.latest("valid_from")
    assert (price.tier_prices, price.cap, price.package_size) == ([450, Decimal("400.5")], 3_000_000, None)


def test_a_price_never_ends_nor_begins_in_the_past(catalogue, small, disk):
    old = small.prices.get()
    past = {"valid_until_0": "2026-03-09", "valid_until_1": "00:00"}
    assert "past" in errors_of(catalogue.post(reverse("admin:catalog_price_change", args=[old.pk]), past))
    begins = price_form(small, valid_from_0="2026-03-09")
    assert "begin now or later" in errors_of(catalogue.post(reverse("admin:catalog_price_add"), begins))
    old.refresh_from_db()
    assert old.valid_until is None
    assert small.prices.count() == 1


def test_nothing_but_the_end_of_a_price_is_a_field(catalogue, small):
    old = small.prices.get()
    form = price_form(small, unit_price="1", valid_until_0="2026-05-01", valid_until_1="00:00")
    assert catalogue.post(reverse("admin:catalog_price_change", args=[old.pk]), form).status_code == 302
    old.refresh_from_db()
    assert (old.unit_price, old.valid_from) == (181_000, datetime(2020, 1, 1, tzinfo=UTC))


def test_a_coupon_that_was_used_keeps_its_terms(catalogue, alice, small):
    coupon = make_coupon("SALE", 20_000)
    coupon.products.add(small.product)
    create(alice, small, coupon="SALE")
    form = {
        "code": "OTHER",
        "amount": "1",
        "maximum_uses": "5",
        "maximum_uses_per_customer": "2",
        "minimum_order": "0",
        "reason": "Tết",
    }
    catalogue.post(reverse("admin:catalog_coupon_change", args=[coupon.pk]), form)
    coupon.refresh_from_db()
    assert (coupon.code, coupon.amount, coupon.maximum_uses, coupon.uses) == ("SALE", 20_000, 5, 1)


def test_a_coupon_takes_an_amount_or_a_share(catalogue):
    form = {
        "code": "both", "amount": "1", "share": "50", "valid_from_0": "2026-03-10", "valid_from_1": "12:00",
        "minimum_order": "0", "maximum_uses": "5", "maximum_uses_per_customer": "1", "reason": "Tết",
    }  # fmt: skip
    assert catalogue.post(reverse("admin:catalog_coupon_add"), form).status_code == 200
    assert not Coupon.objects.exists()
    assert catalogue.post(reverse("admin:catalog_coupon_add"), {**form, "share": ""}).status_code == 302
    assert Coupon.objects.get().code == "BOTH"


def test_the_webhook_secret_is_written_and_never_shown(catalogue, staff, vserver):
    vserver.webhook_secret = "very-secret"
    vserver.save()
    address = reverse("admin:catalog_product_change", args=[vserver.pk])
    for client in (catalogue, staff("auditor"), staff("superuser")):
        assert "very-secret" not in client.get(address).content.decode()
    form = {
        "name": "vServer", "name_en": "vServer", "is_on_sale": "on", "days_in_trash_after_expiry": "7",
        "days_in_trash_after_deletion": "7", "grace_days": "0", "late_renewal": "grace", "service_subcategory": "Caching", "provisioner": "polling", "return_urls": "[]",
        "webhook_secret": "", "reason": "new policy", "items-TOTAL_FORMS": "0", "items-INITIAL_FORMS": "0",
    }  # fmt: skip
    assert catalogue.post(address, form).status_code == 302
    vserver.refresh_from_db()
    assert (vserver.name, vserver.webhook_secret) == ("vServer", "very-secret")
    bad = catalogue.post(address, {**form, "return_urls": '["javascript:alert(1)"]'})
    assert "list of addresses" in errors_of(bad)


def test_the_code_of_an_item_stays(catalogue, small):
    form = {
        "code": "other", "kind": "volume", "name": "Small", "name_en": "Small", "unit": "server", "maximum": "1",
        "position": "0", "least_held": "0", "product": small.product_id,
    }  # fmt: skip
    assert catalogue.post(reverse("admin:catalog_item_change", args=[small.pk]), form).status_code == 302
    small.refresh_from_db()
    assert (small.name, small.code, small.kind) == ("Small", "small", "flavour")


def test_instants_are_shown_and_typed_in_the_billing_zone(catalogue, small):
    assert NOON.hour == 5
    page = catalogue.get(reverse("admin:catalog_price_add"))
    assert page.context["adminform"].form.initial["valid_from"] == datetime(2026, 3, 10, 17, 0, tzinfo=UTC)
    assert 'value="2026-03-11"' in page.content.decode()


def test_who_ends_a_price_in_use_is_told_how_many_resources_use_it(catalogue, alice, small):
    create(alice, small, quantity=2)
    price = small.prices.get()
    end = {"valid_until_0": "2026-04-01", "valid_until_1": "00:00", "reason": "new list"}
    address = reverse("admin:catalog_price_change", args=[price.pk])
    assert "2 running resources use this price" in errors_of(catalogue.post(address, end))
    price.refresh_from_db()
    assert price.valid_until is None
    assert catalogue.post(address, end | {"anyway": "on"}).status_code == 302
    approve()
    price.refresh_from_db()
    assert price.valid_until is not None


def test_a_price_of_time_that_has_passed_is_asked_for_on_its_item(catalogue, small):
    small.prices.update(valid_until=NOON - 5 * DAY)
    page = reverse("admin:catalog_item_task", args=[small.pk, "back-date"])
    form = {"unit_price": "181000", "per_minutes": "43200", "includes_vat": "on", "tax_category": "standard", "reason": "forgotten",
            "valid_from_0": "2026-03-06", "valid_from_1": "12:00"}  # fmt: skip
    assert catalogue.get(page).status_code == 200
    assert catalogue.post(page, form).status_code == 302
    act = StaffAct.objects.get()
    assert (act.state, act.facts["starts_at"]) == ("waiting", "2026-03-06T05:00:00+00:00")
    assert small.prices.count() == 1
    refusal = catalogue.post(page, form | {"valid_from_0": "2026-03-01", "key": "second"})
    assert "it stays as it was charged" in str(refusal.context["form"].errors)


def test_who_asked_for_a_price_finds_what_became_of_it_and_no_other_acts(catalogue, small, alice, staff):
    small.prices.update(valid_until=NOON - 5 * DAY)
    form = {"unit_price": "181000", "per_minutes": "43200", "includes_vat": "on", "tax_category": "standard", "reason": "forgotten",
            "valid_from_0": "2026-03-06", "valid_from_1": "12:00"}  # fmt: skip
    catalogue.post(reverse("admin:catalog_item_task", args=[small.pk, "back-date"]), form)
    mine = StaffAct.objects.get()
    do(staff("finance"), alice, "grant-credit", amount=500_000_000_000, last_day="2026-03-31")
    theirs = StaffAct.objects.exclude(pk=mine.pk).get()

    listed = catalogue.get(reverse("admin:accounts_staffact_changelist"))

    assert [act.pk for act in listed.context["cl"].result_list] == [mine.pk]
    assert reverse("admin:accounts_staffact_changelist") in catalogue.get(reverse("admin:index")).content.decode()
    shown = catalogue.get(reverse("admin:accounts_staffact_change", args=[mine.pk])).content.decode()
    assert "Unit price: 181,000 ₫ / 30 days" in shown
    assert "unit_price" not in shown
    assert (
        catalogue.get(reverse("admin:accounts_staffact_change", args=[theirs.pk])).status_code == 302
    )  # there is no such row
    assert catalogue.post(page_of(mine, "approve"), {"key": "a"}).status_code == 403
    assert catalogue.post(page_of(mine, "withdraw"), {"reason": "found the old list", "key": "w"}).status_code == 302
    mine.refresh_from_db()
    assert mine.state == "withdrawn"


def test_what_is_only_looked_at_in_a_form_looks_as_in_a_list(catalogue, small):
    price = small.prices.get()
    page = catalogue.get(reverse("admin:catalog_price_change", args=[price.pk])).content.decode()
    assert "181000.0000" not in page
    assert f"{price.item}: 181,000 ₫ / 30 days" in page
    assert f'<time datetime="{price.valid_from.isoformat()}"' in page


def test_a_term_has_a_price_beside_that_of_any_time(catalogue, small):
    add = reverse("admin:catalog_price_add")
    assert catalogue.post(add, price_form(small, months="12", unit_price="165000")).status_code == 302
    approve()
    assert Price.objects.get(item=small, months=12).unit_price == 165_000
    same_day = price_form(small, months="12")
    assert "Give those an end first" in errors_of(catalogue.post(add, same_day))


def test_the_price_of_a_term_may_end_while_resources_use_its_item(catalogue, alice, small):
    """They cost what they cost without a term from then on."""
    create(alice, small)
    price = Price.objects.create(item=small, months=12, unit_price=165_000, valid_from=NOON - DAY)
    end = {"valid_until_0": "2026-04-01", "valid_until_1": "00:00", "reason": "no terms any more"}
    assert catalogue.post(reverse("admin:catalog_price_change", args=[price.pk]), end).status_code == 302


def test_coupons_come_and_go_by_the_hundred(staff, small, at):
    client = staff("catalogue")
    make, read, take = (reverse("admin:catalog_coupon_list_task", args=[name]) for name in ("batch", "read", "take"))
    terms = {
        "amount": "20.000",
        "first_day": "2026-03-01",
        "last_day": "2026-03-31",
        "maximum_uses": 1,
        "reason": "Tết",
    }
    made = client.post(make, {"key": "k", "batch": "Tet", "count": 3, "begins_with": "tet-", **terms})
    assert (made.status_code, Coupon.objects.filter(batch="Tet").count()) == (302, 3)
    file = client.post(take, {"key": "k2", "batch": "Tet"})
    assert file["Content-Type"] == "text/csv; charset=utf-8"
    renamed = file.content.decode().replace("TET-", "NEW-")
    upload = SimpleUploadedFile("coupons.csv", renamed.encode())
    assert client.post(read, {"key": "k3", "batch": "Copy", "file": upload, "reason": "Tết"}).status_code == 302
    assert Coupon.objects.filter(batch="Copy", code__startswith="NEW-", amount=20_000).count() == 3
    assert staff("support").post(make, {"key": "k4", "batch": "No", "count": 3, **terms}).status_code == 403
