"""
`/metrics`: how the work stands, in the words of Prometheus.

Every figure is read from the rows when it is asked for, so any web process gives the same answer and none is lost with a
process. Asked for with `Authorization: Bearer <METRICS_TOKEN>`; for everybody else, and without a token in the settings,
there is no such page.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from billing_portal.admin.attention import count_matters, matters
from billing_portal.jobs import job_calendar
from invoices.models import BillingChunk, BillingRun
from kernel import clock
from lifecycle.models import DeliveryChannel
from lifecycle.services.delivery import REQUESTS
from notifications.delivery import NOTICES
from payments.services.asking import QUESTIONS
from store.outbox import Outbox

OUTBOXES: dict[str, Outbox[Any]] = {
    "mails": NOTICES,
    "provisioning_requests": REQUESTS,
    "gateway_payments": QUESTIONS,
}


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    if not _may_read(request):
        raise Http404
    registry = CollectorRegistry()
    registry.register(Work(clock.now()))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    expected = f"Bearer {settings.METRICS_TOKEN}"
    return bool(settings.METRICS_TOKEN) and constant_time_compare(request.headers.get("Authorization", ""), expected)


class Work(Collector):
    """The gauges as of `at`. Their number depends on the jobs and kinds of work, never on customers."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self._jobs()
        yield from self._waiting()
        yield self._attention()
        yield self._month_end()
        yield from self._products()

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing beforehand: registering must not ask the database."""
        return iter(())

    def _jobs(self) -> Iterator[GaugeMetricFamily]:
        late = _gauge("job_late_seconds", "How late a job of the calendar is; 0: on time.", "job")
        well = _gauge("job_is_well", "1 unless the job is late, was given up, or its last run failed.", "job")
        failures = _gauge("job_failures", "Runs that failed in the last 24 hours.", "job")
        for status in job_calendar(self.at):
            late.add_metric([status.job.name], status.late_by.total_seconds())
            well.add_metric([status.job.name], status.is_well)
            failures.add_metric([status.job.name], status.failures)
        yield from (late, well, failures)

    def _waiting(self) -> Iterator[GaugeMetricFamily]:
        waiting = _gauge("waiting", "Rows of work that wait.", "work")
        overdue = _gauge("overdue_seconds", "For how long the oldest of them has been due; 0: none is.", "work")
        for name, outbox in OUTBOXES.items():
            found = outbox.rows().aggregate(count=Count("pk"), oldest=Min(outbox.due))
            waiting.add_metric([name], found["count"])
            late = self.at - found["oldest"] if found["oldest"] else timedelta()
            overdue.add_metric([name], max(late, timedelta()).total_seconds())
        yield from (waiting, overdue)

    def _attention(self) -> GaugeMetricFamily:
        gauge = _gauge("needs_attention", "What waits for a person: parked, stuck, unknown.", "matter")
        listed = matters(self.at)
        counts = count_matters(listed)
        for matter in listed:
            gauge.add_metric([matter.name.replace(" ", "_")], counts.get(matter.name, 0))
        return gauge

    def _month_end(self) -> GaugeMetricFamily:
        gauge = _gauge("month_end_chunks", "Chunks of customers of the latest month end.", "month", "state")
        run = BillingRun.objects.order_by("-month").first()
        if run:
            counts = dict(run.chunks.order_by().values_list("state").annotate(Count("pk")))
            for state in BillingChunk.State.values:
                gauge.add_metric([run.month, state], counts.get(state, 0))
        return gauge

    def _products(self) -> Iterator[GaugeMetricFamily]:
        failing = _gauge("product_failing_seconds", "For how long a product's webhook has taken nothing.", "product")
        slowest = _gauge(
            "product_slowest_call_seconds", "The slowest of the last calls of a product that is slow.", "product"
        )
        for channel in DeliveryChannel.objects.unwell().select_related("product"):
            since = channel.failing_since or self.at
            failing.add_metric([channel.product.code], (self.at - since).total_seconds())
            slowest.add_metric([channel.product.code], channel.slowest_call_ms / 1000)
        yield from (failing, slowest)


def _gauge(name: str, explained: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"billing_portal_{name}", explained, labels=labels)
