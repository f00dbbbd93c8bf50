"""What counts for a month of a commitment: each bill of use once, and wherever somebody asks the same."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Customer
from billing_portal.auditor import violations
from catalog.models import Item
from invoices.models import BillingRun, CommittedMonth, Invoice, ParkedBilling
from invoices.services import shortfalls
from invoices.services.forecast import dry_run
from invoices.services.month_end import bill_ended_months, run_for_staff
from invoices.services.outlook import outlook
from invoices.services.release import release
from invoices.services.shortfalls import bill_shortfalls, progress_of
from kernel.periods import CalendarMonth
from lifecycle.models import Resource
from payments.services.correct import correct_invoice
from tests.actions.test_commitments import APRIL, JUNE, MARCH, MAY, bill, committed, decided
from tests.actions.test_usage_intake import take, use
from tests.cast import DAY, JOB, NOON, STAFF, create, make_colleague, make_customer, make_metered, switch_mode

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
SIXTH = APRIL.period.starts_at + 5 * DAY


def hold(customer: Customer, resource: Resource | None, month: CalendarMonth = APRIL) -> ParkedBilling:
    return ParkedBilling.objects.create(
        customer=customer, month=month.key, resource=resource, cause="no-price", at=month.period.ends_at
    )


# --- Use of time that was paid ahead ---


@pytest.fixture
def paid(small: Item) -> Resource:
    """Paid until June by somebody who pays afterwards by now, and who committed from April on: 1,000 GB of April at 450."""
    make_metered(small.product, "traffic", 500)
    customer = make_customer("Ann", credit=10_000_000)
    make_colleague(STAFF.name)
    [server] = create(customer, small, months=3)
    switch_mode(customer, "postpaid", at=NOON + DAY)
    customer.refresh_from_db()
    committed(customer)
    assert take(server, use(server, "a", 1000, used_at=SIXTH), at=SIXTH + DAY) == ["accepted"]
    return server


def test_use_of_paid_time_counts_for_its_month_however_long_that_is_held_back(paid: Resource, small: Item) -> None:
    """April is decided after May: 450,000 and the 162,900 that were held back; May has its 168,330."""
    [other] = create(paid.customer, small, at=NOON + 2 * DAY)
    held = hold(paid.customer, other)
    bill(APRIL)
    assert Invoice.objects.get(resource=paid, kind="usage").total == 450_000
    assert not CommittedMonth.objects.exists()
    bill(MAY)
    assert decided(paid.customer, MAY) == (168_330, 831_670)
    release(held.pk, reason="looked at", actor=STAFF, at=MAY.period.ends_at + DAY)
    assert decided(paid.customer, APRIL) == (612_900, 387_100)
    bill(JUNE)
    assert violations() == []


def test_use_of_paid_time_that_is_reported_late_counts_for_the_month_it_is_billed_with(paid: Resource) -> None:
    bill(APRIL)
    assert decided(paid.customer, APRIL) == (450_000, 550_000)
    assert take(paid, use(paid, "b", 100, used_at=SIXTH), at=MAY.period.starts_at + 3 * DAY) == ["late"]
    bill(MAY)
    assert decided(paid.customer, MAY) == (45_000, 955_000)
    assert violations() == []


def test_use_of_paid_time_before_the_commitment_does_not_count_whenever_it_is_billed(paid: Resource) -> None:
    """100 GB of March, billed in May because they were held back."""
    assert take(paid, use(paid, "m", 100, used_at=NOON + 2 * DAY), at=NOON + 3 * DAY) == ["accepted"]
    held = hold(paid.customer, None, MARCH)
    bill(APRIL)
    release(held.pk, reason="looked at", actor=STAFF, at=MAY.period.starts_at + 3 * DAY)
    assert Invoice.objects.get(resource=paid, period_key__startswith=MARCH.key, kind="usage").total == 50_000
    bill(MAY)
    assert decided(paid.customer, MAY) == (0, 1_000_000)
    assert violations() == []


# --- Each bill counts once ---


@pytest.fixture
def server(bob: Customer, small: Item) -> Resource:
    """162,900 in April, 168,330 in May."""
    make_metered(small.product, "traffic", 500)
    [made] = create(bob, small)
    committed(bob)
    return made


def late_in_may(server: Resource) -> None:
    """1,000 GB of April at 450, which staff bill on the sixth of May."""
    at = MAY.period.starts_at + 3 * DAY
    assert take(server, use(server, "late", 1000, used_at=SIXTH), at=at) == ["late"]
    run_for_staff(APRIL, reason="asked for", actor=STAFF, at=at + 2 * DAY, until=float("inf"))
    assert Invoice.objects.get(is_late=True).total == 450_000


def test_late_bills_of_a_month_that_waits_count_for_it(bob: Customer, server: Resource, small: Item) -> None:
    [other] = create(bob, small, at=NOON + DAY)
    held = hold(bob, other)
    bill(APRIL)
    late_in_may(server)
    bill(MAY)
    assert decided(bob, MAY) == (2 * 168_330, 1_000_000 - 336_660)
    release(held.pk, reason="looked at", actor=STAFF, at=MAY.period.ends_at + DAY)
    assert decided(bob, APRIL) == (2 * 162_900 + 450_000, 1_000_000 - 775_800)
    assert violations() == []


def test_late_bills_that_come_before_the_first_decision_are_not_lost(
    bob: Customer, server: Resource, small: Item
) -> None:
    """100 GB of March at 500, billed in May: April, the first month, waits until June, and May is decided first."""
    held = hold(bob, create(bob, small, at=NOON + DAY)[0])
    bill(APRIL)
    at = MAY.period.starts_at + 3 * DAY
    assert take(server, use(server, "late", 100, used_at=NOON), at=at) == ["late"]
    run_for_staff(MARCH, reason="asked for", actor=STAFF, at=at + 2 * DAY, until=float("inf"))
    bill(MAY)
    assert decided(bob, MAY) == (2 * 168_330 + 50_000, 1_000_000 - 386_660)
    release(held.pk, reason="looked at", actor=STAFF, at=MAY.period.ends_at + DAY)
    assert decided(bob, APRIL) == (2 * 162_900, 1_000_000 - 325_800)
    assert violations() == []


def test_a_month_waits_while_late_bills_of_an_earlier_one_are_written(bob: Customer, server: Resource) -> None:
    """Another worker has its last part in hand: what that bills counts as well."""
    bill(APRIL)
    run = BillingRun.objects.get(month=APRIL.key)
    BillingRun.objects.filter(pk=run.pk).update(state=BillingRun.State.RUNNING)
    at = MAY.period.ends_at
    bill_shortfalls(unfinished=[APRIL], at=at)
    assert not CommittedMonth.objects.filter(month=MAY.key).exists()
    BillingRun.objects.filter(pk=run.pk).update(state=BillingRun.State.DONE)
    bill(MAY)
    assert decided(bob, MAY) == (168_330, 831_670)


# --- What others issue while the job is at work ---


@pytest.mark.parametrize("what", ["bill", "credit"])
def test_what_is_issued_between_the_start_of_the_job_and_its_decision_counts(
    bob: Customer, server: Resource, small: Item, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Staff release 162,900 that were held back, or credit 62,900 of it, two minutes after the job began."""
    [other] = create(bob, small, at=NOON + DAY)
    bill(MARCH)
    held = hold(bob, other) if what == "bill" else None
    start, between = APRIL.period.ends_at + 30 * MINUTE, APRIL.period.ends_at + 32 * MINUTE
    bill_in_full = shortfalls.bill_shortfalls

    def meanwhile(**facts: object) -> object:
        monkeypatch.setattr("invoices.services.month_end.bill_shortfalls", bill_in_full)
        if held:
            # the run was not closed yet
            monkeypatch.setattr("invoices.services.release.decide", lambda *args, **facts: 0)
            release(held.pk, reason="looked at", actor=STAFF, at=between)
        else:
            correct_invoice(bill_of(other).pk, 62_900, note="an hour", actor=STAFF, at=between)
        return bill_in_full(**facts)

    monkeypatch.setattr("invoices.services.month_end.bill_shortfalls", meanwhile)
    bill_ended_months(actor=JOB, at=start)
    counted = 2 * 162_900 if held else 2 * 162_900 - 62_900
    assert decided(bob, APRIL) == (counted, 1_000_000 - counted)
    assert CommittedMonth.objects.get().decided_at == between
    assert violations() == []


def bill_of(resource: Resource) -> Invoice:
    return Invoice.objects.get(resource=resource, period_key=APRIL.key)


# --- Whoever asks is told the same ---


def test_page_forecast_and_dry_run_say_what_late_bills_leave_to_lack(bob: Customer, server: Resource) -> None:
    """450,000 of April billed in May: of the million 381,670 lack, as will be billed."""
    bill(APRIL)
    late_in_may(server)
    at = MAY.period.starts_at + 10 * DAY
    progress = progress_of(bob, at=at)
    assert progress is not None
    assert (progress.counted, progress.expected, progress.lacking) == (54_300 + 450_000, 618_330, 381_670)
    found = outlook(bob, at=at)
    assert (found.total.expected, found.shortfall, found.expected) == (168_330, 381_670, 550_000)
    assert dry_run(MAY).shortfalls == [(bob, 381_670)]
    bill(MAY)
    assert decided(bob, MAY) == (618_330, 381_670)


def test_nobody_knew_of_late_bills_before_they_came(bob: Customer, server: Resource) -> None:
    bill(APRIL)
    late_in_may(server)
    assert outlook(bob, at=MAY.period.starts_at + 4 * DAY).shortfall == 831_670
