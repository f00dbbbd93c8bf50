"""Term prices: whoever pays for longer pays less a month, and pays for the time that was used what it costs without the term when leaving early."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import Customer
from billing_portal.auditor import violations
from catalog.models import Discount, Item, Price
from invoices.models import CreditNote, Invoice
from invoices.services.month_end import bill_ended_months
from kernel.periods import CalendarMonth
from lifecycle.models import Resource
from orders.deal import Deal, LeftEarly
from orders.models import Action
from orders.services.delete import delete_resource, preview_deletion
from orders.services.gone import report_gone
from orders.services.renewal import renew_automatically
from payments.services.wallet import wallet_of
from tests.cast import (
    DAY,
    JOB,
    LONG_AGO,
    MONTH,
    NOON,
    TEAM,
    chosen,
    create,
    fresh,
    make_coupon,
    make_item,
    owner_of,
    quote,
    recover,
    renew,
    resize,
)

pytestmark = pytest.mark.django_db


def by_term(item: Item, months: int, unit_price: int, **terms: object) -> Price:
    return Price.objects.create(
        item=item, months=months, unit_price=Decimal(unit_price), **{"valid_from": LONG_AGO, **terms}
    )


@pytest.fixture
def yearly(small: Item) -> Item:
    """181,000 a month, 165,000 for whoever pays for twelve months or more ahead."""
    by_term(small, 12, 165_000)
    return small


def offered(customer: Customer, item: Item, months: int, **inputs: object) -> Deal:
    wish = {"product": str(item.product_id), "name": "web", "items": chosen(item), "quantity": 1, "months": months}
    return quote(customer, Action.CREATE, **wish, **inputs).deal


def spent(customer: Customer) -> int:
    return 10_000_000 - wallet_of(customer.pk).available


def delete(server: Resource, *, after: timedelta) -> None:
    delete_resource(server.pk, actor=owner_of(server.customer), at=NOON + after)


@pytest.mark.parametrize(
    ("months", "total", "saved"),
    [
        (1, 181_000, 0),
        (6, 1_086_000, 0),
        (12, 1_980_000, 192_000),  # 12 x 165,000 instead of 12 x 181,000
        (24, 3_960_000, 384_000),
    ],
)
def test_a_term_price_is_for_whoever_pays_for_so_long_or_longer(
    alice: Customer, yearly: Item, months: int, total: int, saved: int
) -> None:
    deal = offered(alice, yearly, months)
    assert (deal.total, deal.parts[0].saved_by_term) == (total, saved)


def test_the_longest_term_that_is_reached_counts(alice: Customer, yearly: Item) -> None:
    by_term(yearly, 24, 150_000)
    assert [offered(alice, yearly, months).total for months in (12, 24, 36)] == [1_980_000, 3_600_000, 5_400_000]


def test_nobody_pays_more_for_staying_longer(alice: Customer, yearly: Item) -> None:
    """The price of any time has sunk to 160,000 meanwhile, and no term is bound to."""
    yearly.prices.filter(months=1).update(valid_until=NOON - DAY)
    Price.objects.create(item=yearly, unit_price=160_000, valid_from=NOON - DAY)
    deal = offered(alice, yearly, 12)
    assert (deal.total, deal.parts[0].saved_by_term) == (1_920_000, 0)


def test_a_negotiated_price_below_the_term_is_no_term(alice: Customer, yearly: Item) -> None:
    Price.objects.create(item=yearly, customer=alice, unit_price=160_000, valid_from=LONG_AGO)
    deal = offered(alice, yearly, 12)
    assert (deal.total, deal.parts[0].saved_by_term) == (1_920_000, 0)


def test_a_negotiated_term_stands_for_the_list_price_of_that_term(alice: Customer, bob: Customer, yearly: Item) -> None:
    by_term(yearly, 12, 170_000, customer=alice)
    assert offered(alice, yearly, 12).total == 2_040_000


def test_a_negotiated_discount_is_taken_off_the_term_price_too(alice: Customer, yearly: Item) -> None:
    """165,000 less 10 % for twelve months, instead of 181,000 less 10 %: 1,954,800."""
    Discount.objects.create(customer=alice, product=yearly.product, share=Decimal("0.1"), valid_from=LONG_AGO)
    deal = offered(alice, yearly, 12)
    assert (deal.total, deal.parts[0].saved_by_term) == (1_782_000, 172_800)


def test_vat_on_top_is_saved_too(alice: Customer, small: Item) -> None:
    """12 x 165,000 + 10 % = 2,178,000, instead of 12 x 181,000 + 10 % = 2,389,200."""
    small.prices.update(valid_until=NOON - DAY)
    for months, unit_price in ((1, 181_000), (12, 165_000)):
        by_term(small, months, unit_price, includes_vat=False, valid_from=NOON - DAY)
    [part] = offered(alice, small, 12).parts
    assert (part.charge.total, part.charge.tax, part.saved_by_term) == (2_178_000, 198_000, 211_200)
    assert part.left_early[1] == LeftEarly(3, 1_580_700)  # 1,633,500 - 52,800


def test_what_comes_back_is_said_before_it_is_bought(alice: Customer, yearly: Item) -> None:
    """After three months: 9/12 of 1,980,000 are 1,485,000, less 3 x 16,000 that the term had saved."""
    [part] = offered(alice, yearly, 12).parts
    assert part.left_early == [LeftEarly(1, 1_799_000), LeftEarly(3, 1_437_000), LeftEarly(6, 894_000)]
    assert offered(alice, yearly, 6).parts[0].left_early == []


@pytest.mark.parametrize(("months", "back"), [(1, 1_799_000), (3, 1_437_000), (6, 894_000)])
def test_and_that_is_what_comes_back(alice: Customer, yearly: Item, months: int, back: int) -> None:
    [server] = create(alice, yearly, months=12)
    assert spent(alice) == 1_980_000
    delete(server, after=months * MONTH)
    assert spent(alice) == 1_980_000 - back == months * 181_000
    assert violations() == []


def test_just_before_the_end_nothing_comes_back_and_nothing_is_owed(alice: Customer, yearly: Item) -> None:
    """Eleven months without a term would be 1,991,000: more than the twelve were."""
    [server] = create(alice, yearly, months=12)
    delete(server, after=11 * MONTH)
    assert spent(alice) == 1_980_000
    assert not CreditNote.objects.exists()
    assert violations() == []


def test_a_coupon_of_the_time_that_was_used_stays_used(alice: Customer, yearly: Item) -> None:
    """1,880,000 were charged: 9/12 of them are 1,410,000, less 48,000."""
    make_coupon("TET", 100_000)
    [server] = create(alice, yearly, months=12, coupon="TET")
    preview = preview_deletion(server, at=NOON + 3 * MONTH)
    assert (preview.refund, preview.unearned) == (1_362_000, 48_000)


def test_a_term_that_has_not_begun_comes_back_whole(alice: Customer, yearly: Item) -> None:
    """A month, renewed by twelve at once, deleted after ten days: 20 of 30 days of 181,000, and all of 1,980,000."""
    [server] = create(alice, yearly)
    renew(server, at=NOON, months=12)
    assert spent(alice) == 181_000 + 1_980_000
    delete(server, after=10 * DAY)
    assert spent(alice) == 181_000 - 120_667


def test_what_the_product_team_loses_comes_back_for_its_days(alice: Customer, yearly: Item) -> None:
    """It is not the customer who leaves."""
    [server] = create(alice, yearly, months=12)
    report_gone(server.pk, reason="a fire", actor=TEAM, at=NOON + 3 * MONTH)
    assert spent(alice) == 1_980_000 - 1_485_000
    assert violations() == []


def test_a_resize_goes_on_with_the_term(alice: Customer, yearly: Item, large: Item) -> None:
    """
    After three months of twelve: 9 x 480,000 = 4,320,000 less 1,485,000 that are unused of the first.

    A month later 8/9 of 4,320,000 are 3,840,000; of them go 40,000 that the new price had saved in that month and 48,000 before.
    """
    by_term(large, 12, 480_000)
    [server] = create(alice, yearly, months=12)
    deal = quote(alice, Action.RESIZE, NOON + 3 * MONTH, resource=str(server.pk), items=chosen(large)).deal
    assert (deal.total, deal.parts[0].saved_by_term) == (2_835_000, 360_000 + 48_000)
    assert deal.parts[0].left_early[0] == LeftEarly(1, 3_752_000)

    resize(server, large, at=NOON + 3 * MONTH)
    invoice = Invoice.objects.latest("issued_at")
    assert (invoice.total, invoice.saved, invoice.saved_before) == (4_320_000, 360_000, 48_000)
    delete(fresh(server), after=4 * MONTH)
    assert spent(alice) == 1_980_000 + 2_835_000 - 3_752_000 == 3 * 181_000 + 520_000
    assert violations() == []


def test_resizing_twice_forgets_nothing_of_the_term(alice: Customer, yearly: Item, large: Item, disk: Item) -> None:
    """Three months small, one large (which has no term price), one small again: each at what it costs without a term."""
    [server] = create(alice, yearly, months=12)
    resize(server, large, at=NOON + 3 * MONTH)
    resize(fresh(server), yearly, at=NOON + 4 * MONTH)
    delete(fresh(server), after=5 * MONTH)
    assert spent(alice) == 3 * 181_000 + 520_000 + 181_000
    assert violations() == []


@pytest.mark.parametrize(
    ("after", "unit_price", "back", "saved_before", "in_all"),
    [
        (3, 1_000, 1_428_000, 0, 1_437_000),  # nine months left: 1,437,000 by leaving, less 9,000
        (3, 162_000, 0, 21_000, 1_437_000),  # 1,458,000 lie between 1,437,000 by leaving and 1,485,000 by the days
        (3, 165_000, 0, 48_000, 1_437_000),  # pays for all of 1,485,000
        (11, 1_000, 0, 12_000, 0),  # 165,000 less 176,000: nothing by leaving; 164,000 of them are taken
    ],
)
def test_a_resize_to_something_cheap_is_no_way_out_of_a_term(
    alice: Customer, yearly: Item, after: int, unit_price: int, back: int, saved_before: int, in_all: int
) -> None:
    tiny = make_item(yearly.product, "tiny", unit_price)
    [server] = create(alice, yearly, months=12)
    resize(server, tiny, at=NOON + after * MONTH)
    assert spent(alice) == 1_980_000 - back
    invoice = Invoice.objects.latest("issued_at")
    assert (invoice.total, invoice.saved_before) == ((12 - after) * unit_price, saved_before)
    assert violations() == []
    delete(fresh(server), after=after * MONTH)
    assert spent(alice) == 1_980_000 - in_all
    assert violations() == []


def test_what_is_taken_of_a_term_is_not_taken_of_the_renewal_behind_it(alice: Customer, yearly: Item) -> None:
    """After eleven months of twelve nothing comes back of them; of the month behind them all, less 2 x 1,000."""
    tiny = make_item(yearly.product, "tiny", 1_000)
    [server] = create(alice, yearly, months=12)
    renew(server, at=NOON, months=1)
    resize(fresh(server), tiny, at=NOON + 11 * MONTH)
    assert spent(alice) == 1_980_000 + 181_000 - 179_000
    assert violations() == []


def test_what_is_bought_for_a_year_is_resized_at_the_prices_of_a_year(
    alice: Customer, small: Item, large: Item
) -> None:
    """Even if the first configuration had no term price: 9 x 480,000 less 9 x 181,000."""
    by_term(large, 12, 480_000)
    [server] = create(alice, small, months=12)
    assert (
        quote(alice, Action.RESIZE, NOON + 3 * MONTH, resource=str(server.pk), items=chosen(large)).total == 2_691_000
    )


def test_a_term_does_not_go_on_in_what_was_bought_by_the_month(
    alice: Customer, yearly: Item, large: Item, disk: Item
) -> None:
    """
    A day is left of twelve months, and a month behind it: 31 days at 181,000 and 2,000 for the GB, not at 165,000.

    31/30 of 183,000 are 189,100, less 5,500 for the day at 165,000 and 181,000. A month later again, with a day left: 1/30 of 520,000
    are 17,333, less 1/31 of 189,100, which are 6,100.
    """
    by_term(large, 12, 480_000)
    [server] = create(alice, yearly, months=12)
    renew(server, at=NOON, months=1)
    resize(fresh(server), yearly, (disk, 1), at=NOON + 12 * MONTH - DAY)
    invoice = Invoice.objects.latest("issued_at")
    assert (invoice.total, invoice.term_months, invoice.saved) == (189_100, 1, 0)
    assert spent(alice) == 1_980_000 + 181_000 + 2_600
    resize(fresh(server), large, at=NOON + 13 * MONTH - DAY)
    assert spent(alice) == 1_980_000 + 181_000 + 2_600 + 11_233
    assert violations() == []


def test_a_renewal_to_a_common_end_is_priced_by_its_own_length(alice: Customer, yearly: Item) -> None:
    """One ends after a month and gets twelve more at 165,000, the other after three and gets ten at 181,000."""
    [first] = create(alice, yearly, name="first")
    [second] = create(alice, yearly, months=3, name="second")
    before = spent(alice)
    renew(first, second, at=NOON, months=None, match_end=NOON + 13 * MONTH)
    assert spent(alice) - before == 1_980_000 + 1_810_000


def test_an_automatic_renewal_is_priced_by_its_term(alice: Customer, yearly: Item) -> None:
    create(alice, yearly, auto_renew_months=12)
    assert renew_automatically(actor=JOB, at=NOON + 24 * DAY) == (1, 0)
    assert spent(alice) == 181_000 + 1_980_000
    assert Invoice.objects.latest("issued_at").saved == 192_000


def test_a_recovery_is_bought_by_term_as_well(alice: Customer, yearly: Item) -> None:
    [server] = create(alice, yearly)
    delete(server, after=timedelta(0))
    recover(fresh(server), at=NOON + DAY, months=12)
    assert spent(alice) == 1_980_000


def test_a_term_price_that_ends_stays_with_the_time_that_was_bought(alice: Customer, yearly: Item) -> None:
    [server] = create(alice, yearly, months=12)
    yearly.prices.filter(months=12).update(valid_until=NOON + DAY)
    assert offered(alice, yearly, 12).total == 1_980_000  # until it ends
    assert preview_deletion(server, at=NOON + 3 * MONTH).refund == 1_437_000
    renewal = quote(alice, Action.RENEW, NOON + 2 * DAY, resources=[str(server.pk)], months=12)
    assert renewal.total == 2_172_000


def test_use_that_is_billed_by_the_month_has_no_term(bob: Customer, yearly: Item) -> None:
    create(bob, yearly)
    bill_ended_months(actor=JOB, at=CalendarMonth(2026, 3).period.ends_at + timedelta(hours=1))
    invoice = Invoice.objects.get(customer=bob)
    assert (invoice.total, invoice.term_months, invoice.saved) == (129_717, 1, 0)  # 21 days and 12 hours of 181,000


def test_a_product_that_is_not_refundable_gives_nothing_back(alice: Customer, yearly: Item) -> None:
    yearly.product.is_refundable = False
    yearly.product.save()
    [server] = create(alice, yearly, months=12)
    delete(server, after=MONTH)
    assert spent(alice) == 1_980_000


def test_many_items_save_each_for_itself(alice: Customer, yearly: Item, disk: Item) -> None:
    """100 GB at 2,000, and at 1,900 for six months or more: 12 x (165,000 + 190,000)."""
    by_term(disk, 6, 1_900)
    wish = {"product": str(yearly.product_id), "name": "web", "items": chosen(yearly, (disk, 100)), "quantity": 1}
    deals = [quote(alice, Action.CREATE, **wish, months=months).deal for months in (3, 6, 12)]
    assert [deal.total for deal in deals] == [1_143_000, 2_226_000, 4_260_000]
    assert [deal.parts[0].saved_by_term for deal in deals] == [0, 60_000, 312_000]


def test_an_item_may_be_sold_by_the_year_alone(alice: Customer, yearly: Item) -> None:
    """There is no price without the term to go by: what is unused comes back by its days."""
    only = make_item(yearly.product, "cert", 990_000 // 12, months=12)
    [part] = offered(alice, only, 12).parts
    assert (part.charge.total, part.saved_by_term, part.left_early) == (990_000, 0, [])


def test_a_quote_keeps_its_term_until_it_is_paid(alice: Customer, yearly: Item) -> None:
    """As JSON and back it is the same deal."""
    deal = offered(alice, yearly, 12)
    assert Deal.from_json(deal.to_json()) == deal
