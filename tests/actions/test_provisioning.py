"""What product teams receive: in order per resource, signed, items by code."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from accounts.models import Customer
from catalog.models import Item, Product
from lifecycle import provisioners
from lifecycle.models import ProvisioningRequest
from lifecycle.services.provisioning import deliver_requests
from lifecycle.services.running import start_resource, stop_resource
from tests.cast import DAY, NOON, create, owner_of

pytestmark = pytest.mark.django_db

State = ProvisioningRequest.State


class Team:
    """A product team's system: keeps what it is sent, and answers with `status`."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, dict[str, str]]] = []
        self.status = 204

    def post(self, url: str, *, content: bytes, headers: dict[str, str], timeout: object) -> httpx.Response:
        self.received.append((content, headers))
        return httpx.Response(self.status, request=httpx.Request("POST", url))

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body, _headers in self.received]


@pytest.fixture
def team(vserver: Product, monkeypatch: pytest.MonkeyPatch) -> Team:
    vserver.provisioner, vserver.webhook_url, vserver.webhook_secret = "webhook", "https://team.example/hook", "s3cret"
    vserver.save()
    made = Team()
    monkeypatch.setattr(provisioners.httpx, "post", made.post)
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
    team.status = 503
    for day in range(10):
        deliver_requests(at=NOON + day * DAY)
    stopped = server.requests.get(verb="stop")
    assert (stopped.state, stopped.attempts, len(team.received)) == (State.PARKED, 8, 8)
