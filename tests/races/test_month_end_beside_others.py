"""The month end beside a late roll-over, a customer's own act and usage that is written while the run goes on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Customer
from billing_portal.auditor import violations
from catalog.models import Item
from invoices.models import BillingRun, Invoice
from invoices.services import month_end
from kernel.periods import CalendarMonth
from lifecycle.models import Resource, ServicePeriod, State
from lifecycle.services.running import hold_resource, stop_resource
from lifecycle.services.sweeps import expire_resources
from tests.cast import DAY, JOB, create, fresh, make_customer, make_item, make_product, owner_of, switch_mode
from tests.races.beside import in_flight, meanwhile

pytestmark = pytest.mark.django_db(transaction=True)

MARCH = CalendarMonth.parse("2026-03")
FIRST, OVER = MARCH.period.starts_at, MARCH.period.ends_at
HALF_PAST = OVER + timedelta(minutes=30)


def bill() -> list[BillingRun]:
    return month_end.bill_ended_months(actor=JOB, at=HALF_PAST)


@pytest.fixture
def rolling() -> list[Resource]:
    """Three servers of prepaid customers who became postpaid: paid until 31 March 00:00 in Hà Nội; then they are used."""
    item = make_item(make_product("vserver", stopped_time_is_free=True), "small", 43_200)
    servers = []
    for _ in range(3):
        customer = make_customer(credit=1_000_000)
        [server] = create(customer, item, at=FIRST)
        switch_mode(customer, "postpaid", at=FIRST + DAY)
        servers.append(fresh(server))
    return servers


def test_a_month_end_waits_for_a_roll_over_in_flight_and_bills_all_of_it(rolling: list[Resource]) -> None:
    """Each server has one day of usage in March: 1,440 minutes at one đồng."""
    with in_flight(lambda: expire_resources(actor=JOB, at=HALF_PAST)):
        runs = meanwhile(bill)
    assert [run.state for run in runs.result(timeout=20)] == [BillingRun.State.DONE]
    assert list(Invoice.objects.filter(kind="usage").values_list("total", flat=True)) == [1_440] * 3


def test_a_month_end_waits_for_a_customer_who_holds_what_rolls_over(rolling: list[Resource]) -> None:
    with in_flight(lambda: hold_resource(rolling[0].pk)):
        runs = meanwhile(bill)
    assert [run.state for run in runs.result(timeout=20)] == [BillingRun.State.DONE]
    assert Invoice.objects.filter(kind="usage", total=1_440).count() == 3


def test_a_roll_over_sees_the_stop_that_it_waited_for(rolling: list[Resource]) -> None:
    """Stopped time is free here: of 31 March the twelve hours before the stop are billed, 720 minutes."""
    server = rolling[0]
    stops = OVER - DAY / 2
    with in_flight(lambda: stop_resource(server.pk, actor=owner_of(server.customer), at=stops)):
        runs = meanwhile(bill)
    runs.result(timeout=20)
    assert fresh(server).state == State.STOP
    assert server.invoices.get(kind="usage").total == 720


def test_usage_that_commits_after_the_plan_is_billed_before_the_run_is_closed(
    rolling: list[Resource], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server in use since March by its clock, whose transaction ends only while the run is at work."""
    item = Item.objects.get()
    late = make_customer(mode="postpaid")
    work_on_next_chunk = month_end.work_on_next_chunk
    written: list[Resource] = []

    def and_one_comes_late(run: BillingRun, **when: Any) -> int | None:
        done = work_on_next_chunk(run, **when)
        if not written:
            written.extend(create(late, item, at=OVER - DAY))
        return done

    monkeypatch.setattr(month_end, "work_on_next_chunk", and_one_comes_late)
    [run] = bill()
    assert run.state == BillingRun.State.DONE
    assert written[0].invoices.get().total == 1_440
    assert run.chunks.filter(invoices__gt=0).count() == 2


def test_a_closed_run_that_is_asked_for_again_bills_what_came_after_it() -> None:
    item = make_item(make_product("vserver"), "small", 43_200)
    [early] = create(make_customer(mode="postpaid"), item, at=FIRST)
    bill()
    [late] = create(make_customer(mode="postpaid"), item, at=OVER - DAY)
    assert [claim for claim in violations() if "billed exactly once" in claim and str(late.pk) in claim]
    run = month_end.run_month_end(MARCH, actor=JOB, at=HALF_PAST)
    assert run.state == BillingRun.State.DONE
    assert (early.invoices.count(), late.invoices.get().total) == (1, 1_440)


def test_a_switch_waits_for_the_sweep_that_takes_its_resource_to_the_trash() -> None:
    """Expired servers stay in the trash; the switch does not plan them as running ones."""
    customer: Customer = make_customer(credit=1_000_000)
    [server] = create(customer, make_item(make_product("vserver"), "small", 43_200), at=FIRST)
    at = FIRST + 31 * DAY
    with in_flight(lambda: expire_resources(actor=JOB, at=at)):
        switched = meanwhile(lambda: switch_mode(customer, "postpaid", at=at))
    assert switched.result(timeout=20).plan["resources"][0]["becomes"] == "stays_in_trash"
    assert (fresh(server).state, fresh(server).rolls_over) == (State.SUSPENSE, False)
    assert not ServicePeriod.objects.filter(resource=server, billing_mode="postpaid").exists()
