"""Commitments in what is reported of costs: the explorer, why months differ, the month ahead, budgets, tags, the dry run, bounds."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.models import Customer
from billing_portal.auditor import violations
from budgets.queries import standings
from budgets.services.setting import set_budget
from catalog.models import STANDARD, Item, Price
from foresight.backtest import guesses
from foresight.difference import Difference, difference
from foresight.dimensions import DIMENSIONS
from foresight.explorer import explore
from foresight.spans import Span, Step
from invoices.explain import explain_line
from invoices.models import CommittedMonth, InvoiceLine, ParkedBilling
from invoices.services.again import BilledAgainAlready, bill_again
from invoices.services.forecast import dry_run
from invoices.services.held import bounds_of
from invoices.services.month_end import bill_ended_months, run_month_end
from invoices.services.outlook import outlook
from invoices.services.running import running_costs
from invoices.spend import spend_by_tag
from kernel.periods import CalendarMonth
from payments.services.correct import correct_invoice
from payments.services.taxed_anew import tax_anew
from tests.actions.books import refused
from tests.actions.test_commitments import committed
from tests.actions.test_usage_intake import take, use
from tests.cast import DAY, JOB, NOON, STAFF, create, enter, make_metered

pytestmark = pytest.mark.django_db
MARCH, APRIL, MAY = (CalendarMonth(2026, month) for month in (3, 4, 5))
TENTH = APRIL.period.starts_at + 10 * DAY
"""A server at 181,000 for 30 days costs 187,033 in March, and in April 162,900 with 10 % off: 837,100 lack to the million."""


def bill(*months: CalendarMonth) -> None:
    for month in months:
        bill_ended_months(actor=JOB, at=month.period.ends_at)


@pytest.fixture
def server(bob: Customer, small: Item, vserver):
    """All of March and April, with traffic at 500 a GB; committed from April on."""
    make_metered(vserver, "traffic", 500)
    [made] = create(bob, small, at=MARCH.period.starts_at)
    committed(bob)
    return made


def causes(found: Difference) -> dict[str, int]:
    assert sum(share.amount for share in found.causes) == found.amount == found.cost_after - found.cost_before
    for one in found.resources:
        assert sum(share.amount for share in one.causes) == one.pair.difference
    return {share.cause.code: share.amount for share in found.causes if share.amount}


# --- The explorer ---


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("resource", [("none", 837_100), ("", 162_900)]),
        ("product", [("commitment", 837_100), ("vserver", 162_900)]),
        ("item", [("commitment/shortfall", 837_100), ("vserver/small", 162_900)]),
    ],
)
def test_what_lacked_stands_in_its_month_for_no_resource(
    bob: Customer, server, by: str, rows: list[tuple[str, int]]
) -> None:
    bill(MARCH, APRIL)
    found = explore(bob, Span.of(Step.MONTH, date(2026, 4, 1), date(2026, 4, 30)), DIMENSIONS[by], at=NOON + 90 * DAY)
    assert (found.sums.billed, found.sums.before) == (1_000_000, 187_033)
    assert [(row.named.code or "", row.sums.billed) for row in found.rows] == [
        (code or str(server.pk), amount) for code, amount in rows
    ]


def test_what_is_beyond_the_dearest_is_told_apart_from_what_is_for_no_resource(bob: Customer, server) -> None:
    bill(MARCH, APRIL)
    span = Span.of(Step.MONTH, date(2026, 4, 1), date(2026, 4, 30))
    found = explore(bob, span, DIMENSIONS["resource"], most=1, at=NOON + 90 * DAY)
    assert [(row.named.code, row.sums.billed) for row in found.rows] == [("", 1_000_000)]


# --- Why months differ ---


def test_the_discount_and_the_shortfall_are_the_commitment(bob: Customer, server) -> None:
    """A day less: -6,033. 10 % of 181,000 off: -18,100, and 837,100 that lacked."""
    bill(MARCH, APRIL)
    found = difference(bob, MARCH, APRIL, at=APRIL.period.ends_at)
    assert (found.amount, found.is_over) == (1_000_000 - 187_033, True)
    assert causes(found) == {"days": -6_033, "commitment": 837_100 - 18_100}
    own = {str(one.pair.resource): dict(_words(one)) for one in found.resources}
    assert own[str(server.pk)]["commitment"] == ["chiết khấu theo cam kết 0 % → 10 %"]
    assert own["None"]["commitment"] == ["còn thiếu 0 ₫ → 837.100 ₫"]


def _words(one) -> list[tuple[str, list[str]]]:
    return [(cause.code, [fact.replace("\xa0", " ") for fact in facts]) for cause, _amount, facts in one.said()]


def test_the_price_is_what_changed_without_the_commitment(bob: Customer, server, small: Item) -> None:
    """A price that doubles in April costs 181,000 more; the commitment takes 10 % off 362,000."""
    small.prices.update(valid_until=APRIL.period.starts_at)
    Price.objects.create(item=small, unit_price=Decimal(362_000), valid_from=APRIL.period.starts_at)
    bill(MARCH, APRIL)
    found = causes(difference(bob, MARCH, APRIL, at=APRIL.period.ends_at))
    assert found == {"days": -6_033, "price": 181_000, "commitment": -36_200 + 1_000_000 - 325_800}


def test_use_is_use_and_its_discount_the_commitment(bob: Customer, server) -> None:
    """100 GB of March at 500, 300 of April at 450: 200 more at 500, and 15,000 off."""
    for month, quantity in ((MARCH, 100), (APRIL, 300)):
        at = month.period.starts_at + 5 * DAY
        assert take(server, use(server, month.key, quantity, used_at=at), at=at) == ["accepted"]
    bill(MARCH, APRIL)
    found = causes(difference(bob, MARCH, APRIL, at=APRIL.period.ends_at))
    lacking = 1_000_000 - 162_900 - 135_000
    assert found == {"days": -6_033, "usage": 100_000, "commitment": lacking - 18_100 - 15_000}


def test_the_present_month_has_what_will_lack_to_it(bob: Customer, server) -> None:
    bill(MARCH)
    found = difference(bob, MARCH, APRIL, at=TENTH)
    assert (found.cost_after, found.is_over) == (1_000_000, False)
    assert causes(found) == {"days": -6_033, "commitment": 837_100 - 18_100}


def test_two_months_that_lack_differ_by_what_lacks(bob: Customer, server) -> None:
    """May has a day more: 5,430 more of use, so much less lacks."""
    bill(MARCH, APRIL, MAY)
    found = difference(bob, APRIL, MAY, at=MAY.period.ends_at)
    assert found.amount == 0
    assert causes(found) == {"days": 5_430, "commitment": -5_430}


# --- The month ahead ---


def test_what_will_lack_is_expected_and_use_is_told_apart(bob: Customer, server) -> None:
    bill(MARCH)
    found = outlook(bob, at=TENTH)
    assert (found.total.so_far, found.total.expected, found.shortfall, found.expected) == (
        54_300,
        162_900,
        837_100,
        1_000_000,
    )
    assert (found.low, found.high) == (1_000_000, 1_000_000)


def test_nothing_lacks_to_whoever_spends_enough(bob: Customer, server) -> None:
    bill(MARCH)
    assert take(server, use(server, "a", 2_000, used_at=TENTH - DAY), at=TENTH) == ["accepted"]
    found = outlook(bob, at=TENTH)
    assert found.shortfall == 0
    assert found.expected == found.total.expected > 1_000_000


def test_on_every_day_the_million_was_expected_that_was_billed(bob: Customer, server) -> None:
    bill(MARCH, APRIL)
    found = list(guesses([APRIL], [bob]))
    assert len(found) == 29
    assert {(guess.said.expected, guess.billed, guess.off, guess.is_within) for guess in found} == {
        (1_000_000, 1_000_000, 0.0, True)
    }


# --- What counts as spent ---


def test_a_budget_counts_use_at_its_discount_and_not_what_lacks(bob: Customer, server) -> None:
    """What lacks is known when the month is over; stopping something makes it more, and not less."""
    budget = set_budget(bob, 500_000, actor=STAFF, at=MARCH.period.starts_at)
    bill(MARCH)
    [standing] = standings([budget], at=TENTH)
    assert standing.spent == 54_300
    bill(APRIL)
    [standing] = standings([budget], at=MAY.period.starts_at + 10 * DAY)
    assert standing.spent == 54_300
    assert running_costs(bob, at=MAY.period.starts_at + 10 * DAY).total.so_far == 54_300


def test_a_shortfall_lacks_every_tag(bob: Customer, server) -> None:
    bill(MARCH, APRIL)
    lines = InvoiceLine.objects.filter(customer=bob)
    [without] = spend_by_tag(lines, bob.invoices.all(), "Environment", APRIL)
    assert (without.value, without.resources, without.lines, without.total) == ("", 1, 2, 1_000_000)


# --- The month-end run ---


def test_the_dry_run_says_what_would_lack(bob: Customer, server) -> None:
    bill(MARCH)
    found = dry_run(APRIL)
    assert (found.invoices, found.total, found.shortfalls) == (2, 1_000_000, [(bob, 837_100)])
    assert not CommittedMonth.objects.exists()
    bill(APRIL)
    assert dry_run(APRIL).shortfalls == []


def test_of_whoever_would_be_held_back_nothing_lacks_yet(bob: Customer, server) -> None:
    bill(MARCH)
    ParkedBilling.objects.create(customer=bob, month=APRIL.key, cause="outlier", at=APRIL.period.ends_at)
    assert dry_run(APRIL).shortfalls == []


def test_whoever_runs_a_month_by_hand_bills_what_lacks_with_it(bob: Customer, server) -> None:
    bill(MARCH)
    run_month_end(APRIL, actor=JOB, at=APRIL.period.ends_at + timedelta(minutes=1))
    assert CommittedMonth.objects.get().shortfall == 837_100
    assert violations() == []


def test_what_lacked_is_no_measure_of_what_is_usual(bob: Customer, server) -> None:
    bill(MARCH, APRIL)
    assert bounds_of([bob.pk], MAY)[bob.pk].usual == (187_033 + 162_900) // 2


def test_a_shortfall_is_taxed_at_the_end_of_its_month(bob: Customer, server) -> None:
    """Billed in May, when the rate has changed to 8 %: April's is 10 %, 76,100 of 837,100."""
    enter(STANDARD, "2026-05-01", "0.08")
    bill(MARCH, APRIL)
    line = CommittedMonth.objects.get().invoice.lines.get()
    assert (line.vat_rate, line.tax, line.total) == (Decimal("0.1"), 76_100, 837_100)
    bill(MAY)
    line = CommittedMonth.objects.get(month="2026-05").invoice.lines.get()
    assert (line.vat_rate, line.total) == (Decimal("0.08"), 1_000_000 - 168_330)


