"""What is reported after its month was billed, or a part of it: a bill of its own, for that month. Every record once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Customer
from billing_portal.auditor import violations
from catalog.models import Discount, Item, Price, Product
from invoices.models import Invoice, ParkedBilling
from invoices.services.month_end import bill_ended_months, run_month_end
from invoices.services.release import release
from kernel.periods import CalendarMonth
from lifecycle.models import Resource
from notifications.models import Notice
from tests.actions.books import nothing_changes
from tests.actions.test_usage_intake import take, use
from tests.actions.used import APRIL, BEGIN, MARCH, MAY, OVER, TIERS, bill, leave, on, report, server, traffic, uses
from tests.cast import (
    DAY,
    JOB,
    STAFF,
    create,
    fresh,
    make_metered,
)
from usage.queries import with_late_uses

__all__ = ["server", "traffic"]
pytestmark = pytest.mark.django_db


def test_a_deletion_bills_what_was_used_and_the_month_end_what_is_reported_after_it(server: Resource) -> None:
    """Ten and a half days of 30 at 181,000: 63,350. The report of the last hour comes when the server is gone."""
    report(server, "a", 4, at=on(11))
    leave(server, on(11))
    assert server.invoices.get().total == 63_350 + 2_000
    assert take(fresh(server), use(server, "b", 2, used_at=on(11)), at=on(11, 13)) == ["accepted"]
    bill()
    first, second = server.invoices.order_by("number")
    assert (second.is_late, second.total, second.period_start, second.period_end) == (True, 1_000, BEGIN, on(11))
    assert [line[1:5] for line in uses()] == [(0, 4, 0, 2_000), (4, 2, 2_000, 1_000)]
    assert first.covered_until == second.covered_until == on(11)
    with nothing_changes():
        run_month_end(MARCH, actor=JOB, at=OVER + DAY)


def test_two_bills_of_a_month_add_up_to_it_with_vat_on_top(bob: Customer, small: Item, vserver: Product) -> None:
    """1 + 1 units at 5 without VAT: 10, and 1 of VAT. The first bill has 5 and, rounded half up, that 1 already."""
    make_metered(vserver, "traffic", 5, includes_vat=False)
    [server] = create(bob, small, at=BEGIN)
    report(server, "a", 1, at=on(11))
    leave(server, on(11))
    report(fresh(server), "b", 1)
    bill()
    assert [line[4:] for line in uses()] == [(5, 1), (5, 0)]


def test_price_and_discount_hold_all_month_as_its_first_bill_has_them(
    bob: Customer, small: Item, vserver: Product
) -> None:
    """500 GB at 500, at most 300,000: 250,000. Neither half off from mid-month nor a dearer price is for what follows: 50,000."""
    item = make_metered(vserver, "traffic", 500, cap=300_000, valid_until=on(15))
    Price.objects.create(item=item, unit_price=900, per_minutes=0, valid_from=on(15))
    [server] = create(bob, small, at=BEGIN)
    report(server, "a", 500, at=on(14))
    leave(server, on(14))
    Discount.objects.create(customer=bob, product=vserver, share=Decimal("0.5"), valid_from=on(15))
    report(fresh(server), "b", 500, day=14)
    bill()
    assert [line[3:5] for line in uses()] == [(0, 250_000), (250_000, 50_000)]


def test_what_is_reported_late_is_billed_with_the_next_month_end_of_its_own_month(
    bob: Customer, small: Item, vserver: Product
) -> None:
    """1,090 GB of March were billed, 100 of them included; 20 more reach the next tier: 10 at 500 and 10 at 450."""
    make_metered(vserver, "traffic", 500, **TIERS)
    [server] = create(bob, small, at=BEGIN)
    report(server, "a", 1_090)
    bill()
    assert take(server, use(server, "late", 20, used_at=on(10)), at=OVER + 5 * DAY) == ["late"]
    with nothing_changes():
        bill_ended_months(actor=JOB, at=OVER + 6 * DAY)
    runs = bill(APRIL)
    assert [(run.month, run.state) for run in runs] == [("2026-03", "done"), ("2026-04", "done")]
    correction = server.invoices.get(is_late=True)
    assert (correction.total, correction.period_start, correction.period_end) == (9_500, BEGIN, OVER)
    assert correction.issued_at == APRIL.period.ends_at
    assert [line[1:5] for line in uses()] == [(0, 1_090, 0, 495_000), (1_090, 20, 495_000, 9_500)]
    assert server.invoices.get(period_key="2026-04").total == 181_000
    with nothing_changes():
        bill_ended_months(actor=JOB, at=APRIL.period.ends_at + DAY)
        run_month_end(MARCH, actor=JOB, at=APRIL.period.ends_at + DAY)


def test_what_is_late_goes_on_being_billed_month_by_month(server: Resource) -> None:
    report(server, "a", 1)
    bill()
    report(server, "b", 2, at=OVER + DAY)
    bill(APRIL)
    report(server, "c", 3, at=APRIL.period.ends_at + DAY)
    bill(MAY)
    assert [line[1:3] for line in uses()] == [(0, 1), (1, 2), (3, 3)]


@pytest.mark.breaks_the_books
def test_who_is_killed_between_closing_a_month_and_planning_it_loses_nothing(
    server: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """20 GB came late. Meanwhile nobody takes what is on no bill yet for forgotten; an hour later it is billed."""
    report(server, "a", 1)
    bill()
    report(server, "b", 20, at=OVER + DAY)

    _interrupted(monkeypatch, APRIL)
    assert violations() == []
    runs = bill_ended_months(actor=JOB, at=APRIL.period.ends_at + DAY / 24)
    assert [(run.month, run.state) for run in runs] == [("2026-03", "done"), ("2026-04", "done")]
    assert [line[1:3] for line in uses()] == [(0, 1), (1, 20)]


def test_late_use_of_a_resource_that_is_gone_is_billed_too(server: Resource) -> None:
    leave(server, on(20))
    bill()
    report(fresh(server), "a", 2, at=OVER + DAY)
    bill(APRIL)
    assert server.invoices.get(is_late=True).total == 1_000


def test_what_was_late_before_is_not_looked_at_again(server: Resource, small: Item, bob: Customer) -> None:
    """Of a thousand that were late once, a month later only the one that is late again is."""
    [other] = create(bob, small, at=BEGIN)
    report(server, "a", 1)
    bill()
    for one in (server, other):
        report(one, "b", 2, at=OVER + DAY)
    assert {pk for pk, _customer in with_late_uses(MARCH)} == {server.pk, other.pk}
    bill(APRIL)
    report(other, "c", 3, at=APRIL.period.ends_at + DAY)
    bill(MAY)
    assert [pk for pk, _customer in with_late_uses(MARCH)] == [other.pk]
    assert [line[1:3] for line in uses()] == [(0, 1), (1, 2), (0, 2), (2, 3)]


def test_late_use_within_what_is_included_is_billed_without_a_word(
    bob: Customer, small: Item, vserver: Product
) -> None:
    """100 GB are included; 20 came in time and 30 late. The bill over nothing says so to whoever looks, and to nobody else."""
    make_metered(vserver, "traffic", 500, **TIERS)
    [server] = create(bob, small, at=BEGIN)
    report(server, "a", 20)
    bill()
    told = Notice.objects.filter(kind=Notice.Kind.INVOICE_ISSUED).count()
    report(server, "b", 30, at=OVER + DAY)
    bill(APRIL)
    assert server.invoices.get(is_late=True).total == 0
    assert Notice.objects.filter(kind=Notice.Kind.INVOICE_ISSUED).count() == told + 1  # of April


def test_a_run_that_is_at_it_still_when_the_next_month_ends_takes_along_what_came_meanwhile(
    server: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run of March was interrupted in April and goes on in May: the late 2 GB of April are on a bill of that day."""
    report(server, "a", 1)

    _interrupted(monkeypatch, MARCH)
    report(server, "b", 2, at=OVER + DAY)
    bill(APRIL)
    assert [line[1:3] for line in uses()] == [(0, 3)]


