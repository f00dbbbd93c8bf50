"""Work that many may share calls other workers to help; `tests/scale` has them work, and kills some."""

from __future__ import annotations

from typing import Any

import pytest
from kombu.exceptions import OperationalError

from invoices.models import Invoice
from invoices.services import month_end
from invoices.tasks import bill_ended_months, work_on_month
from kernel.periods import CalendarMonth
from orders.services import renewal
from orders.tasks import help_renewing, renew_automatically
from store import doorbell
from tests.cast import DAY, MONTH, NOON, create, make_customer, make_item, make_product

pytestmark = pytest.mark.django_db

MARCH = CalendarMonth(2026, 3)
AT = MARCH.period.ends_at + DAY


def test_one_helper_is_called_per_further_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(month_end, "CHUNK_RESOURCES", 2)
    item = make_item(make_product("vserver"), "small", 100_000)
    for _ in range(3):
        create(make_customer(mode="postpaid"), item, at=MARCH.period.starts_at + DAY, quantity=2)
    called: list[Any] = []
    monkeypatch.setattr(work_on_month, "apply_async", lambda args, expires: called.append(args))
    assert bill_ended_months(at=AT) == 1
    assert called == [("2026-03", AT.isoformat())] * 2
    work_on_month(*called[0])  # comes late: nothing is left
    assert Invoice.objects.count() == 6


def test_one_helper_is_called_per_further_group_of_customers_to_renew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "RESOURCES_AT_ONCE", 2)
    item = make_item(make_product("vserver"), "small", 100_000)
    for _ in range(5):
        create(make_customer(credit=200_000), item, at=NOON, auto_renew_months=1)
    called: list[Any] = []
    monkeypatch.setattr(help_renewing, "apply_async", lambda args, expires: called.append(args))
    at = NOON + MONTH - DAY
    assert renew_automatically(at=at) == 5
    assert called == [(at.isoformat(),)] * 2
    help_renewing(*called[0])  # comes late: nothing is left
    assert Invoice.objects.count() == 5 + 5


def test_without_a_broker_the_work_is_done_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "RESOURCES_AT_ONCE", 1)
    item = make_item(make_product("vserver"), "small", 100_000)
    for _ in range(2):
        create(make_customer(credit=200_000), item, at=NOON, auto_renew_months=1)

    def away(args: Any, expires: int) -> None:
        raise OperationalError

    monkeypatch.setattr(help_renewing, "apply_async", away)
    assert renew_automatically(at=NOON + MONTH - DAY) == 2


def test_whose_share_of_time_is_over_wakes_another_in_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each task here has time for nothing; the calendar's job and the helper pass the work on."""
    monkeypatch.setattr(doorbell, "SHARE_SECONDS", 0)
    item = make_item(make_product("vserver"), "small", 100_000)
    create(make_customer(mode="postpaid"), item, at=MARCH.period.starts_at + DAY)
    create(make_customer(credit=200_000), item, at=AT - MONTH + DAY, auto_renew_months=1)
    called: list[Any] = []
    for task in (work_on_month, help_renewing):
        monkeypatch.setattr(task, "apply_async", lambda args, expires, task=task: called.append((task, args)))

    assert bill_ended_months(at=AT) == 1
    assert [task for task, _args in called] == [work_on_month]
    assert renew_automatically(at=AT) == 0
    assert [task for task, _args in called[1:]] == [help_renewing] * doorbell.MOST_HELPERS
    month, renewal_of = called[0], called[1]
    called.clear()
    for task, args in (month, renewal_of):
        task(*args)
    assert called == [month, renewal_of]
    assert Invoice.objects.count() == 1

    monkeypatch.setattr(doorbell, "SHARE_SECONDS", 60)
    called.clear()
    for task, args in (month, renewal_of):
        task(*args)
    assert called == []
    assert Invoice.objects.count() == 3
