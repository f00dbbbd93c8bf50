"""What no endpoint answers, below /api/, is a problem all the same."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.api.conftest import refused


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/v2/orders/", "/api/v1/nothing/", "/api/v1/orders", "/api/v1//"]
)
def test_what_is_not_there(db, path):
    for method in ("GET", "POST", "DELETE"):
        refused(Client().generic(method, path), 404, "not-found")


@pytest.mark.parametrize("host", ["evil.example", "a b", "[::zz]"])
def test_a_host_that_is_not_ours(db, host):
    refused(Client().get("/api/v1/orders/", headers={"host": host}), 400, "bad-request")
    assert Client().get("/login/", headers={"host": host})["Content-Type"].startswith("text/html")
