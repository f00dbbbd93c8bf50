"""Every address and every HTTP method: what the document does not declare is answered 405, and changes nothing."""

from __future__ import annotations

import re

import pytest
from drf_spectacular.generators import SchemaGenerator
from rest_framework.views import APIView

from accounts.api.endpoints import Endpoint
from lifecycle.models import State
from tests.actions.books import nothing_changes
from tests.api.conftest import Caller
from tests.cast import fresh

pytestmark = pytest.mark.django_db

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PURGE")
ONE_OF = {
    "products": "vserver",
    "bank-transfers": "transfer",
    "linked-accounts": "link",
    "payment-requests": "asked",
    "quotes": "quote",
    "orders": "order",
    "buyers": "buyer",
    "privacy-requests": "privacy",
    "recipients": "recipient",
    "budgets": "budget",
    "resources": "resource",
    "invoices": "invoice",
    "credit-notes": "note",
    "payments": "payment",
    "notices": "notice",
    "checkout-sessions": "session",
    "closings": "closing",
    "provisioning-requests": "request",
    "keys": "key",
    "visits": "visit",
    "users": "1",
    "invitations": "00000000-0000-7000-8000-000000000000",  # whoever's: what may not be asked is not looked for
}


def addresses(things):
    """(address of something that exists, methods that the document declares there)."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    for path, operations in schema["paths"].items():
        kind = path.removeprefix("/api/v1/").partition("/")[0]
        one = str(things.get(ONE_OF.get(kind, ""), ONE_OF.get(kind, "")))
        declared = {method.upper() for method in operations if method != "parameters"}
        yield re.sub(r"{\w+}", one, path), declared | ({"HEAD"} if "GET" in declared else set())


def test_only_declared_methods_are_answered_whoever_asks(things, as_alice, as_team, as_viewer):
    tried = 0
    with nothing_changes():
        for address, declared in addresses(things):
            assert "{" not in address
            for method in sorted(set(METHODS) - declared):
                for caller in (as_alice, as_team, as_viewer, Caller()):
                    answer = caller.client.generic(method, address, b"{}", content_type="application/json")
                    assert answer.status_code == 405, f"{method} {address}: {answer.status_code}"
                    assert set(answer["Allow"].split(", ")) == declared, f"{method} {address}: {answer['Allow']}"
                    tried += 1

    assert tried > 40 * 6 * 4


@pytest.mark.parametrize("below", ["", "auto-renew/", "events/", "periods/", "deletion/", "start/", "delete/"])
def test_the_verb_delete_deletes_no_resource(things, as_alice, below):
    address = f"/api/v1/resources/{things['resource']}/{below}"

    assert as_alice.client.delete(address, headers={"idempotency-key": "k"}).status_code == 405

    assert fresh(things["resource"]).state == State.ACTIVE


@pytest.mark.parametrize("address", ["", "schema/", "docs/"])
def test_the_documents_are_only_read(address):
    for method in set(METHODS) - {"GET", "HEAD"}:
        answer = Caller().client.generic(method, f"/api/v1/{address}")
        assert answer.status_code == 405, method
        assert "GET" in answer["Allow"]


def test_a_method_named_like_a_verb_is_refused_where_it_is_written():
    for verb in APIView.http_method_names:
        with pytest.raises(TypeError, match=f"Hasty: {verb} would answer that verb"):
            type("Hasty", (Endpoint,), {verb: lambda view, request: None})
