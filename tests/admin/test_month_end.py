"""The month end in the staff area: rehearsed, run once, and bills that were held back."""

from __future__ import annotations

from django.urls import reverse

from invoices.models import Invoice, ParkedBilling
from invoices.services.month_end import run_month_end
from kernel.periods import CalendarMonth
from tests.admin.conftest import days_after
from tests.admin.doing import WHY, do, last_audit
from tests.cast import JOB, NOON, create


def test_a_parked_bill_is_released(staff, bob, small, at):
    create(bob, small)
    at(days_after(30))
    parked = ParkedBilling.objects.create(month="2026-03", customer=bob, cause="outlier", at=NOON)
    run_month_end(CalendarMonth(2026, 3), actor=JOB, at=days_after(30))
    assert not Invoice.objects.exists()

    assert do(staff("finance"), parked, "release").status_code == 302

    parked.refresh_from_db()
    assert (parked.state, Invoice.objects.get().total) == ("billed", 129_717)


def test_the_dry_run_shows_the_total_and_who_moves_most_and_writes_nothing(staff, bob, small, at):
    create(bob, small)
    at(days_after(30))
    page = staff("finance").get(reverse("admin:invoices_billingrun_forecast"), {"month": "2026-03"})
    assert page.context["forecast"].total == 129_717
    assert page.context["forecast"].top_movers == [(bob, 0, 129_717)]
    assert not Invoice.objects.exists()


def test_the_month_end_runs_once(staff, bob, small, at):
    create(bob, small)
    at(days_after(30))
    client, address = staff("finance"), reverse("admin:invoices_billingrun_list_task", args=["run"])

    client.post(address, {"month": "2026-03", "reason": WHY})
    again = client.post(address, {"month": "2026-03", "reason": WHY})

    assert Invoice.objects.get().total == 129_717
    assert again.status_code == 422
    assert last_audit().verb == "run month-end"


def test_what_came_after_a_month_was_closed_is_billed_by_running_it_again(staff, bob, small, at):
    create(bob, small)
    at(days_after(30))
    client, address = staff("finance"), reverse("admin:invoices_billingrun_list_task", args=["run"])
    client.post(address, {"month": "2026-03", "reason": WHY})
    create(bob, small)  # by its clock since 10 March, but written after the run
    assert "2026-03: what came after it was billed" in client.get(address).content.decode()

    assert client.post(address, {"month": "2026-03", "reason": WHY}).status_code == 302

    assert list(Invoice.objects.values_list("total", flat=True)) == [129_717, 129_717]
