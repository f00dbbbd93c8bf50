"""What is metered in a month in which the rate of VAT changes: each part at the rate of the time in which it was used."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Customer
from catalog.models import Product
from foresight.difference import difference
from foresight.dimensions import DIMENSIONS
from foresight.explorer import explore
from foresight.spans import Span, Step
from invoices.explain import recompute
from invoices.models import CreditedPart, CreditNote, Invoice, InvoiceLine, UseTakenBack
from invoices.services.outlook import outlook
from invoices.services.running import Cost, running_costs
from kernel.periods import MINUTE
from ledger.models import CreditHold
from lifecycle.models import Resource
from payments.models import UsageHold
from payments.services.use_bills import pay_all_use
from payments.services.use_credit import hold_for_all
from tests.actions.test_usage_intake import take, use
from tests.actions.used import APRIL, BEGIN, MARCH, MAY, OVER, bill, leave, on, report
from tests.cast import DAY, JOB, create, enter, fresh, make_item, make_metered, taxed_at

pytestmark = pytest.mark.django_db
TEN, EIGHT = Decimal("0.1"), Decimal("0.08")
CHANGE = on(16, 0)


@pytest.fixture
def server(bob: Customer, vserver: Product) -> Resource:
    """1,000 ₫ a GB, VAT on top; the time costs nothing. From the 16th on at 8 %."""
    enter("standard", "2026-03-16", "0.08")
    make_metered(vserver, "traffic", 1_000, includes_vat=False)
    return create(bob, make_item(vserver, "free", 0), at=BEGIN)[0]


def taxed() -> list[tuple[Any, ...]]:
    """(rate, quantity before, quantity, amount, VAT) of the lines of use, as they were issued."""
    lines = InvoiceLine.objects.filter(per_minutes=0).select_related("price").order_by("pk")
    assert all(recompute(line) for line in lines)
    return list(lines.values_list("vat_rate", "quantity_before", "quantity", "amount", "tax"))


def test_what_was_used_before_the_change_is_taxed_as_then(server: Resource) -> None:
    """100 GB on the 10th are 100,000 with 10,000; 50 on the 20th are 50,000 with 4,000."""
    report(server, "a", 100)
    report(server, "b", 50, day=20)
    bill()
    assert taxed() == [(TEN, 0, 100, 100_000, 10_000), (EIGHT, 100, 50, 50_000, 4_000)]
    first, second = InvoiceLine.objects.filter(per_minutes=0).order_by("pk")
    assert (first.starts_at, first.ends_at, first.taxed_at) == (BEGIN, CHANGE, CHANGE - MINUTE)
    assert (second.starts_at, second.ends_at, second.taxed_at) == (CHANGE, OVER, OVER - MINUTE)
    assert first.invoice_id == second.invoice_id


def test_the_same_use_is_taxed_alike_whatever_happens_after_it(bob: Customer, server: Resource) -> None:
    """Used on the 10th, deleted on the 11th, on the 20th, or not at all: 10 % of 100,000."""
    free = server.product.items.get(code="free")
    others = create(bob, free, at=BEGIN, quantity=2)
    for one, gone in zip([server, *others], (on(11), on(20), None), strict=True):
        report(one, "a", 100, at=on(10, 13))
        if gone:
            leave(one, gone)
    bill()
    assert [line[0] for line in taxed()] == [TEN] * 3


def test_tiers_go_on_over_the_change(bob: Customer, vserver: Product) -> None:
    """10 are included, the next 20 cost 100, all above 50. Of 25 and 15: 1,500, then 5 at 100 and 10 at 50 are 1,000."""
    enter("standard", "2026-03-16", "0.08")
    make_metered(
        vserver, "traffic", 100, includes_vat=False, included=Decimal(10),
        tiering="graduated", tier_from=[Decimal(20)], tier_prices=[Decimal(50)],
    )  # fmt: skip
    [server] = create(bob, make_item(vserver, "free", 0), at=BEGIN)
    report(server, "a", 25)
    report(server, "b", 15, day=16)
    bill()
    assert taxed() == [(TEN, 0, 25, 1_500, 150), (EIGHT, 25, 15, 1_000, 80)]


@pytest.mark.parametrize(
    ("aggregation", "parts"),
    [
        ("sum", [(TEN, 12), (EIGHT, 9)]),
        ("max", [(TEN, 7), (EIGHT, 2)]),
        ("unique", [(TEN, 2), (EIGHT, 1)]),
        ("last", [(EIGHT, 9)]),
        ("time_weighted", [(TEN, 7 * 24 + 5 * 84), (EIGHT, 5 * 108 + 9 * 276)]),
    ],
)
def test_each_kind_of_quantity_is_cut_as_it_grew(
    bob: Customer, vserver: Product, aggregation: str, parts: list[tuple[Decimal, int]]
) -> None:
    """7 from noon of the 11th, 5 of the 12th, 9 of the 20th. The last level is that of the end of the month, and is not cut."""
    enter("standard", "2026-03-16", "0.08")
    make_metered(vserver, "traffic", 10, aggregation=aggregation)
    [server] = create(bob, make_item(vserver, "free", 0), at=BEGIN)
    for day, level, who in ((11, 7, "lan"), (12, 5, "minh"), (20, 9, "hoa")):
        report(server, f"d{day}", level, day=day, **({"subject": who} if aggregation == "unique" else {}))
    bill()
    assert [(rate, quantity) for rate, _before, quantity, _amount, _tax in taxed()] == parts


def test_where_the_setting_says_so_use_is_one_line(server: Resource, settings: Any) -> None:
    settings.TAX_SPLITS_USAGE = False
    report(server, "a", 100)
    report(server, "b", 50, day=20)
    bill()
    assert taxed() == [(EIGHT, 0, 150, 150_000, 12_000)]


def test_the_change_of_another_category_cuts_nothing(bob: Customer, vserver: Product) -> None:
    enter("standard", "2026-03-16", "0.08")
    make_metered(vserver, "traffic", 1_000, tax_category=taxed_at("0.05"))
    [server] = create(bob, make_item(vserver, "free", 0), at=BEGIN)
    report(server, "a", 100)
    report(server, "b", 50, day=20)
    bill()
    assert [line[:3] for line in taxed()] == [(Decimal("0.05"), 0, 150)]


def test_what_is_reported_late_is_taxed_as_when_it_was_used(server: Resource) -> None:
    report(server, "a", 100)
    report(server, "b", 50, day=20)
    bill()
    for key, day in (("c", 11), ("d", 21)):
        report(server, key, 5, day=day, at=OVER + DAY)
    bill(APRIL)
    assert taxed()[2:] == [(TEN, 150, 5, 5_000, 500), (EIGHT, 155, 5, 5_000, 400)]


def test_less_is_credited_at_the_rate_at_which_it_was_billed(server: Resource) -> None:
    """4 of the 100 on the 10th were none: 4,000 with 400. Then 6 more of the 21st: 6,000 with 480."""
    report(server, "a", 100)
    report(server, "b", 50, day=20)
    bill()
    report(server, "c", 96, corrects="a", at=OVER + DAY)
    bill(APRIL)
    assert list(UseTakenBack.objects.values_list("line__vat_rate", "quantity")) == [(TEN, Decimal(4))]
    assert list(CreditNote.objects.values_list("amount", "tax")) == [(4_400, 400)]
    assert list(CreditedPart.objects.values_list("vat_rate", "net", "tax")) == [(TEN, 4_000, 400)]
    report(server, "d", 6, day=21, at=APRIL.period.ends_at + DAY)
    bill(MAY)
    assert taxed()[2:] == [(EIGHT, 146, 6, 6_000, 480)]


def test_less_of_both_rates_is_credited_at_each(server: Resource) -> None:
    """3 of the 100 and 7 of the 50 were none; then the other 43, and all of the 50,000 are credited."""
    report(server, "a", 100)
    report(server, "b", 50, day=20)
    bill()
    report(server, "c", 97, corrects="a", at=OVER + DAY)
    report(server, "d", 43, day=20, corrects="b", at=OVER + DAY)
    bill(APRIL)
    parts = CreditedPart.objects.order_by("vat_rate").values_list("vat_rate", "net", "tax")
    assert list(parts) == [(EIGHT, 7_000, 560), (TEN, 3_000, 300)]
    report(server, "e", None, corrects="d", day=20, at=APRIL.period.ends_at + DAY)
    bill(MAY)
    assert sum(part.net for part in CreditedPart.objects.filter(vat_rate=EIGHT)) == 50_000


def test_what_was_used_too_little_after_a_change_makes_up_for_what_was_too_much_before_it(server: Resource) -> None:
    """10 of the 100 were none, and 4 more than the 50 were: of the month it is 6 less, all of them of the first part."""
    report(server, "a", 100)
    report(server, "b", 50, day=20)
    bill()
    report(server, "c", 90, corrects="a", at=OVER + DAY)
    report(server, "d", 4, day=21, at=OVER + DAY)
    bill(APRIL)
    assert list(CreditedPart.objects.values_list("vat_rate", "net", "tax")) == [(TEN, 6_000, 600)]


def test_less_before_a_change_costs_what_the_month_costs_less(bob: Customer, vserver: Product) -> None:
    """Of 25 and 15 GB 4 of the 25 were none: 36 are 2,000 and 6 at 50, and not 2,500: 200 less, with the 10 % of then."""
    enter("standard", "2026-03-16", "0.08")
    make_metered(
        vserver, "traffic", 100, includes_vat=False, included=Decimal(10),
        tiering="graduated", tier_from=[Decimal(20)], tier_prices=[Decimal(50)],
    )  # fmt: skip
    [server] = create(bob, make_item(vserver, "free", 0), at=BEGIN)
    report(server, "a", 25)
    report(server, "b", 15, day=16)
    bill()
    report(server, "c", 21, corrects="a", at=OVER + DAY)
    bill(APRIL)
    assert list(CreditedPart.objects.values_list("vat_rate", "net", "tax")) == [(TEN, 200, 20)]
    report(server, "d", 4, day=17, at=APRIL.period.ends_at + DAY)
    bill(MAY)
    assert taxed()[2:] == [(EIGHT, 36, 4, 200, 16)], "and with 4 more it is 2,500 again"


def test_a_resource_that_is_gone_with_the_change_has_used_nothing_after_it(server: Resource) -> None:
    """Deleted at midnight; what is stamped within that minute is of its service, and taxed as the day before."""
    leave(server, CHANGE)
    within = use(fresh(server), "a", 100, used_at=CHANGE - MINUTE / 2), use(fresh(server), "b", 5, used_at=CHANGE)
    assert take(fresh(server), *within, at=on(17)) == ["accepted", "accepted"]
    bill()
    assert [line[:3] for line in taxed()] == [(TEN, 0, 105)]


def test_the_running_cost_is_what_the_bill_will_be(server: Resource, bob: Customer) -> None:
    """100 GB on the 10th: 110,000 then, and on the bill, though the month goes on into the other rate."""
    report(server, "a", 100, at=on(10, 13))
    assert running_costs(bob, at=on(10, 14)).uses[0].cost == Cost(110_000, 110_000)
    report(server, "b", 50, day=20, at=on(20, 13))
    assert running_costs(bob, at=on(20, 14)).uses[0].cost == Cost(164_000, 164_000)
    leave(server, on(20, 14))
    assert server.invoices.get().total == 164_000


def test_the_running_cost_of_what_left_before_the_change_is_of_its_time(server: Resource, bob: Customer) -> None:
    leave(server, on(11))
    report(fresh(server), "a", 100, at=on(20))
    assert running_costs(bob, at=on(20)).uses[0].cost == Cost(110_000, 110_000)


def test_a_level_that_goes_on_is_expected_at_the_rates_to_come(bob: Customer, vserver: Product) -> None:
    """10 GB at 7 an hour from the 10th at noon: 132 hours at 10 % are 10,164, 384 at 8 % are 29,031: 2,890 of VAT for all of it less 739."""
    enter("standard", "2026-03-16", "0.08")
    make_metered(vserver, "disk", 7, aggregation="time_weighted", unit="GB-hour", includes_vat=False)
    [server] = create(bob, make_item(vserver, "free", 0), at=BEGIN)
    report(server, "a", 10, item="disk", at=on(10, 13))
    cost = running_costs(bob, at=on(11, 12)).uses[0].cost
    assert cost == Cost(1_848, 10_164 + 29_031)


# Prepaid: what is held, and the days ahead


def held(at: datetime) -> list[tuple[int, int, int]]:
    """(so far, ahead, held) of the open holds after the job of the morning."""
    assert hold_for_all(actor=JOB, at=at).failed == 0
    return list(UsageHold.objects.open().order_by("month", "pk").values_list("so_far", "ahead", "hold__amount"))


@pytest.fixture
def prepaid(alice: Customer, vserver: Product) -> Resource:
    """1,000 ₫ a GB, VAT on top. From the 16th on at 8 %."""
    enter("standard", "2026-03-16", "0.08")
    make_metered(vserver, "traffic", 1_000, includes_vat=False)
    return create(alice, make_item(vserver, "free", 0), at=BEGIN, months=3)[0]


def test_what_is_held_meets_the_bill_of_both_rates(prepaid: Resource) -> None:
    """
    100 GB on the 10th: 110,000 before the change and after it. 50 on the 15th go on as much each of three days: 25 until midnight at
    10 %, 125 at 8 %. The bill takes just what is held: 150 GB at 10 %.
    """
    report(prepaid, "a", 100, at=on(10, 13))
    assert held(on(12)) == [(110_000, 0, 110_000)]
    assert take(prepaid, use(prepaid, "b", 50, used_at=on(15, 6)), at=on(15)) == ["accepted"]
    assert held(on(15)) == [(165_000, 27_500 + 135_000, 327_500)]
    assert held(on(20)) == [(165_000, 0, 165_000)]
    bill()
    assert pay_all_use(actor=JOB, at=OVER).failed == 0
    [paid] = prepaid.invoices.filter(kind=Invoice.Kind.USAGE)
    assert (paid.total, paid.due) == (165_000, 0)
    assert CreditHold.objects.latest("pk").ended_as == "captured"


def test_a_level_is_held_at_the_rates_of_its_days(alice: Customer, vserver: Product) -> None:
    """10 GB at 7 an hour: on the 14th at noon 24 hours, 1,848. Ahead are 36 hours at 10 %, 2,772, and 36 at 8 %: 2,722."""
    enter("standard", "2026-03-16", "0.08")
    make_metered(vserver, "disk", 7, aggregation="time_weighted", unit="GB-hour", includes_vat=False)
    [server] = create(alice, make_item(vserver, "free", 0), at=BEGIN, months=3)
    assert take(server, use(server, "a", 10, item="disk", used_at=on(13)), at=on(13, 13)) == ["accepted"]
    assert held(on(14)) == [(1_848, 2_772 + 2_722, 7_342)]


def test_a_forecast_goes_on_at_the_rates_to_come(server: Resource, bob: Customer) -> None:
    """10 GB on each of ten days, 110,000: as much on the five days before the change, 55,000, and on the 16 after it, 172,800."""
    for day in range(1, 11):
        report(server, f"d{day}", 10, day=day, at=on(day, 13))
    found = outlook(bob, at=on(11, 0)).total
    assert (found.used, found.metered) == (110_000, 110_000 + 55_000 + 172_800)
    for day in range(11, 32):
        report(server, f"d{day}", 10, day=day, at=on(day, 13))
    last = outlook(bob, at=OVER - MINUTE).total
    bill()
    assert server.invoices.get().total == 165_000 + 172_800 == last.used


def test_a_day_costs_its_use_at_its_own_rate(server: Resource, bob: Customer) -> None:
    """100 GB on the 10th, 50 on the 20th; on no bill yet."""
    report(server, "a", 100, at=on(10, 13))
    report(server, "b", 50, day=20, at=on(20, 13))
    march = Span.of(Step.DAY, date(2026, 3, 1), date(2026, 3, 31))
    days = [step.provisional for step in explore(bob, march, DIMENSIONS["item"], at=on(25)).steps]
    assert {day: amount for day, amount in enumerate(days, start=1) if amount} == {10: 110_000, 20: 54_000}


def test_of_two_months_the_price_is_told_from_the_use(server: Resource, bob: Customer) -> None:
    """80 GB before the change and 20 after it: 109,600. In April 100 are 108,000, and nothing was used more or credited."""
    report(server, "a", 80)
    report(server, "b", 20, day=20)
    bill()
    assert take(server, use(server, "c", 100, used_at=OVER + DAY), at=OVER + 2 * DAY) == ["accepted"]
    bill(APRIL)
    found = difference(bob, MARCH, APRIL, at=APRIL.period.ends_at)
    assert {share.cause.code: share.amount for share in found.causes if share.amount} == {"price": -1_600}
    assert (found.cost_before, found.cost_after) == (109_600, 108_000)
