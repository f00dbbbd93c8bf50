"""What changes what something costs takes two: a price or a discount of the time ahead, the end of one, one that goes on again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import four_eyes
from accounts.models import AuditEntry, StaffAct
from catalog.models import Discount, Item
from catalog.price_changes import TermsOver, TermsOverlap
from kernel.errors import DomainError
from tests.admin.doing import page_of
from tests.cast import DAY, NOON, create, make_colleague, make_item
from tests.markup import markup

ADD = "admin:catalog_price_add"
APRIL = NOON.replace(month=3, day=31, hour=17)
"""Midnight in Hà Nội."""


@pytest.fixture
def catalogue(staff: Any) -> Client:
    client: Client = staff("catalogue")
    return client


def price_form(item: Item, **terms: str) -> dict[str, object]:
    return {
        "item": item.pk, "unit_price": "200000", "per_minutes": "43200", "includes_vat": "on", "tax_category": "standard",
        "valid_from_0": "2026-04-01", "valid_from_1": "00:00", "reason": "new list", **terms,
    }  # fmt: skip


def asked(client: Client, item: Item, **terms: str) -> StaffAct:
    answer = client.post(reverse(ADD), price_form(item, **terms))
    assert answer.status_code == 302, str(answer.context["adminform"].form.errors)
    return StaffAct.objects.latest("pk")


def approve(act: StaffAct, at: Any = NOON) -> None:
    second = make_colleague("second@portal.example")
    four_eyes.approve(act.pk, actor=second, at=at)


def test_another_price_waits_for_a_second_person_and_then_follows_the_one_in_force(
    catalogue: Client, small: Item, staff: Any
) -> None:
    act = asked(catalogue, small)
    assert (act.act, act.state, act.amount) == ("enter-price", "waiting", None)
    old = small.prices.get()
    assert (old.unit_price, old.valid_until) == (Decimal(181_000), None)
    assert not AuditEntry.objects.filter(verb="add price").exists()
    shown = catalogue.get(reverse("admin:accounts_staffact_change", args=[act.pk])).content.decode()
    assert "Unit price: 200,000 ₫ / 30 days" in shown
    assert "181,000 ₫ / 30 days" in shown, "what it replaces"
    assert catalogue.post(page_of(act, "approve"), {"key": "k"}).status_code == 403

    assert staff("finance").post(page_of(act, "approve"), {"key": "k"}).status_code == 302

    old.refresh_from_db()
    new = small.prices.get(valid_until=None)
    assert (old.valid_until, new.valid_from, new.unit_price) == (APRIL, APRIL, Decimal(200_000))
    assert AuditEntry.objects.get(verb="add price").reason == "new list"


def test_who_asked_is_told_that_it_waits_and_led_there(catalogue: Client, small: Item) -> None:
    answer = catalogue.post(reverse(ADD), price_form(small), follow=True)
    act = StaffAct.objects.get()
    assert answer.redirect_chain == [(reverse("admin:accounts_staffact_change", args=[act.pk]), 302)]
    assert "Nothing has moved yet: it waits for somebody else" in markup(answer)


def test_the_first_price_of_an_item_changes_nothing_and_takes_one(catalogue: Client, vserver: Any) -> None:
    item = Item.objects.create(product=vserver, code="new", name="Mới", name_en="New", kind="volume", unit="GB")
    assert catalogue.post(reverse(ADD), price_form(item)).status_code == 302
    assert (item.prices.get().unit_price, StaffAct.objects.count()) == (Decimal(200_000), 0)
    assert AuditEntry.objects.filter(verb="add price").exists()


def test_a_negotiated_price_and_a_term_price_take_two_as_well(catalogue: Client, small: Item, alice: Any) -> None:
    own = asked(catalogue, small, customer=str(alice.pk))
    assert own.customer == alice
    term = asked(catalogue, small, months="12")
    assert small.prices.count() == 1
    approve(own)
    approve(term)
    assert {(one.customer, one.months, one.valid_until) for one in small.prices.all()} == {
        (None, 1, None), (alice, 1, None), (None, 12, None),
    }  # fmt: skip


def test_what_is_approved_late_begins_then(catalogue: Client, small: Item) -> None:
    act = asked(catalogue, small)
    late = APRIL + DAY + timedelta(seconds=30)
    approve(act, late)
    assert small.prices.get(valid_until=None).valid_from == APRIL + DAY
    assert small.prices.latest("-valid_from").valid_until == APRIL + DAY


def test_what_was_over_before_it_was_approved_is_refused(catalogue: Client, small: Item) -> None:
    small.prices.update(valid_until=APRIL)
    act = asked(catalogue, small, valid_until_0="2026-04-02", valid_until_1="00:00")
    refused(TermsOver, act, APRIL + DAY)
    assert small.prices.count() == 1


def test_what_another_one_has_overtaken_is_refused(catalogue: Client, small: Item) -> None:
    """Of two that wait, the later one follows the earlier; the other way round there is no place for it."""
    later = asked(catalogue, small, valid_from_0="2026-05-01")
    sooner = asked(catalogue, small)
    approve(later)
    refused(TermsOverlap, sooner, NOON)
    assert small.prices.count() == 2


def refused(error: type[DomainError], act: StaffAct, at: Any) -> None:
    with pytest.raises(error):
        approve(act, at)
    act.refresh_from_db()
    assert act.state == "waiting"


def test_nobody_approves_their_own_price_not_even_an_administrator(superuser: Client, small: Item) -> None:
    act = asked(superuser, small)
    page = superuser.post(page_of(act, "approve"), {"key": "k"})
    assert "Somebody else has to decide this" in markup(page)
    assert small.prices.count() == 1


def test_the_end_of_a_price_waits(catalogue: Client, small: Item) -> None:
    price = small.prices.get()
    page = reverse("admin:catalog_price_change", args=[price.pk])
    end = {"valid_until_0": "2026-04-01", "valid_until_1": "00:00", "reason": "no longer sold"}
    assert catalogue.post(page, end).status_code == 302
    act = StaffAct.objects.get()
    price.refresh_from_db()
    assert (act.act, act.state, price.valid_until) == ("end-price", "waiting", None)
    approve(act)
    price.refresh_from_db()
    assert price.valid_until == APRIL
    assert AuditEntry.objects.get(verb="change price").reason == "no longer sold"


def test_an_end_that_is_approved_late_is_then(catalogue: Client, small: Item) -> None:
    price = small.prices.get()
    page = reverse("admin:catalog_price_change", args=[price.pk])
    catalogue.post(page, {"valid_until_0": "2026-04-01", "valid_until_1": "00:00", "reason": "no longer sold"})
    approve(StaffAct.objects.get(), APRIL + DAY)
    price.refresh_from_db()
    assert price.valid_until == APRIL + DAY


def test_a_form_without_an_edit_asks_for_nothing(catalogue: Client, small: Item) -> None:
    page = reverse("admin:catalog_price_change", args=[small.prices.get().pk])
    assert catalogue.post(page, {"reason": ""}).status_code == 302
    assert not StaffAct.objects.exists()


def test_a_price_that_ended_goes_on_by_two(catalogue: Client, small: Item) -> None:
    small.prices.update(valid_until=NOON)
    price = small.prices.get()
    page = reverse("admin:catalog_price_task", args=[price.pk, "reopen"])
    assert catalogue.post(page, {"reason": "a mistake", "key": "k"}).status_code == 302
    act = StaffAct.objects.get()
    price.refresh_from_db()
    assert (act.act, act.state, price.valid_until) == ("reopen-price", "waiting", NOON)
    approve(act)
    price.refresh_from_db()
    assert price.valid_until is None


def test_a_discount_takes_two_and_follows_the_one_before(catalogue: Client, small: Item, alice: Any) -> None:
    before = Discount.objects.create(customer=alice, product=small.product, share="0.1", valid_from=NOON - DAY)
    form = {
        "customer": alice.pk, "product": small.product_id, "share": "20", "valid_from_0": "2026-04-01", "valid_from_1": "00:00",
        "reason": "a good customer",
    }  # fmt: skip
    assert catalogue.post(reverse("admin:catalog_discount_add"), form).status_code == 302
    act = StaffAct.objects.get()
    assert (act.act, act.customer, Discount.objects.count()) == ("enter-discount", alice, 1)
    approve(act)
    before.refresh_from_db()
    after = Discount.objects.get(valid_until=None)
    assert (before.valid_until, after.share, after.valid_from) == (APRIL, Decimal("0.2"), APRIL)


def test_a_server_costs_what_was_approved(catalogue: Client, alice: Any, vserver: Any) -> None:
    """100,000 for 30 days until somebody else has said yes to 120,000, also on the day on which it was to begin."""
    item = make_item(vserver, "dear", 100_000)
    act = asked(catalogue, item, unit_price="120000")
    assert create(alice, item, at=APRIL + DAY)[0].invoices.get().total == 100_000
    approve(act, APRIL + 2 * DAY)
    assert create(alice, item, at=APRIL + 2 * DAY)[0].invoices.get().total == 120_000
