"""`POST /usage/` by product teams: our own form and CloudEvents, each record answered; what was refused is listed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Caller, done, refused
from tests.cast import NOON, create, make_metered
from usage.models import Batch, Record

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(bob, small, vserver):
    make_metered(vserver, "traffic", 500)
    return create(bob, small)[0]


def use(server: Any, key: str, quantity: Any = 1, **more: Any) -> dict[str, Any]:
    return {
        "resource": str(server.pk),
        "item": "traffic",
        "key": key,
        "used_at": NOON.isoformat(),
        "quantity": quantity,
    } | more


def event(server: Any, key: str) -> dict[str, Any]:
    return {
        "specversion": "1.0", "type": "vn.billing.usage", "source": "/vserver", "id": key, "subject": str(server.pk),
        "time": "2026-03-10T05:00:00Z", "data": {"item": "traffic", "quantity": "1.5"},
    }  # fmt: skip


def test_each_record_is_answered_in_its_place(as_team, server):
    sent = [use(server, "a"), use(server, "b", -1), use(server, "a"), {"key": "c"}]
    body = done(as_team.post("usage/", {"records": sent}))
    assert {name: body[name] for name in ("records", "accepted", "late", "duplicates", "refused")} == {
        "records": 4, "accepted": 1, "late": 0, "duplicates": 1, "refused": 2,
    }  # fmt: skip
    assert body["results"] == [
        {"key": "a", "outcome": "accepted"},
        {
            "key": "b",
            "outcome": "out-of-range",
            "detail": "The time or the quantity lies outside of what can be billed.",
        },
        {"key": "a", "outcome": "duplicate"},
        {
            "key": "c",
            "outcome": "malformed",
            "detail": "Something is missing or cannot be read. See the document of the API.",
        },
    ]
    assert Batch.objects.get().actor == "key:test"


@pytest.mark.parametrize("content_type", ["application/json", "application/cloudevents-batch+json"])
def test_a_batch_of_cloud_events(as_team, server, content_type):
    sent = [event(server, "a"), event(server, "b")]
    answer = as_team.client.post("/api/v1/usage/", sent, content_type=content_type)
    assert [result["outcome"] for result in done(answer)["results"]] == ["accepted", "accepted"]
    assert Record.objects.count() == 2


def test_one_cloud_event_with_its_own_type(as_team, server):
    answer = as_team.client.post("/api/v1/usage/", event(server, "a"), content_type="application/cloudevents+json")
    assert done(answer)["results"] == [{"key": "a", "outcome": "accepted"}]


@pytest.mark.parametrize("body", [{}, {"records": 5}, {"records": [], "more": 1}, 5])
def test_what_is_no_batch_is_refused_as_a_whole(as_team, server, body):
    refused(as_team.post("usage/", body), 400, "invalid-input")
    assert not Batch.objects.exists()


def test_a_batch_has_its_bounds(as_team, server):
    assert refused(as_team.post("usage/", {"records": []}), 422, "too-many-records")["detail"] == (
        "Send at most 10,000 records at once, and at least one."
    )
    refused(as_team.post("usage/", {"records": [None] * 10_001}), 422, "too-many-records")
    refused(as_team.post("usage/", {"records": ["x" * 8_000_001]}), 413, "too-large")
    refused(as_team.post("checkout-sessions/", {"name": "x" * 1_000_001}), 413, "too-large")


def test_sent_again_with_the_same_key_it_is_the_same_answer(as_team, server):
    first = as_team.post("usage/", {"records": [use(server, "a")]}, key="once")
    again = as_team.post("usage/", {"records": [use(server, "a")]}, key="once")
    assert (done(again), again["Idempotent-Replayed"]) == (done(first), "true")


def test_a_team_sees_what_was_refused_of_its_product_alone(as_team, as_other_team, server):
    done(as_team.post("usage/", {"records": [use(server, "a"), use(server, "b", -1), use(server, "c", item="x")]}))
    done(as_other_team.post("usage/", {"records": [use(server, "a")]}))
    rows = done(as_team.get("usage/refused/"))["results"]
    assert [(row["position"], row["outcome"]) for row in rows] == [(2, "unknown-item"), (1, "out-of-range")]
    assert rows[1]["record"] == use(server, "b", -1)
    (row,) = done(as_team.get("usage/refused/", outcome="unknown-item"))["results"]
    assert row["position"] == 2
    assert done(as_team.get("usage/refused/", since="2026-03-11T00:00:00Z"))["results"] == []
    assert [row["outcome"] for row in done(as_other_team.get("usage/refused/"))["results"]] == ["not-yours"]


def test_customers_report_nothing_and_teams_read_no_report(as_alice, as_team, as_viewer, server):
    for caller in (as_alice, as_viewer):
        refused(caller.post("usage/", {"records": [use(server, "a")]}), 404, "not-found")
        refused(caller.get("usage/refused/"), 404, "not-found")
    refused(as_team.get("usage/"), 404, "not-found")
    refused(Caller().post("usage/", {}), 401, "not-authenticated")
