"""Rehearsing a rate of VAT: what renewals and use would cost, before anybody enters it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from accounts.models import Customer
from catalog.models import Product, TaxCategory
from lifecycle.services.running import stop_resource
from orders.services.rehearsal import Change, Cost, Kind, Rehearsal
from tests.actions.books import nothing_changes
from tests.actions.used import BEGIN, bill, report
from tests.cast import DAY, NOON, create, make_customer, make_item, make_metered, owner_of, taxed_at

pytestmark = pytest.mark.django_db
EIGHT = Decimal("0.08")


def test_a_rehearsal_says_what_renewals_and_use_would_cost(alice: Customer, bob: Customer, vserver: Product) -> None:
    """
    165,000 without VAT are 181,500 with 10 % and 178,200 with 8 %. Two that renew themselves by three months: 544,500 and 534,600
    each. A customer with half off pays 90,750 and 89,100. What is taxed otherwise is not of it.
    """
    plain = make_item(vserver, "plain", 165_000, includes_vat=False)
    create(alice, plain, quantity=2, auto_renew_months=3)
    create(alice, plain)
    create(bob, plain)
    create(alice, make_item(vserver, "other", 100_000, tax_category=taxed_at("0.05")))
    carol = make_customer("Carol", credit=1_000_000)
    carol.discounts.create(product=vserver, share=Decimal("0.5"), valid_from=NOON - DAY)
    create(carol, plain)

    category = TaxCategory.objects.get(pk="standard")
    with nothing_changes():
        rehearsal = Rehearsal(category, since=date(2027, 1, 1), rate=EIGHT)
        sums, rows = rehearsal.sums(), list(rehearsal.rows())
    assert sums == {
        Kind.AUTO: Change(2, Cost(1_089_000, 99_000), Cost(1_069_200, 79_200)),
        Kind.BY_HAND: Change(2, Cost(272_250, 24_750), Cost(267_300, 19_800)),
        Kind.USAGE: Change(1, Cost(181_500, 16_500), Cost(178_200, 13_200)),
    }
    assert sorted((row.customer, row.months, row.difference) for row in rows) == [
        ("Alice", 1, -3_300), ("Alice", 3, -9_900), ("Alice", 3, -9_900), ("Bob", 1, -3_300), ("Carol", 1, -1_650),
    ]  # fmt: skip


def test_what_is_metered_is_rehearsed_as_it_was_billed_last(bob: Customer, vserver: Product) -> None:
    """100 GB at 1,000 without VAT, of two servers, and of another at 500 with it: 110,000 and 108,000; 50,000, of it 4,545 and 3,704."""
    free = make_item(vserver, "free", 0)
    make_metered(vserver, "traffic", 1_000, includes_vat=False)
    make_metered(vserver, "requests", 500)
    make_metered(vserver, "other", 500, tax_category=taxed_at("0.05"))
    one, other = create(bob, free, at=BEGIN, quantity=2)
    report(one, "a", 60)
    report(other, "a", 40)
    report(other, "b", 100, item="requests")
    report(other, "c", 100, item="other")
    bill()
    rehearsal = Rehearsal(TaxCategory.objects.get(pk="standard"), since=date(2027, 1, 1), rate=EIGHT)
    assert rehearsal.sums()[Kind.METERED] == Change(2, Cost(160_000, 14_545), Cost(158_000, 11_704))
    metered = [row for row in rehearsal.rows() if row.kind == Kind.METERED]
    assert sorted((row.before, row.after) for row in metered) == [(66_000, 64_800), (94_000, 93_200)]


def test_what_is_stopped_where_that_is_free_costs_nothing(bob: Customer, vserver: Product) -> None:
    vserver.stopped_time_is_free = True
    vserver.save()
    running, stopped = create(bob, make_item(vserver, "plain", 165_000, includes_vat=False), at=NOON, quantity=2)
    stop_resource(stopped.pk, actor=owner_of(bob), at=NOON + DAY)
    rehearsal = Rehearsal(TaxCategory.objects.get(pk="standard"), since=date(2027, 1, 1), rate=EIGHT)
    assert rehearsal.sums() == {Kind.USAGE: Change(1, Cost(181_500, 16_500), Cost(178_200, 13_200))}
    assert [row.resource for row in rehearsal.rows()] == [running.name]
