"""Promotional credit is kept grant by grant: what ends first is spent first, and each ends with what is left of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Customer
from catalog.models import Item
from ledger.models import Grant
from ledger.services import Fact, Kind, spend
from orders.models import Action
from orders.services.delete import delete_resource, preview_deletion
from orders.services.gone import report_gone
from payments.services.credit import expire_promotional_credit, grant_promotional_credit
from payments.services.wallet import wallet_of
from store.tally import Tally
from tests.cast import DAY, NOON, STAFF, answer, create, make_customer, order, owner_of, quote

pytestmark = pytest.mark.django_db


def granted(customer: Customer, amount: int, days: int, name: str = "x") -> Grant:
    return grant_promotional_credit(customer, amount, expires_at=NOON + days * DAY, reason=name, actor=STAFF, at=NOON)


def spent(customer: Customer, amount: int, source: str = "s") -> None:
    """By nobody's decision, as only an opening is."""
    spend(customer.pk, amount, into=Kind.ADJUSTMENTS, kind=Fact.ADJUSTMENT, source=f"opening:{source}", at=NOON)


def left(customer: Customer) -> dict[str, int]:
    return dict(Grant.objects.filter(customer=customer, rest__gt=0).values_list("reason", "rest"))


def test_a_grant_ends_with_what_is_left_of_it_whatever_others_are_left() -> None:
    """B 100,000 for 90 days, 60,000 spent; then A 100,000 for 10 days, which ends unused: 40,000 of B are left."""
    customer = make_customer()
    granted(customer, 100_000, 90, "B")
    spent(customer, 60_000)
    granted(customer, 100_000, 10, "A")
    assert expire_promotional_credit(at=NOON + 10 * DAY) == Tally(1)
    assert (wallet_of(customer.pk).promotional, left(customer)) == (40_000, {"B": 40_000})


def test_what_ends_first_is_spent_first_whenever_it_was_given() -> None:
    customer = make_customer(credit=50_000)
    granted(customer, 100_000, 90, "B")
    granted(customer, 100_000, 10, "A")
    spent(customer, 130_000)
    assert left(customer) == {"B": 70_000}
    spent(customer, 100_000, "t")
    assert (left(customer), wallet_of(customer.pk).credit) == ({}, 20_000)


def test_unused_time_goes_back_into_its_own_grant(small: Item) -> None:
    """181,000: 100,000 of A (60 days), 81,000 of B (90 days); 20 of 30 days unused: 120,667 back, B full first."""
    customer = make_customer()
    granted(customer, 100_000, 60, "A")
    granted(customer, 100_000, 90, "B")
    [server] = create(customer, small)
    assert left(customer) == {"B": 19_000}
    delete_resource(server.pk, actor=owner_of(customer), at=NOON + 10 * DAY)
    assert left(customer) == {"B": 100_000, "A": 39_667}
    expire_promotional_credit(at=NOON + 60 * DAY)
    assert wallet_of(customer.pk).promotional == 100_000


def test_what_goes_back_into_a_grant_that_has_ended_is_lost_with_it(small: Item) -> None:
    customer = make_customer(credit=81_000)
    granted(customer, 100_000, 5, "A")
    [server] = create(customer, small)
    delete_resource(server.pk, actor=owner_of(customer), at=NOON + 10 * DAY)
    wallet = wallet_of(customer.pk)
    assert (wallet.promotional, wallet.credit) == (0, 54_000)  # 120,667 x 81 / 181


def test_before_deleting_it_is_said_where_promotional_credit_goes_and_what_is_lost(small: Item) -> None:
    """181,000: 60,000 of A (5 days), 100,000 of B (90 days), 21,000 bought; 120,667 come back, 106,667 of them promotional."""
    customer = make_customer(credit=21_000)
    granted(customer, 60_000, 5, "A")
    granted(customer, 100_000, 90, "B")
    [server] = create(customer, small)
    back = preview_deletion(server, at=NOON + 10 * DAY).back
    assert (back.credit, back.grants, back.lost) == (14_000, {NOON + 90 * DAY: 100_000}, 6_667)
    delete_resource(server.pk, actor=owner_of(customer), at=NOON + 10 * DAY)
    wallet = wallet_of(customer.pk)
    assert (wallet.credit, wallet.promotional) == (14_000, 100_000)


def test_what_comes_back_because_we_failed_can_be_spent_for_thirty_days_more(small: Item) -> None:
    customer = make_customer()
    granted(customer, 81_000, 5, "A")
    granted(customer, 100_000, 90, "B")
    bought = order(quote(customer, Action.CREATE, NOON, product=str(small.product_id), name="w",
                         items=[{"item": "small"}], quantity=1, months=1))  # fmt: skip
    answer(bought, succeed=False, at=NOON + 6 * DAY)
    assert wallet_of(customer.pk).promotional == 181_000
    again = Grant.objects.get(reason="A", rest__gt=0)
    assert (again.rest, again.expires_at) == (81_000, NOON + 36 * DAY)
    assert Grant.objects.get(reason="B").rest == 100_000
    assert expire_promotional_credit(at=NOON + 36 * DAY - timedelta(minutes=1)) == Tally(0)
    assert expire_promotional_credit(at=NOON + 36 * DAY) == Tally(1)
    assert wallet_of(customer.pk).promotional == 100_000


def test_what_comes_back_for_a_lost_server_can_be_spent_for_thirty_days_more(small: Item) -> None:
    """181,000 for 30 days: 100,000 of A, which ends on day 5, and 81,000 bought; lost on day 10, two thirds come back."""
    customer = make_customer(credit=81_000)
    granted(customer, 100_000, 5, "A")
    [server] = create(customer, small)
    report_gone(server.pk, reason="disk failed", actor=STAFF, at=NOON + 10 * DAY)
    wallet = wallet_of(customer.pk)
    assert (wallet.promotional, wallet.credit) == (66_667, 54_000)  # 120,667 x 100 / 181
    again = Grant.objects.get(rest__gt=0)
    assert (again.reason, again.rest, again.expires_at) == ("A", 66_667, NOON + 40 * DAY)
