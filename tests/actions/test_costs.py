"""The cost explorer: what a period cost, step by step and by what, equal to the bills and to the running cost."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils.translation import override

from accounts.models import Customer
from catalog.models import Item
from foresight.dimensions import Dimension, dimension_of
from foresight.explorer import Explored, explore
from foresight.spans import NoHours, Span, Step, TooManySteps
from invoices.models import Invoice
from invoices.services.month_end import bill_ended_months
from invoices.services.running import running_costs
from kernel.periods import CalendarMonth
from lifecycle.services.tags import change_tags
from orders.services.delete import delete_resource
from tests.actions.test_usage_intake import take, use
from tests.cast import DAY, JOB, NOON, create, make_coupon, make_item, make_metered, make_product, owner_of, resize

pytestmark = pytest.mark.django_db

MARCH = CalendarMonth(2026, 3)
BEGIN, OVER = MARCH.period.starts_at, MARCH.period.ends_at
TENTH = BEGIN + 10 * DAY
FIRST, LAST = date(2026, 3, 1), date(2026, 3, 31)


def of_dimension(code: str) -> Dimension:
    found = dimension_of(code)
    assert found
    return found


def costs(customer: Customer, *, by: str = "product", step: Step = Step.MONTH, first=FIRST, last=LAST, at) -> Explored:
    return explore(customer, Span.of(step, first, last), of_dimension(by), at=at)


def test_ten_days_of_march_cost_a_third_of_thirty_and_are_on_no_bill_yet(bob: Customer, small: Item) -> None:
    create(bob, small, at=BEGIN)
    found = costs(bob, at=TENTH)
    assert (found.sums.billed, found.sums.provisional, found.sums.before) == (0, 60_333, 0)
    assert [(row.named.name, row.sums.total) for row in found.rows] == [("vserver", 60_333)]


def test_a_day_costs_a_thirtieth_and_the_days_add_up_to_the_dong(bob: Customer, small: Item) -> None:
    """181,000 / 30 = 6,033.33: up to the second day 12,066.67, up to the third 18,100."""
    create(bob, small, at=BEGIN)
    days = [step.provisional for step in costs(bob, step=Step.DAY, at=TENTH).steps]
    assert days[:4] == [6_033, 6_034, 6_033, 6_033]
    assert (sum(days[:10]), sum(days)) == (60_333, 60_333)


def test_when_the_month_is_billed_it_is_what_the_invoice_says(bob: Customer, small: Item) -> None:
    create(bob, small, at=BEGIN)
    bill_ended_months(actor=JOB, at=OVER)
    for step in (Step.MONTH, Step.DAY):
        found = costs(bob, step=step, at=OVER + DAY)
        assert (found.sums.billed, found.sums.provisional) == (187_033, 0)


def test_a_month_that_is_over_and_not_billed_yet_is_provisional(bob: Customer, small: Item) -> None:
    create(bob, small, at=BEGIN)
    found = costs(bob, at=OVER + timedelta(minutes=20))
    assert (found.sums.billed, found.sums.provisional) == (0, 187_033)


@pytest.mark.parametrize(
    ("month", "expected"),
    [(3, {"small": 122_781, "ssd": 54_268}), (4, {"small": 44_348, "ssd": 19_602})],
)
def test_a_coupon_comes_off_as_the_usage_report_has_it(
    alice: Customer, small: Item, disk: Item, month: int, expected: dict[str, int]
) -> None:
    """From noon of 10 March 129,717 + 57,333 lie in March and 51,283 + 22,667 in April; of 20,001 6,936 + 3,065 and 6,935 + 3,065."""
    make_coupon("TET", 20_001)
    create(alice, small, (disk, 40), coupon="TET")
    first = date(2026, month, 1)
    last = first + timedelta(days={3: 30, 4: 29}[month])
    for step in (Step.MONTH, Step.DAY):
        found = costs(alice, by="item", step=step, first=first, last=last, at=NOON)
        assert {row.named.name: row.sums.billed for row in found.rows} == expected


def test_the_months_together_are_what_the_invoice_charges(alice: Customer, small: Item, disk: Item) -> None:
    make_coupon("TET", 20_001)
    [server] = create(alice, small, (disk, 40), coupon="TET", months=6)
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + 99 * DAY + timedelta(minutes=187))
    invoice = Invoice.objects.get()
    found = costs(alice, last=date(2026, 12, 31), at=NOON)
    assert 0 < invoice.credited < invoice.total
    assert found.sums.billed == invoice.total - invoice.credited


def test_april_stands_beside_march(alice: Customer, small: Item, disk: Item) -> None:
    make_coupon("TET", 20_001)
    create(alice, small, (disk, 40), coupon="TET")
    found = costs(alice, first=date(2026, 4, 1), last=date(2026, 4, 2), at=NOON)
    assert (found.sums.billed, found.sums.before) == (44_348 + 19_602, 122_781 + 54_268)
    assert (found.preceding.starts_at, found.preceding.ends_at) == (BEGIN, OVER)


def test_seven_days_stand_beside_the_seven_before(bob: Customer, small: Item) -> None:
    create(bob, small, at=BEGIN)
    found = costs(bob, step=Step.DAY, first=date(2026, 3, 8), last=date(2026, 3, 14), at=OVER - DAY)
    assert (found.sums.provisional, found.sums.before) == (42_234, 42_233)
    assert found.preceding.starts_at == BEGIN


def test_use_stands_on_the_day_and_in_the_hour_in_which_it_was_reported(bob: Customer, vserver, small: Item) -> None:
    """100 GB are included: the first 60 cost nothing, of the next 60 there are 20 at 500."""
    make_metered(vserver, "traffic", 500, included=Decimal(100))
    [server] = create(bob, small, at=BEGIN)
    noon = BEGIN + DAY + timedelta(hours=12)
    uses = [use(server, "a", 60, used_at=noon), use(server, "b", 60, used_at=noon + 2 * DAY)]
    assert take(server, *uses, at=TENTH) == ["accepted"] * 2
    days = costs(bob, by="item", step=Step.DAY, at=TENTH)
    traffic = next(row for row in days.rows if row.named.code == "vserver/traffic")
    assert [(day, amounts.provisional) for day, amounts in enumerate(traffic.steps, 1) if amounts.total] == [
        (4, 10_000)
    ]
    hours = costs(bob, by="item", step=Step.HOUR, first=date(2026, 3, 4), last=date(2026, 3, 4), at=TENTH)
    traffic = next(row for row in hours.rows if row.named.code == "vserver/traffic")
    assert [(hour, amounts.provisional) for hour, amounts in enumerate(traffic.steps) if amounts.total] == [
        (12, 10_000)
    ]


@pytest.mark.parametrize("by", ["product", "resource", "item", "tag:Environment"])
@pytest.mark.parametrize("step", Step)
def test_the_present_month_is_what_the_running_cost_says(
    bob: Customer, small: Item, large: Item, by: str, step: Step
) -> None:
    """One deleted and billed, one resized, and what was used: whichever way it is told apart."""
    make_metered(small.product, "traffic", 7)
    storage = make_item(make_product("storage"), "disk", 30_000)
    gone, grown, third = create(bob, small, at=BEGIN, quantity=3)
    create(bob, storage, at=BEGIN + 5 * DAY)
    delete_resource(gone.pk, actor=owner_of(bob), at=BEGIN + 4 * DAY)
    resize(grown, large, at=BEGIN + 6 * DAY)
    assert take(third, use(third, "a", "12.5", used_at=BEGIN + 3 * DAY), at=TENTH) == ["accepted"]
    running = running_costs(bob, at=TENTH).total.so_far
    spans = {
        Step.MONTH: [(FIRST, LAST)],
        Step.DAY: [(FIRST, LAST)],
        Step.HOUR: [(date(2026, 3, day), date(2026, 3, min(day + 2, 31))) for day in range(1, 32, 3)],
    }[step]
    found = [costs(bob, by=by, step=step, first=first, last=last, at=TENTH) for first, last in spans]
    assert sum(one.sums.total for one in found) == running
    assert all(sum(row.sums.total for row in one.rows) == one.sums.total for one in found)


def test_hours_are_known_of_the_present_month_alone(bob: Customer) -> None:
    with pytest.raises(NoHours):
        costs(bob, step=Step.HOUR, first=date(2026, 2, 1), last=date(2026, 2, 1), at=TENTH)


@pytest.mark.parametrize(
    ("step", "last"),
    [(Step.MONTH, date(2029, 3, 1)), (Step.DAY, date(2026, 6, 2)), (Step.HOUR, date(2026, 3, 4)), (Step.DAY, date.max)],
)
def test_a_period_has_its_bound(step: Step, last: date) -> None:
    with pytest.raises(TooManySteps):
        Span.of(step, FIRST, last)


def test_what_is_beyond_the_dearest_rows_is_one_row(alice: Customer, small: Item, large: Item, disk: Item) -> None:
    create(alice, small, (disk, 40))
    create(alice, large, (disk, 1))
    found = costs(alice, by="resource", at=NOON)
    assert [row.named.name for row in found.cut(2)] == [row.named.name for row in found.rows]
    whole = costs(alice, by="item", at=NOON)
    with override("en"):
        cut = whole.cut(2)
        few = explore(alice, whole.span, of_dimension("item"), most=2, at=NOON)
    assert (len(whole.rows), [row.named.name for row in cut]) == (3, [whole.rows[0].named.name, "Other"])
    assert [(row.named, row.sums) for row in few.rows] == [(row.named, row.sums) for row in cut]
    assert (few.sums, few.steps) == (whole.sums, whole.steps)
    assert sum(row.sums.total for row in cut) == whole.sums.total


def test_another_customers_costs_are_not_seen(alice: Customer, bob: Customer, small: Item) -> None:
    create(bob, small, at=BEGIN)
    assert costs(alice, at=TENTH).rows == []


def test_one_product_alone(bob: Customer, small: Item) -> None:
    storage = make_item(make_product("storage"), "disk", 30_000)
    create(bob, small, at=BEGIN)
    create(bob, storage, at=BEGIN)
    found = explore(bob, Span.of(Step.MONTH, FIRST, LAST), of_dimension("product"), product="storage", at=TENTH)
    assert [(row.named.code, row.sums.total) for row in found.rows] == [("storage", 10_000)]


def test_what_has_no_price_is_counted_and_left_out(bob: Customer, small: Item) -> None:
    create(bob, make_item(small.product, "plain", 30_000, valid_until=BEGIN + 5 * DAY), at=BEGIN)
    found = costs(bob, at=TENTH)
    assert (found.sums.total, found.unpriced) == (0, 1)


def test_costs_are_told_apart_by_a_tag_on_bills_and_before_them(bob: Customer, small: Item) -> None:
    """One is tagged anew after its March was billed: the bill keeps what it said, what is on no bill yet says what is so now."""
    tagged, _plain = create(bob, small, at=BEGIN, quantity=2)
    change_tags(tagged.pk, {"environment": "production"}, actor=owner_of(bob), at=BEGIN)
    bill_ended_months(actor=JOB, at=OVER)
    change_tags(tagged.pk, {"Environment": "test"}, actor=owner_of(bob), at=OVER)
    with override("en"):
        found = costs(bob, by="tag:Environment", last=date(2026, 4, 10), at=OVER + 10 * DAY)
    assert [(row.named.name, row.named.code, row.sums.billed, row.sums.provisional) for row in found.rows] == [
        ("without this tag", "!Environment", 187_033, 60_333),
        ("production", "Environment=production", 187_033, 0),
        ("test", "Environment=test", 0, 60_333),
    ]


@pytest.mark.parametrize("step", [Step.MONTH, Step.DAY])
def test_values_of_a_tag_that_differ_in_upper_and_lower_case_alone_are_one_of_costs(
    bob: Customer, small: Item, step: Step
) -> None:
    """Of three two write prod when March is billed, and all of them PROD in the ten days of April that are on no bill yet."""
    servers = create(bob, small, at=BEGIN, quantity=3)
    for server, value in zip(servers, ["prod", "Prod", "prod"], strict=True):
        change_tags(server.pk, {"Environment": value}, actor=owner_of(bob), at=BEGIN)
    bill_ended_months(actor=JOB, at=OVER)
    march = costs(bob, by="tag:Environment", step=step, at=OVER)
    assert [(row.key, row.named.name, row.sums.billed) for row in march.rows] == [("prod", "prod", 561_099)]
    for server in servers:
        change_tags(server.pk, {"Environment": "PROD"}, actor=owner_of(bob), at=OVER)
    first = FIRST if step == Step.MONTH else date(2026, 4, 1)
    both = costs(bob, by="tag:environment", step=step, first=first, last=date(2026, 4, 10), at=OVER + 10 * DAY)
    assert [(row.sums.billed, row.sums.provisional, row.sums.before) for row in both.rows] == [
        (561_099, 180_999, 0) if step == Step.MONTH else (0, 180_999, 180_999)
    ]


def test_what_is_metered_is_told_apart_by_the_tag_of_its_resource(bob: Customer, vserver, small: Item) -> None:
    make_metered(vserver, "traffic", 500)
    web, mail = create(bob, small, at=BEGIN, quantity=2)
    change_tags(web.pk, {"Team": "web"}, actor=owner_of(bob), at=BEGIN)
    uses = [use(web, "a", 30, used_at=BEGIN + DAY), use(mail, "b", 10, used_at=BEGIN + DAY)]
    assert take(web, *uses, at=TENTH) == ["accepted"] * 2
    found = costs(bob, by="tag:team", at=TENTH)
    assert [(row.named.code, row.sums.total) for row in found.rows] == [
        ("team=web", 60_333 + 15_000),
        ("!team", 60_333 + 5_000),
    ]


def test_who_ordered_it_is_called_as_people_read_it(bob: Customer, small: Item) -> None:
    create(bob, small, at=BEGIN)
    [row] = costs(bob, by="tag:createdBy", at=TENTH).rows
    assert (row.named.name, row.named.code) == (owner_of(bob).name, f"createdBy={owner_of(bob).name}")
