"""What may be kept waiting outside the house keeps nobody else waiting."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from billing_portal import celery, health, tasks
from billing_portal.models import JobRun
from billing_portal.schedule import BY_NAME, beat_schedule, queue_of
from lifecycle.models import DeliveryChannel
from lifecycle.services.delivery import deliver_to
from lifecycle.services.running import stop_resource
from payments.gateways.base import Pending
from payments.models import LinkedAccount, Payment
from payments.services import turns
from payments.services.gateway import start_top_up
from payments.tasks import charge_linked_accounts, check_payments, see_to_links
from store.shares import LANES, share_of
from tests.actions.conftest import gate, linking
from tests.admin.conftest import at
from tests.admin.test_metrics import TOKEN, scrape
from tests.cast import DAY, NOON, create, make_customer, owner_of
from tests.links import linked_account, tops_up

__all__ = ["at", "gate", "linking"]
MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def held_by_others(neighbour: str, lanes: int = LANES) -> Iterator[None]:
    """So many lanes are held by connections of other threads."""
    ready, leave = threading.Barrier(lanes + 1), threading.Event()

    def hold() -> None:
        with share_of(neighbour) as mine:
            assert mine
            ready.wait(20)
            leave.wait(20)
        connection.close()

    threads = [threading.Thread(target=hold) for _ in range(lanes)]
    for thread in threads:
        thread.start()
    ready.wait(20)
    try:
        yield
    finally:
        leave.set()
        for thread in threads:
            thread.join(20)


def test_who_calls_outside_runs_on_the_couriers_and_nobody_else_does() -> None:
    outside = {name for name, job in BY_NAME.items() if job.calls_outside}
    assert outside == {
        "deliver-requests",
        "deliver-notices",
        "check-payments",
        "see-to-links",
        "see-to-refunds",
        "charge-linked-accounts",
        "fetch-statements",
        "check-domains",
    }
    for name, entry in beat_schedule().items():
        assert entry["options"]["queue"] == ("couriers" if name in outside else "celery"), name
    assert queue_of(BY_NAME["time-out-requests"]) == "celery"
    for helper in ("lifecycle.tasks.deliver_to_product", "payments.tasks.work_at_gateway"):
        assert celery.app.amqp.router.route({}, helper)["queue"].name == "couriers"


def test_a_product_has_two_lanes_and_a_third_worker_leaves_it(alice, small) -> None:
    [server] = create(alice, small)
    stop_resource(server.pk, actor=owner_of(alice), at=NOON)
    with held_by_others(f"product:{server.product_id}"):
        assert deliver_to(server.product_id, at=NOON) == 0
    with held_by_others(f"product:{server.product_id}", lanes=1):
        assert deliver_to(server.product_id, at=NOON) == 1


def test_a_gateway_that_is_slow_is_asked_once_a_turn_and_keeps_no_other_gateways_payments_waiting(
    alice, gate, monkeypatch
) -> None:
    for code in ("gate", "gate", "gate", "other"):
        start_top_up(alice, 50_000, gateway=code, actor=owner_of(alice), at=NOON)
    gate.known = Pending()
    monkeypatch.setattr(turns, "SLOW_SECONDS", -1)
    assert check_payments(at=NOON + 10 * MINUTE).done == 2
    assert set(Payment.objects.filter(checks=1).values_list("gateway", flat=True)) == {"gate", "other"}
    monkeypatch.setattr(turns, "SLOW_SECONDS", 3)
    assert check_payments(at=NOON + 10 * MINUTE).done == 2, "the two that waited"


def test_a_gateway_has_two_lanes_and_a_third_worker_leaves_it(alice, gate) -> None:
    start_top_up(alice, 50_000, gateway="gate", actor=owner_of(alice), at=NOON)
    gate.known = Pending()
    with held_by_others("gateway:gate"):
        assert check_payments(at=NOON + 10 * MINUTE).done == 0
    with held_by_others("gateway:gate", lanes=1):
        assert check_payments(at=NOON + 10 * MINUTE).done == 1


def test_a_job_that_hangs_outside_holds_two_couriers_and_no_more() -> None:
    with held_by_others("job:check-payments"):
        tasks.run_job("check-payments")
        assert not JobRun.objects.filter(job="check-payments").exists()
    tasks.run_job("check-payments")
    assert JobRun.objects.filter(job="check-payments").count() == 1


def test_a_worker_and_the_couriers_leave_a_sign_each() -> None:
    cache.clear()
    health.note_worker(["couriers"])
    assert (health._lives("worker"), health._lives("courier")) == (False, True)
    health.note_worker(["celery"])
    assert (health._lives("worker"), health._lives("courier")) == (True, True)


def test_health_and_metrics_name_the_product_that_is_slow(vserver, settings, at) -> None:
    settings.METRICS_TOKEN = TOKEN
    at(NOON + DAY)
    assert Client().get("/healthz").json()["slow_products"] == []
    channel = DeliveryChannel.objects.create(product=vserver, slowest_call_ms=2999)
    assert Client().get("/healthz").json()["slow_products"] == []
    channel.slowest_call_ms, channel.failures, channel.failing_since, channel.rests_until = 8000, 3, NOON, NOON + DAY
    channel.save()
    assert Client().get("/healthz").json()["slow_products"] == ["vserver"]
    found = scrape()
    assert (found["product_failing_seconds", "vserver"], found["product_slowest_call_seconds", "vserver"]) == (
        86_400,
        8,
    )
    assert found["needs_attention", "slow_products"] == 1


def test_a_gateway_that_hangs_keeps_no_other_gateways_links_and_charges_waiting(linking, monkeypatch) -> None:
    customers = [make_customer() for _ in range(4)]
    for customer, code in zip(customers, ("gate", "gate", "gate", "other"), strict=True):
        link = linked_account(customer, gateway=code, ask_at=NOON)
        tops_up(link)
    linking.standing = Pending()
    monkeypatch.setattr(turns, "SLOW_SECONDS", -1)
    assert see_to_links(at=NOON).done == 2
    assert set(LinkedAccount.objects.filter(asks=1).values_list("gateway", flat=True)) == {"gate", "other"}
    assert charge_linked_accounts(at=NOON).done == 2
    assert set(Payment.objects.values_list("gateway", flat=True)) == {"gate", "other"}
    monkeypatch.setattr(turns, "SLOW_SECONDS", 3)
    assert (see_to_links(at=NOON).done, charge_linked_accounts(at=NOON).done) == (2, 2), "those that waited"
