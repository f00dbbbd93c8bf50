"""The OpenAPI document is the truth: what it allows is understood, what it does not is refused, whoever asks."""

from __future__ import annotations

import re

import pytest
from drf_spectacular.generators import SchemaGenerator

from tests.fuzz.conftest import MALLORY
from tests.fuzz.engine import findings
from tests.fuzz.portal import Portal

ASKED = {
    "owner": {
        "GET /api/v1/credit-notes/",
        "GET /api/v1/resources/{id}/",
        "POST /api/v1/coupons/check/",
        "POST /api/v1/customer/language/",
        "POST /api/v1/orders/",
        "POST /api/v1/resources/{id}/auto-renew/",
        "POST /api/v1/resources/{id}/delete/",
        "POST /api/v1/top-ups/",
    },
    "team": {
        "GET /api/v1/checkout-sessions/{id}/",
        "GET /api/v1/resources/{id}/",
        "POST /api/v1/provisioning-requests/{id}/answer/",
        "POST /api/v1/visits/",
    },
    "stranger": {
        "GET /api/v1/invoices/{id}/",
        "GET /api/v1/resources/{id}/",
        "POST /api/v1/resources/{id}/delete/",
    },
    "nobody": {"GET /api/v1/wallet/", "POST /api/v1/visits/"},
}
"""One of each kind: a list, a thing, a write, money. `make fuzz` asks all."""


@pytest.mark.django_db
def test_of_every_collection_there_is_one_thing_to_ask_about(world):
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    assert set(world) == {found[1] for path in paths if (found := re.match(r"/api/v1/(.+?)/\{id\}/", path))}


@pytest.mark.django_db
@pytest.mark.parametrize("principal", ASKED)
def test_the_portal_and_its_document_say_the_same(principal, keys, world):
    portal = Portal(MALLORY)

    found = findings(portal, keys[principal], world, phases=["examples", "coverage"], seed=1, only=ASKED[principal])

    assert found == []
    assert portal.requests > 20
    has_something = principal in {"owner", "team"}
    assert (portal.succeeded > 1) == has_something, "the document itself is read by everybody"
