"""What an operator's Prometheus is told: only with the token, and what stands in the rows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from accounts.models import Customer
from billing_portal.models import JobRun
from catalog.models import Item
from invoices.services.month_end import bill_ended_months
from notifications.models import Notice
from tests.cast import DAY, JOB, NOON, create

pytestmark = pytest.mark.django_db
TOKEN = "for-prometheus"


@pytest.fixture(autouse=True)
def _token(settings):
    settings.METRICS_TOKEN = TOKEN


def scrape() -> dict[tuple[str, ...], float]:
    """Every figure by its name (without prefix) and the values of its labels."""
    answer = Client(headers={"authorization": f"Bearer {TOKEN}"}).get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name.removeprefix("billing_portal_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", "Bearer für-prometheus"])
def test_strangers_find_no_such_page(header: str) -> None:
    assert Client(headers={"authorization": header}).get("/metrics").status_code == 404


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer"])
def test_without_a_token_in_the_settings_there_is_no_such_page(settings, header: str) -> None:
    settings.METRICS_TOKEN = ""
    assert Client(headers={"authorization": header}).get("/metrics").status_code == 404


def test_mails_that_wait_are_counted_with_the_time_for_which_the_oldest_was_due(alice: Customer, at) -> None:
    at(NOON)
    common = {"customer": alice, "kind": Notice.Kind.REFUND, "recipient": alice.email, "at": NOON}
    Notice.objects.create(event="first", next_attempt_at=NOON - timedelta(minutes=7), **common)
    Notice.objects.create(event="later", next_attempt_at=NOON + timedelta(minutes=1), **common)
    Notice.objects.create(event="gone", next_attempt_at=NOON - DAY, state=Notice.State.SENT, **common)

    found = scrape()
    assert found["waiting", "mails"] == 2
    assert found["overdue_seconds", "mails"] == 420
    assert found["overdue_seconds", "provisioning_requests"] == 0


def test_a_job_that_failed_is_not_well(at) -> None:
    at(NOON)
    JobRun.objects.create(
        job="purge-resources", due_at=NOON, started_at=NOON, finished_at=NOON, outcome="failed", error="x"
    )
    found = scrape()
    assert found["job_is_well", "purge-resources"] == 0
    assert found["job_failures", "purge-resources"] == 1
    assert found["job_late_seconds", "purge-resources"] == 0


def test_a_job_that_has_not_run_is_late_by_its_whole_delay(at) -> None:
    at(NOON)
    began = NOON - timedelta(minutes=11)
    JobRun.objects.create(job="purge-resources", due_at=began, started_at=began, finished_at=began, outcome="done")
    assert scrape()["job_late_seconds", "purge-resources"] == 600


def test_how_far_the_month_end_is_and_what_needs_a_person(bob: Customer, small: Item, at) -> None:
    create(bob, small)
    bill_ended_months(actor=JOB, at=NOON + 40 * DAY)
    at(NOON + 40 * DAY)
    found = scrape()
    months = {labels[1] for labels in found if labels[0] == "month_end_chunks"}
    assert len(months) == 1
    month = months.pop()
    assert found["month_end_chunks", month, "done"] == 1
    assert found["month_end_chunks", month, "pending"] == 0
    assert found["needs_attention", "parked_billings"] == 0


def test_the_number_of_queries_does_not_grow(alice: Customer, small: Item, django_assert_max_num_queries) -> None:
    for _ in range(3):
        create(alice, small)
    with django_assert_max_num_queries(10):
        scrape()
