"""What product teams receive: in order per resource, signed, items by code."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Customer
from catalog.models import Item, Product
from lifecycle import provisioners
from lifecycle.models import DeliveryChannel, ProvisioningRequest
from lifecycle.provisioners import NotReached
from lifecycle.services.delivery import NotFailing, deliver_requests, products_to_serve, try_again_now
from lifecycle.services.running import start_resource, stop_resource
from tests.actions.books import refused
from tests.cast import DAY, NOON, STAFF, create, make_item, make_product, owner_of

pytestmark = pytest.mark.django_db

State = ProvisioningRequest.State


class Team:
    """A product team's system: keeps what it is sent, and answers with `status`."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, dict[str, str]]] = []
        self.status = 204

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        self.received.append((body, headers))
        return self.status

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body, _headers in self.received]


@pytest.fixture
def team(vserver: Product, monkeypatch: pytest.MonkeyPatch) -> Team:
    vserver.provisioner, vserver.webhook_url, vserver.webhook_secret = "webhook", "https://team.example/hook", "s3cret"
    vserver.save()
    made = Team()
    monkeypatch.setattr(provisioners, "_post", made.post)
    return made


def test_a_webhook_names_items_by_code_and_is_signed(team: Team, alice: Customer, small: Item, disk: Item) -> None:
    [server] = create(alice, small, (disk, 40))
    stop_resource(server.pk, actor=owner_of(alice), at=NOON + DAY)
    assert deliver_requests(at=NOON + DAY) == 1
    [(body, headers)] = team.received
    sent = json.loads(body)
    assert (sent["type"], sent["answer_expected"], sent["resource"]["name"]) == ("stop", False, "web")
    assert sent["resource"]["configuration"] == [{"item": "small", "quantity": 1}, {"item": "ssd", "quantity": 40}]
    stamp, digest = (part.split("=")[1] for part in headers["Portal-Signature"].split(","))
    assert digest == hmac.new(b"s3cret", f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def test_what_is_not_taken_is_tried_again_and_nothing_overtakes_it(team: Team, alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    stop_resource(server.pk, actor=owner_of(alice), at=NOON + DAY)
    start_resource(server.pk, actor=owner_of(alice), at=NOON + 2 * DAY)
    team.status = 500
    assert deliver_requests(at=NOON + 2 * DAY) == 0
    assert [body["type"] for body in team.bodies] == ["stop"]
    team.status = 204
    assert deliver_requests(at=NOON + 2 * DAY) == 0, "not yet: it is tried again later"
    for _ in range(2):
        deliver_requests(at=NOON + 3 * DAY)
    assert [body["type"] for body in team.bodies] == ["stop", "stop", "start"]
    assert set(server.requests.exclude(verb="provision").values_list("state", flat=True)) == {State.DELIVERED}


def test_a_command_that_nobody_takes_is_parked_after_eight_attempts(team: Team, alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    stop_resource(server.pk, actor=owner_of(alice), at=NOON)
    team.status = 422
    for day in range(10):
        deliver_requests(at=NOON + day * DAY)
    stopped = server.requests.get(verb="stop")
    assert (stopped.state, stopped.attempts, len(team.received)) == (State.PARKED, 8, 8)


def test_a_team_that_takes_nothing_is_left_alone_and_what_waits_for_it_is_never_parked(
    team: Team, alice: Customer, small: Item
) -> None:
    """After 5 s, 10 s, 20 s ... one request is tried; when it is taken, all go at once."""
    for server in create(alice, small, quantity=3):
        stop_resource(server.pk, actor=owner_of(alice), at=NOON)
    team.status = 503
    deliver_requests(at=NOON)
    assert len(team.received) == 1, "the others are not tried"
    deliver_requests(at=NOON + timedelta(seconds=4))
    assert len(team.received) == 1
    for day in range(1, 13):
        deliver_requests(at=NOON + day * DAY)
    channel = DeliveryChannel.objects.get()
    assert (channel.failures, channel.failing_since, channel.error) == (13, NOON, "HTTP 503")
    assert channel.rests_until == NOON + 12 * DAY + timedelta(minutes=5)
    assert not ProvisioningRequest.objects.filter(state=State.PARKED).exists()

    team.status = 204
    assert deliver_requests(at=NOON + 13 * DAY) == 3
    assert not DeliveryChannel.objects.failing().exists()


def test_staff_who_know_better_have_it_tried_at_once(team: Team, alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    stop_resource(server.pk, actor=owner_of(alice), at=NOON)
    team.status = 503
    deliver_requests(at=NOON)
    try_again_now(server.product_id, reason="they called", actor=STAFF, at=NOON)
    team.status = 204
    assert deliver_requests(at=NOON) == 1
    with refused(NotFailing):
        try_again_now(server.product_id, reason="again", actor=STAFF, at=NOON)


def test_one_product_that_takes_nothing_does_not_stop_another(
    team: Team, vserver: Product, alice: Customer, small: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_product("vmonitor", provisioner="webhook", webhook_url="https://other.example/", webhook_secret="x")
    [broken], [well] = create(alice, small), create(alice, make_item(other, "probe", 1_000))

    def post(url: str, body: bytes, headers: dict[str, str]) -> int:
        team.received.append((body, headers))
        if url == vserver.webhook_url:
            raise NotReached("no whole answer within 10 s")
        return 204

    monkeypatch.setattr(provisioners, "_post", post)
    for server in (broken, well):
        stop_resource(server.pk, actor=owner_of(alice), at=NOON)
    assert deliver_requests(at=NOON) == 1
    assert well.requests.get(verb="stop").state == State.DELIVERED
    assert products_to_serve(NOON) == [], "the broken one is left alone"
    assert list(DeliveryChannel.objects.unwell().values_list("product__code", flat=True)) == ["vserver"]