def test_who_goes_on_within_the_month_leaves_what_is_late_to_the_next(
    server: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(server, "a", 1)

    _interrupted(monkeypatch, MARCH)
    report(server, "b", 2, at=OVER + DAY)
    bill_ended_months(actor=JOB, at=OVER + 2 * DAY)
    assert [line[1:3] for line in uses()] == [(0, 1)]
    bill(APRIL)
    assert [line[1:3] for line in uses()] == [(0, 1), (1, 2)]


def test_what_staff_have_released_is_not_held_against_what_comes_after_it(
    server: Resource, bob: Customer, settings: Any
) -> None:
    """2,000,000 a month are far above the 187,033 of before, and right. A gigabyte that comes late is none of that."""
    settings.OUTLIER_FLOOR = 100_000
    bill()
    april = APRIL.period
    assert take(server, use(server, "a", 4_000, used_at=april.starts_at + DAY), at=april.ends_at) == ["accepted"]
    bill(APRIL)
    release(ParkedBilling.objects.get(month="2026-04").pk, reason="a campaign", actor=STAFF, at=april.ends_at + DAY)
    assert take(server, use(server, "b", 1, used_at=april.starts_at + DAY), at=april.ends_at + 2 * DAY) == ["late"]
    bill(MAY)
    assert Invoice.objects.get(is_late=True).total == 500
    assert not ParkedBilling.objects.filter(state="parked").exists()


def _interrupted(monkeypatch: pytest.MonkeyPatch, month: CalendarMonth) -> None:
    """The month end is killed between closing a month and planning who is billed."""

    def killed(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as there:
        there.setattr("invoices.services.month_end._plan", killed)
        with pytest.raises(SystemExit):
            bill(month)