@pytest.mark.parametrize("price", [{"unit_price": 2}, {"includes_vat": False}])
def test_a_price_that_is_no_dong_with_vat_is_held_back(bob: Customer, price: dict[str, object]) -> None:
    committed(bob)
    listed = Price.objects.get(item__code="shortfall")
    listed.valid_until = NOON
    listed.save()
    terms = {"unit_price": 1, "per_minutes": 0, "includes_vat": True, "tax_category_id": STANDARD, "valid_from": NOON}
    Price.objects.create(item=listed.item, **{**terms, **price})
    bill(APRIL)
    assert not CommittedMonth.objects.exists()
    assert ParkedBilling.objects.get(customer=bob).reason == "Phần chi tiêu còn thiếu"


# --- Billed again ---


def test_a_shortfall_that_is_taken_back_is_billed_again_once(bob: Customer, server) -> None:
    bill(MARCH, APRIL)
    month = CommittedMonth.objects.get()
    assert month.invoice
    at = APRIL.period.ends_at + DAY
    correct_invoice(month.invoice.pk, 837_100, note="another buyer", actor=STAFF, at=at)
    again = bill_again(month.invoice.pk, reason="another buyer", actor=STAFF, at=at)
    assert (again.total, again.tax, again.resource_id, again.period_key) == (
        837_100,
        76_100,
        None,
        "2026-04/commitment/again",
    )
    assert CommittedMonth.of(again) == month
    assert "162.900" in " ".join(str(fact) for fact in explain_line(again.lines.get()).facts).replace("\xa0", " ")
    with refused(BilledAgainAlready):
        bill_again(month.invoice.pk, reason="x", actor=STAFF, at=at)
    assert difference(bob, MARCH, APRIL, at=at).cost_after == 1_000_000
    bill(MAY)
    assert CommittedMonth.objects.get(month="2026-05").counted == 168_330
    assert violations() == []


def test_a_rate_that_came_late_taxes_a_shortfall_anew(bob: Customer, server) -> None:
    """8 % of 775,093 without VAT are 62,007."""
    bill(MARCH, APRIL)
    enter(STANDARD, "2026-04-01", "0.08")
    month = CommittedMonth.objects.get()
    assert month.invoice
    anew = tax_anew(month.invoice.pk, reason="a law", actor=STAFF, at=APRIL.period.ends_at + DAY)
    assert (anew.total, anew.tax, anew.resource_id) == (837_100, 62_007, None)
    month.invoice.refresh_from_db()
    assert month.invoice.status == "void"
