"""The worked examples of the business rules, figure by figure. All amounts in VND."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from accounts.models import Customer
from catalog.models import Discount, Item, Product
from catalog.pricing import Component, Rate, price
from invoices.models import Invoice
from invoices.services.month_end import bill_ended_months
from kernel.periods import CalendarMonth, Period
from lifecycle.services.running import stop_resource
from orders.models import Action
from orders.services.delete import delete_resource
from payments.models import Payment
from payments.services.use_bills import pay_all_use
from payments.services.use_credit import hold_for_all
from payments.services.wallet import wallet_of
from tests.actions.test_usage_intake import take, use
from tests.cast import (
    DAY,
    JOB,
    LONG_AGO,
    MONTH,
    NOON,
    answer,
    chosen,
    create,
    fresh,
    make_coupon,
    make_customer,
    make_item,
    make_metered,
    make_product,
    order,
    owner_of,
    quote,
    renew,
    resize,
)

pytestmark = pytest.mark.django_db


def component(
    unit_price: str, quantity: str = "1", *, per: int = 43_200, vat_included: bool = True, discount: str = "0"
) -> Component:
    rate = Rate(uuid4(), Decimal(unit_price), per, vat_included, Decimal("0.1"))
    return Component(uuid4(), "item", "unit", Decimal(quantity), rate, Decimal(discount))


def test_1_two_items_for_60_days_with_a_coupon(alice: Customer, vserver: Product) -> None:
    server = make_item(vserver, "server", 90_000)
    volume = make_item(vserver, "volume", 35_000, kind=Item.Kind.VOLUME)
    make_coupon("WELCOME", 20_000)
    [first] = create(alice, server, volume, months=1)  # 60 days are two months, bought as 1 + 1 would be two invoices

    period = Period(NOON, NOON + 60 * DAY)
    charge = price([component("90000"), component("35000")], period, coupon=20_000)
    assert [line.total for line in charge.lines] == [180_000, 70_000]
    assert charge.total == 230_000

    done = renew(first, at=NOON, months=None, match_end=first.paid_until + 60 * DAY, coupon="WELCOME")
    invoice = first.invoices.get(period_key=f"order-item:{done.items.get().pk}")
    assert [line.total for line in invoice.lines.order_by("position")] == [180_000, 70_000]
    assert (invoice.subtotal, invoice.coupon, invoice.total, invoice.status) == (250_000, 20_000, 230_000, "paid")


def test_2_a_coupon_over_two_resources_is_one_payment_and_two_invoices(alice: Customer, vserver: Product) -> None:
    dear, cheap = make_item(vserver, "dear", 1_000_000), make_item(vserver, "cheap", 500_000)
    [one], [two] = create(alice, dear, name="one"), create(alice, cheap, name="two")
    make_coupon("SAVE150", 150_000)

    done = renew(one, two, at=NOON, coupon="SAVE150")

    assert done.payment.amount == 1_350_000
    totals = {item.resource.name: one_invoice(item).total for item in done.items.select_related("resource")}
    assert totals == {"one": 900_000, "two": 450_000}
    assert Payment.objects.filter(order_id=done.pk).count() == 1


def one_invoice(item: object) -> Invoice:
    return Invoice.objects.get(period_key=f"order-item:{item.pk}")  # type: ignore[attr-defined]


def test_3_ninety_days(alice: Customer, small: Item) -> None:
    [server] = create(alice, small, months=3)
    assert server.invoices.get().total == 543_000
    assert server.paid_until == NOON + 90 * DAY


def test_4_then_resize_with_50_days_left(alice: Customer, small: Item, large: Item) -> None:
    [server] = create(alice, small, months=3)
    before = wallet_of(alice.pk).available
    at = NOON + 40 * DAY

    offer = quote(alice, Action.RESIZE, at, resource=str(server.pk), items=chosen(large))
    [item] = offer.content["items"]
    assert (item["unused_total"], item["total"], offer.total) == (301_667, 866_667, 565_000)
    answer(order(offer), at=at)

    assert wallet_of(alice.pk).available == before - 565_000
    old, new = server.invoices.order_by("period_start")
    assert (old.total, old.credited, old.total - old.credited) == (543_000, 301_667, 241_333)
    assert (new.total, new.paid, new.status) == (866_667, 866_667, "paid")
    assert old.covered_until == new.period_start == at
    assert new.period_end == fresh(server).paid_until == NOON + 90 * DAY


def test_5_thirty_days_renewed_by_sixty(alice: Customer, small: Item) -> None:
    [server] = create(alice, small, months=1)
    done = renew(server, at=NOON + 10 * DAY, months=None, match_end=server.paid_until + 60 * DAY)
    assert done.total == 362_000


def test_6_delete_with_20_days_left(alice: Customer, small: Item) -> None:
    [server] = create(alice, small, months=1)
    before = wallet_of(alice.pk).available
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + 10 * DAY)
    assert wallet_of(alice.pk).available == before + 120_667


@pytest.mark.parametrize(
    ("unit_price", "minutes", "coupon", "total"), [("33000", 43_200, 20_000, 13_000), ("33660", 43_200, 10_000, 23_660)]
)
def test_7_coupons(unit_price: str, minutes: int, coupon: int, total: int) -> None:
    period = Period(NOON, NOON + timedelta(minutes=minutes))
    assert price([component(unit_price)], period, coupon=coupon).total == total


def test_7_a_price_per_six_months(alice: Customer, vserver: Product) -> None:
    """33,660 for six months is 5,610 per 30 days."""
    item = make_item(vserver, "quota", 5_610)
    make_coupon("TEN", 10_000)
    [quota] = create(alice, item, months=6, coupon="TEN")
    assert (quota.invoices.get().subtotal, quota.invoices.get().total) == (33_660, 23_660)


@pytest.mark.parametrize(
    ("months", "end", "total"),
    [
        (1, (2023, 5, 5), 19_800),
        (3, (2023, 7, 4), 59_400),
        (6, (2023, 10, 2), 118_800),
        (12, (2024, 3, 30), 237_600),
        (24, (2025, 3, 25), 475_200),
    ],
)
def test_8_renewing_from_5_april_2023(
    alice: Customer, vserver: Product, months: int, end: tuple[int, int, int], total: int
) -> None:
    item = make_item(vserver, "basic", 19_800)
    [server] = create(alice, item, at=datetime(2023, 3, 6, 5, 0, tzinfo=UTC))
    assert server.paid_until == datetime(2023, 4, 5, 5, 0, tzinfo=UTC)

    done = renew(server, at=datetime(2023, 4, 1, 5, 0, tzinfo=UTC), months=months)

    assert done.total == total
    assert fresh(server).paid_until == datetime(*end, 5, 0, tzinfo=UTC)


def test_9_resize_with_5_days_left(alice: Customer, vserver: Product) -> None:
    basic, better = make_item(vserver, "basic", 19_800), make_item(vserver, "better", 52_800)
    [server] = create(alice, basic)
    offer = quote(alice, Action.RESIZE, NOON + 25 * DAY, resource=str(server.pk), items=chosen(better))
    [item] = offer.content["items"]
    assert (item["unused_total"], item["total"], offer.total) == (3_300, 8_800, 5_500)


def test_10_delete_with_24_days_left(alice: Customer, vserver: Product) -> None:
    [server] = create(alice, make_item(vserver, "basic", 19_800))
    before = wallet_of(alice.pk).available
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + 6 * DAY)
    assert wallet_of(alice.pk).available == before + 15_840


def test_11_a_quarter_off(alice: Customer, vserver: Product) -> None:
    item = make_item(vserver, "pro", 550_000)
    Discount.objects.create(customer=alice, product=vserver, share=Decimal("0.25"), valid_from=LONG_AGO)
    [server] = create(alice, item)
    assert server.invoices.get().total == 412_500


@pytest.mark.parametrize(("month", "total"), [("2026-04", 181_500), ("2026-03", 187_550), ("2026-02", 169_400)])
def test_12_a_whole_calendar_month_postpaid_with_vat_on_top(
    bob: Customer, vserver: Product, month: str, total: int
) -> None:
    item = make_item(vserver, "cloud", 165_000, includes_vat=False)
    [server] = create(bob, item, at=CalendarMonth.parse(month).period.starts_at)
    [run] = bill_ended_months(actor=JOB, at=CalendarMonth.parse(month).period.ends_at)
    invoice = server.invoices.get()
    assert (run.month, invoice.total, invoice.status, invoice.period_key) == (month, total, "unpaid", month)


def test_13_half_price_with_vat_on_top_and_a_coupon() -> None:
    charge = price([component("165000", vat_included=False, discount="0.5")], Period(NOON, NOON + MONTH), coupon=20_000)
    [line] = charge.lines
    assert (line.amount, line.tax, charge.total) == (82_500, 8_250, 70_750)


@pytest.mark.parametrize(("hours", "amount"), [(1, 770), (24, 18_480), (720, 554_400)])
def test_14_metered_storage(hours: int, amount: int) -> None:
    stored = component("7.7", "100", per=60)
    assert price([stored], Period(NOON, NOON + timedelta(hours=hours))).total == amount


def test_15_a_postpaid_server_resized_stopped_and_deleted_within_the_month(
    bob: Customer, small: Item, large: Item
) -> None:
    """
    March 2026: small for 10 days, large for 5 days (stopped for two of them, which this product bills), then deleted.

    181,000 x 14,400 / 43,200 = 60,333; 520,000 x 7,200 / 43,200 = 86,667.
    """
    start = CalendarMonth.parse("2026-03").period.starts_at
    [server] = create(bob, small, at=start)
    resize(server, large, at=start + 10 * DAY)
    stop_resource(server.pk, actor=owner_of(bob), at=start + 13 * DAY)
    delete_resource(server.pk, actor=owner_of(bob), at=start + 15 * DAY)

    invoice = server.invoices.get()
    assert [(line.name, line.minutes, line.total) for line in invoice.lines.order_by("position")] == [
        ("small", 14_400, 60_333),
        ("large", 7_200, 86_667),
    ]
    assert (invoice.total, invoice.status, invoice.period_end) == (147_000, "unpaid", start + 15 * DAY)

    bill_ended_months(actor=JOB, at=CalendarMonth.parse("2026-05").period.starts_at)
    assert server.invoices.count() == 1, "nothing after the minute of deletion"


def test_15_stopped_time_that_the_product_gives_away(bob: Customer) -> None:
    """Ten days on, five off, five on: 15 days are billed."""
    item = make_item(make_product("vlab", stopped_time_is_free=True), "lab", 300_000)
    from lifecycle.services.running import start_resource

    start = CalendarMonth.parse("2026-03").period.starts_at
    [lab] = create(bob, item, at=start)
    stop_resource(lab.pk, actor=owner_of(bob), at=start + 10 * DAY)
    start_resource(lab.pk, actor=owner_of(bob), at=start + 15 * DAY)
    delete_resource(lab.pk, actor=owner_of(bob), at=start + 20 * DAY)
    assert [line.total for line in lab.invoices.get().lines.order_by("position")] == [100_000, 50_000]


def test_16_credit_is_held_for_what_is_used_and_three_days_ahead(vserver: Product, small: Item) -> None:
    """
    50,000,000 are available once the server is paid. Its use costs 25,000 an hour: 600,000 a day; from the fourth day on 900,000.

    At the month end the 3,600,000 are billed and paid, and 25 of the server's 30 days have gone back into the wallet.
    """
    make_metered(vserver, "traffic", 25_000, aggregation="time_weighted", unit="GB-hour")
    customer = make_customer(credit=50_181_000)
    begin = CalendarMonth.parse("2026-03").period.starts_at
    [server] = create(customer, small, at=begin)

    def morning(day: int) -> tuple[int, int]:
        hold_for_all(actor=JOB, at=begin + day * DAY)
        wallet = wallet_of(customer.pk)
        return wallet.held, wallet.available

    def level(key: str, quantity: str, day: int) -> None:
        at = begin + day * DAY
        assert take(server, use(server, key, quantity, used_at=at), at=at) == ["accepted"]

    level("a", "1", 0)
    assert [morning(day) for day in range(3)] == [
        (1_800_000, 48_200_000),
        (2_400_000, 47_600_000),
        (3_000_000, 47_000_000),
    ]
    level("b", "1.5", 3)
    assert [morning(day) for day in (3, 4)] == [(4_500_000, 45_500_000), (5_400_000, 44_600_000)]
    delete_resource(server.pk, actor=owner_of(customer), at=begin + 5 * DAY)
    assert morning(5) == (3_600_000, 46_400_000 + 150_833)

    over = CalendarMonth.parse("2026-03").period.ends_at
    bill_ended_months(actor=JOB, at=over)
    pay_all_use(actor=JOB, at=over)
    invoice = Invoice.objects.of_paid_time().get()
    assert (invoice.total, invoice.status) == (3_600_000, "paid")
    assert morning(31) == (0, 46_400_000 + 150_833)


def test_a_customer_of_one_is_no_stranger_to_another_price(vserver: Product) -> None:
    """A negotiated price beats the list price, for its customer only."""
    item = make_item(vserver, "pro", 550_000)
    friend, other = make_customer(credit=1_000_000), make_customer(credit=1_000_000)
    item.prices.create(customer=friend, unit_price=Decimal(400_000), valid_from=LONG_AGO)
    assert create(friend, item)[0].invoices.get().total == 400_000
    assert create(other, item)[0].invoices.get().total == 550_000
