"""What stands still for several reasons starts when all are gone, and never where its customer wants to start it."""

from __future__ import annotations

from itertools import permutations
from uuid import UUID

import pytest
from django.urls import reverse
from django.utils.translation import override

from accounts.models import Customer
from catalog.models import Item
from kernel.ids import new_id
from lifecycle.models import Resource
from lifecycle.services.acts import Act, refusal_of
from lifecycle.services.halts import (
    let_go_of_caps,
    start_after_credit,
    start_after_debt,
    stop_for_caps,
    stop_for_credit,
    stop_for_debt,
)
from lifecycle.services.running import start_resource, stop_resource
from lifecycle.services.warnings import days_that_came, warn
from payments.models import Shortage
from tests.api.conftest import caller_of
from tests.cast import DAY, JOB, NOON, create, fresh, owner_of
from tests.markup import markup
from tests.portal.seen import signed_in

pytestmark = pytest.mark.django_db
CAP = UUID(int=7)
HALTS = ("debt", "cap", "credit")


@pytest.fixture
def server(bob: Customer, small: Item) -> Resource:
    return create(bob, small, at=NOON)[0]


def halt(server: Resource, why: str) -> int:
    at = NOON + DAY
    match why:
        case "debt":
            return stop_for_debt([server.customer_id], actor=JOB, at=at)
        case "cap":
            return stop_for_caps({server.pk: CAP}, actor=JOB, at=at)
        case _:
            lacks = {"customer": server.customer, "product": server.product, "missing": 1, "missing_now": 1}
            Shortage.objects.create(**lacks, at=NOON - 3 * DAY, stops_at=NOON)
            warn([(server.pk, server.customer_id, NOON)], at=NOON - 3 * DAY)
            assert days_that_came([server.customer_id], at=at) == {server.pk}
            return stop_for_credit([server.pk], actor=JOB, at=at)


def let_go(server: Resource, why: str, *, starts: bool = True) -> int:
    at = NOON + 2 * DAY
    match why:
        case "debt":
            return start_after_debt([server.customer_id], actor=JOB, at=at)
        case "cap":
            return let_go_of_caps([server.pk], starts=starts, actor=JOB, at=at)
        case _:
            return start_after_credit([server.pk], actor=JOB, at=at)


@pytest.mark.parametrize("lifted", list(permutations(HALTS)))
def test_it_starts_when_the_last_reason_is_gone(server: Resource, lifted: tuple[str, ...]) -> None:
    assert [halt(server, why) for why in HALTS] == [1, 0, 0]
    assert fresh(server).stopped_for == ["debt", "cap", "credit"]
    assert [let_go(server, why) for why in lifted] == [0, 0, 1]
    assert (fresh(server).state, fresh(server).stopped_for) == ("active", [])


@pytest.mark.parametrize("lifted", list(permutations(HALTS)))
def test_what_its_customer_wants_to_start_does_not_start_by_itself_whatever_is_lifted_last(
    server: Resource, lifted: tuple[str, ...]
) -> None:
    for why in HALTS:
        halt(server, why)
    assert [let_go(server, why, starts=False) for why in lifted] == [0, 0, 0]
    found = fresh(server)
    assert (found.state, found.stopped_for, found.starts_by_hand) == ("stop", [], False)
    start_resource(server.pk, actor=owner_of(server.customer), at=NOON + 3 * DAY)
    assert fresh(server).state == "active"


@pytest.mark.parametrize("why", HALTS)
def test_what_its_customer_had_stopped_is_not_marked_and_not_started(server: Resource, why: str) -> None:
    stop_resource(server.pk, actor=owner_of(server.customer), at=NOON + DAY / 2)
    assert halt(server, why) == 0
    assert let_go(server, why) == 0
    assert (fresh(server).state, fresh(server).stopped_for) == ("stop", [])


def test_another_cap_does_not_make_it_start_by_itself(server: Resource) -> None:
    for why in ("debt", "cap"):
        halt(server, why)
    let_go(server, "cap", starts=False)
    stop_for_caps({server.pk: new_id()}, actor=JOB, at=NOON + 2 * DAY)
    assert (let_go(server, "debt"), let_go(server, "cap")) == (0, 0)
    assert fresh(server).state == "stop"


def promised(server: Resource, language: str) -> str:
    with override(language):
        return str(refusal_of(Act.START, fresh(server), at=NOON + 3 * DAY))


@pytest.mark.parametrize("why", ["debt", "credit"])
def test_who_is_refused_the_start_is_promised_what_comes(server: Resource, why: str) -> None:
    halt(server, why)
    assert promised(server, "en").endswith(" and it starts by itself.")
    assert promised(server, "vi").endswith(" tài nguyên sẽ tự chạy lại.")
    halt(server, "cap")
    assert promised(server, "en").endswith("; something else keeps it stopped as well.")
    assert promised(server, "vi").endswith("; ngoài ra còn lý do khác khiến tài nguyên dừng.")
    let_go(server, "cap", starts=False)
    assert promised(server, "en").endswith(" and you can start it.")
    assert promised(server, "vi").endswith(" sau đó bạn có thể khởi động lại.")
    assert let_go(server, why) == 0
    start_resource(server.pk, actor=owner_of(server.customer), at=NOON + 4 * DAY)


def test_the_page_and_rest_promise_the_same(server: Resource) -> None:
    """A cap left the start to its customer, and credit does not cover what it uses."""
    for why in ("credit", "cap"):
        halt(server, why)
    client, caller, address = signed_in(server.customer), caller_of(server.customer), f"resources/{server.pk}/"
    page = markup(client.get(reverse("resource", args=[server.pk]), headers={"accept-language": "en"}))
    assert "Something else keeps it stopped as well." in page
    let_go(server, "cap", starts=False)
    page = markup(client.get(reverse("resource", args=[server.pk]), headers={"accept-language": "en"}))
    assert "You can start it once it does." in page
    refusal = caller.post(f"{address}start/", key="k")
    assert (refusal.json()["code"], "by itself" in refusal.json()["detail"]) == ("stopped-for-credit", False)
