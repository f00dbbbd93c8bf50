"""What is metered on the bill: of the month, at deletion and at a switch. Every record once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.models import Customer
from catalog.models import Discount, Item, Price, Product
from invoices.models import ParkedBilling
from invoices.services.forecast import dry_run
from invoices.services.month_end import run_month_end
from invoices.services.release import release
from lifecycle.models import Resource
from tests.actions.books import nothing_changes
from tests.actions.used import BEGIN, MARCH, OVER, TIERS, bill, leave, on, report, server, traffic, uses
from tests.cast import (
    DAY,
    JOB,
    STAFF,
    create,
    fresh,
    make_metered,
    switch_mode,
)

__all__ = ["server", "traffic"]
pytestmark = pytest.mark.django_db


def test_the_bill_of_a_month_has_a_line_for_what_was_used_of_an_item(server: Resource) -> None:
    """3.25 GB at 500 are 1,625, of which a eleventh is VAT: 147.7."""
    report(server, "a", "1.25", day=1)
    report(server, "b", 2, day=31)
    bill()
    invoice = server.invoices.get()
    assert (invoice.total, invoice.period_key, invoice.is_late) == (187_033 + 1_625, "2026-03", False)
    line = invoice.lines.get(per_minutes=0)
    assert (line.name, line.unit, line.position, line.starts_at, line.ends_at) == ("traffic", "GB", 2, BEGIN, OVER)
    assert uses() == [("2026-03", 0, Decimal("3.25"), 0, 1_625, 148)]
    with nothing_changes():
        run_month_end(MARCH, actor=JOB, at=OVER + DAY)


def test_what_is_included_costs_nothing_and_stands_on_the_bill(bob: Customer, small: Item, vserver: Product) -> None:
    """100 GB are included, 1,000 more cost 500, and 50 of the next tier 450."""
    make_metered(vserver, "traffic", 500, **TIERS)
    few, many = create(bob, small, at=BEGIN, quantity=2)
    report(few, "a", 100)
    report(many, "a", 1_150)
    bill()
    assert sorted(uses()) == [("2026-03", 0, 100, 0, 0, 0), ("2026-03", 0, 1_150, 0, 522_500, 47_500)]


def test_nothing_used_is_no_line(server: Resource) -> None:
    report(server, "a", 0)
    bill()
    assert (server.invoices.get().total, uses()) == (187_033, [])


def test_a_month_is_priced_as_its_use_began(bob: Customer, small: Item, vserver: Product) -> None:
    """The item is sold from the fifth on at 500, and from the fifteenth at 900 less half: use began on the tenth, at 500."""
    item = make_metered(vserver, "traffic", 500, valid_from=on(5), valid_until=on(15))
    Price.objects.create(item=item, unit_price=900, per_minutes=0, valid_from=on(15))
    Discount.objects.create(customer=bob, product=vserver, share=Decimal("0.5"), valid_from=on(15))
    [server] = create(bob, small, at=BEGIN)
    report(server, "b", 2, day=20)
    report(server, "a", 1, day=10)
    bill()
    assert [line[4] for line in uses()] == [1_500]


def test_a_switch_bills_what_was_used_until_then(server: Resource, bob: Customer) -> None:
    report(server, "a", 4, at=on(11))
    switch_mode(bob, "prepaid", at=on(11))
    assert [line[2:5] for line in uses()] == [(4, 0, 2_000)]
    report(fresh(server), "b", 7, day=12, at=on(13))  # in prepaid time
    bill()
    assert len(uses()) == 1


def test_use_without_a_price_holds_its_resource_and_no_door(bob: Customer, small: Item, vserver: Product) -> None:
    make_metered(vserver, "traffic", 500, valid_until=on(5))
    [server] = create(bob, small, at=BEGIN)
    report(server, "a", 4, at=on(11))
    leave(server, on(11))
    held = ParkedBilling.objects.get()
    assert (held.cause, held.reason, server.invoices.exists()) == ("no-price", "traffic", False)
    Price.objects.create(item=Item.objects.get(code="traffic"), unit_price=500, per_minutes=0, valid_from=on(5))
    release(held.pk, reason="priced", actor=STAFF, at=on(12))
    assert server.invoices.get().total == 63_350 + 2_000
    bill()
    assert len(uses()) == 1


@pytest.mark.parametrize(("price", "quantity"), [(500, 999_999_999_999), ("0.000001", 999_999_999_999)])
def test_what_no_bill_can_say_is_held_and_closes_no_door(
    bob: Customer, small: Item, vserver: Product, price: int | str, quantity: int
) -> None:
    """More than 10^12 đồng, or as many units: a slip of the team's program."""
    make_metered(vserver, "traffic", price)
    [server] = create(bob, small, at=BEGIN)
    report(server, "a", quantity, at=on(11))
    report(server, "b", quantity, at=on(11))
    leave(server, on(11))
    held = ParkedBilling.objects.get()
    assert (held.cause, server.invoices.exists()) == ("outlier", False)
    for key in "ab":
        report(fresh(server), f"no-{key}", 1, corrects=key)
    bill()
    release(held.pk, reason="corrected", actor=STAFF, at=OVER + DAY)
    assert [line[2] for line in uses()] == [2]


def test_a_dry_run_counts_what_was_used(server: Resource) -> None:
    report(server, "a", 4)
    with nothing_changes():
        assert dry_run(MARCH).total == 187_033 + 2_000
