"""What tries the portal would find what it looks for."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory
from rest_framework.response import Response

from accounts.api.customers import CustomerViewSet
from accounts.models import Customer
from tests.fuzz.conftest import MALLORY
from tests.fuzz.engine import findings
from tests.fuzz.portal import Portal, one_connection

pytestmark = pytest.mark.django_db


def asked(portal: Portal, key: str) -> list[str]:
    """What is found at one address."""
    request = RequestFactory().get("/api/v1/customer/", headers={"authorization": f"Bearer {key}"})
    with one_connection():
        portal({**request.environ}, lambda *_: None)
    return portal.findings


@pytest.mark.parametrize("fault", ["writes", "shows", "fails"])
def test_a_fault_is_found_and_what_was_written_is_taken_back(keys, world, alice, monkeypatch, fault):
    def retrieve(view: Any, request: Any) -> Response:
        if fault == "writes":
            Customer.objects.filter(pk=alice.pk).update(language="en")
        if fault == "fails":
            raise RuntimeError
        return Response({"name": MALLORY if fault == "shows" else "Alice"})

    monkeypatch.setattr(CustomerViewSet, "retrieve", retrieve)
    alice.refresh_from_db()
    before = alice.language

    (found,) = asked(Portal(MALLORY), keys["owner"])

    assert found.startswith("GET /api/v1/customer/?: ")
    assert {"writes": "wrote 1 rows", "shows": MALLORY, "fails": "500"}[fault] in found
    alice.refresh_from_db()
    assert alice.language == before


def test_an_answer_that_the_document_does_not_describe_is_found(keys, world, monkeypatch):
    monkeypatch.setattr(CustomerViewSet, "retrieve", lambda view, request: Response({"surprise": 1}))

    found = findings(
        Portal(MALLORY),
        keys["owner"],
        world,
        phases=["coverage"],
        seed=1,
        only={"GET /api/v1/customer/"},
    )

    assert any("response_schema_conformance" in line for line in found)
