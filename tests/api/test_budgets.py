"""Budgets by the API."""

from __future__ import annotations

import pytest

from accounts.models import CustomerKey
from tests.api.conftest import Caller, done, refused
from tests.cast import LONG_AGO, create, make_customer

pytestmark = pytest.mark.django_db


def test_a_budget_is_set_looked_at_changed_and_removed(as_alice, alice, small):
    made = done(as_alice.post("budgets/", {"limit": 200_000}, key="k"), 201)
    assert (made["scope"], made["product"], made["key"], made["spent"], made["alerts"]) == (
        "everything",
        None,
        None,
        0,
        [],
    )
    create(alice, small)
    (listed,) = done(as_alice.get("budgets/"))["results"]
    assert (listed["month"], listed["limit"], listed["spent"], listed["waiting"]) == ("2026-03", 200_000, 181_000, 0)
    assert listed["expected"] is None
    assert [alert["mark"] for alert in listed["alerts"]] == ["50", "80"]
    place = f"budgets/{made['id']}/"
    asked = refused(as_alice.post(f"{place}change/", {"limit": 100_000}), 409, "below-spent")
    assert (asked["details"]["spent"], asked["details"]["limit"]) == (181_000, 100_000)
    changed = done(as_alice.post(f"{place}change/", {"limit": 100_000, "confirm": True}))
    assert (changed["limit"], [alert["mark"] for alert in changed["alerts"]]) == (100_000, ["50", "80", "100"])
    assert done(as_alice.post(f"{place}remove/"))["removed_at"]
    refused(as_alice.post(f"{place}change/", {"limit": 5}), 409, "budget-gone")


def test_a_product_or_a_key_has_one_of_its_own(as_alice, alice, vserver):
    key = CustomerKey.issue(at=LONG_AGO, customer=alice, name="shop")[0]
    made = done(as_alice.post("budgets/", {"limit": 1_000, "product": "vserver"}), 201)
    assert (made["scope"], made["product"]) == ("product", "vserver")
    assert done(as_alice.post("budgets/", {"limit": 1_000, "key": str(key.pk)}), 201)["key"] == str(key.pk)
    refused(as_alice.post("budgets/", {"limit": 1_000, "product": "vserver"}), 409, "budget-there")
    theirs = CustomerKey.issue(at=LONG_AGO, customer=make_customer(), name="shop")[0]
    refused(as_alice.post("budgets/", {"limit": 1_000, "key": str(theirs.pk)}), 422, "no-such-part")
    refused(as_alice.post("budgets/", {"limit": 1_000, "product": "nothing"}), 422, "no-such-part")
    refused(as_alice.post("budgets/", {"limit": 1, "product": "vserver", "key": str(key.pk)}), 422, "invalid-input")
    refused(as_alice.post("budgets/", {"limit": 0}), 400, "invalid-input")


def test_a_tag_has_one_of_its_own(as_alice, vserver):
    made = done(as_alice.post("budgets/", {"limit": 1_000, "tag": "environment = production"}), 201)
    assert (made["scope"], made["product"], made["key"], made["tag"]) == ("tag", None, None, "Environment=production")
    refused(as_alice.post("budgets/", {"limit": 1_000, "tag": "Environment=PRODUCTION"}), 409, "budget-there")
    refused(as_alice.post("budgets/", {"limit": 1_000, "tag": "Environment"}), 422, "not-a-tag")
    refused(as_alice.post("budgets/", {"limit": 1, "product": "vserver", "tag": "Team=web"}), 422, "invalid-input")


def test_a_budget_acts_refuses_and_shows_what_it_would_have_done(as_alice, alice, small, vserver):
    (server,) = create(alice, small)
    made = done(as_alice.post("budgets/", {"limit": 200_000}), 201)
    place = f"budgets/{made['id']}/"
    assert (made["cap"]["refuses_orders"], made["cap"]["stops"], made["hit"]) == (False, "", None)
    wish = {"refuses_orders": True, "stops": "chosen", "resources": [str(server.pk)], "starts_again": False}
    capped = done(as_alice.post(f"{place}cap/", wish))["cap"]
    assert capped == {**wish, "lifted_until": None}
    offer = done(
        as_alice.post(
            "quotes/",
            {
                "action": "create",
                "product": "vserver",
                "name": "w",
                "items": [{"item": "small"}],
                "quantity": 1,
                "months": 1,
            },
        ),
        201,
    )
    said = refused(as_alice.post("orders/", {"quote": offer["id"], "means": "wallet"}, key="o"), 409, "cap-reached")
    assert (said["details"]["budget"], said["details"]["spent"]) == (made["id"], 181_000)
    refused(as_alice.post(f"{place}cap/", {"stops": "chosen"}), 422, "not-your-resources")
    refused(as_alice.post(f"{place}change/", {"limit": 100_000}), 409, "below-spent")
    done(as_alice.post(f"{place}change/", {"limit": 100_000, "confirm": True}))
    assert done(as_alice.get(place))["hit"]["stopped"] == 1
    refused(as_alice.post(f"resources/{server.pk}/start/"), 409, "stopped-at-cap")
    last = done(as_alice.get(f"{place}last-month/?limit=5"))
    assert (last["month"], last["limit"], last["spent"], last["reached_at"], last["stopped_count"]) == (
        "2026-02",
        5,
        0,
        None,
        0,
    )


def test_what_a_cap_stops_takes_the_right_to_stop(alice):
    _key, secret = CustomerKey.issue(
        at=LONG_AGO, customer=alice, name="budgets", carries=["view-billing", "manage-wallet"]
    )
    made = done(Caller(secret).post("budgets/", {"limit": 5}, key="k"), 201)
    place = f"budgets/{made['id']}/cap/"
    refused(Caller(secret).post(place, {"stops": "postpaid"}), 403, "key-lacks-right")
    assert done(Caller(secret).post(place, {"refuses_orders": True}))["cap"]["refuses_orders"]
    refused(Caller(secret).post(place, {}), 403, "not-by-key")


def test_who_is_told_of_a_low_balance(as_alice, alice, small):
    create(alice, small)
    assert done(as_alice.get("wallet/alert/")) == {
        "below": None, "days": None, "told_at": None, "available": 9_819_000, "rate": 6_033, "days_left": 1_627,
    }  # fmt: skip
    said = done(as_alice.post("wallet/alert/", {"below": 10_000_000, "days": 7}))
    assert (said["below"], said["days"], bool(said["told_at"])) == (10_000_000, 7, True)
    assert done(as_alice.post("wallet/alert/", {}))["told_at"] is None
    refused(as_alice.post("wallet/alert/", {"days": 400}), 400, "invalid-input")
