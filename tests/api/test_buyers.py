"""Buyer profiles by the API, and to whom an order is invoiced."""

from __future__ import annotations

import pytest

from tests.api.conftest import done, refused
from tests.cast import chosen, make_buyer

pytestmark = pytest.mark.django_db
VIETTEL = "0100109106"
COMPANY = {"kind": "company", "name": "Công ty Hoa Sen", "tax_code": "0100 109 106"}


def test_a_profile_is_added_changed_and_archived(as_alice):
    made = done(as_alice.post("buyers/", COMPANY, key="k1"), 201)
    assert (made["tax_code"], made["is_default"], made["is_doubtful"], made["archived_at"]) == (
        VIETTEL,
        True,
        False,
        None,
    )
    assert done(as_alice.post("buyers/", COMPANY, key="k1"), 201)["id"] == made["id"]
    lan = done(as_alice.post("buyers/", {"kind": "person", "name": "Lan", "personal_id": "079190123456"}), 201)
    place = f"buyers/{lan['id']}/"
    assert done(as_alice.post(f"{place}change/", {"kind": "consumer", "name": "Lan"}))["personal_id"] == ""
    refused(as_alice.post(f"buyers/{made['id']}/archive/"), 409, "buyer-is-default")
    assert done(as_alice.post(f"{place}default/"))["is_default"]
    assert done(as_alice.post(f"buyers/{made['id']}/archive/"))["archived_at"]
    assert [one["id"] for one in done(as_alice.get("buyers/", archived="false"))["results"]] == [lan["id"]]
    refused(as_alice.post(f"buyers/{made['id']}/change/", COMPANY), 409, "buyer-archived")


def test_what_is_wrong_is_named(as_alice):
    problem = refused(as_alice.post("buyers/", {**COMPANY, "tax_code": "0100109107"}), 422, "invalid-input")
    assert problem["errors"][0]["field"] == "tax_code"
    refused(as_alice.post("buyers/", {"kind": "company"}), 400, "invalid-input")
    refused(as_alice.post("buyers/", {**COMPANY, "tax_code": 100109106}), 400, "invalid-input")


def test_an_order_names_its_buyer(as_alice, alice, small):
    make_buyer(alice)
    wanted = str(make_buyer(alice, "Công ty Hoa Sen", tax_code=VIETTEL).pk)
    wish = {"action": "create", "product": "vserver", "name": "web", "items": chosen(small)}
    offer = as_alice.post("quotes/", wish)
    refused(as_alice.buy(offer, key="k1", buyer="00000000-0000-4000-8000-000000000000"), 404, "unknown-buyer")
    order = done(as_alice.buy(offer, key="k2", buyer=wanted), 201)
    assert order["buyer"] == wanted
    assert done(as_alice.post(f"orders/{order['id']}/buyer/", {"buyer": None}))["buyer"] is None
    assert done(as_alice.post(f"orders/{order['id']}/buyer/", {"buyer": wanted}))["buyer"] == wanted
    refused(as_alice.post(f"orders/{order['id']}/buyer/", {}), 400, "invalid-input")
