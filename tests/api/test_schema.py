"""The document that clients are generated from, and the page that shows it."""

from __future__ import annotations

import json
import re

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from billing_portal.api import document
from tests.api.conftest import Caller, done

PROBLEM = {"schema": {"$ref": "#/components/schemas/Problem"}}


@pytest.fixture(scope="module")
def schema():
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(schema):
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_the_schema_is_valid_and_without_warnings(tmp_path):
    written = tmp_path / "schema.yml"

    call_command("spectacular", validate=True, fail_on_warn=True, file=str(written))  # raises for either

    assert written.read_text().startswith("openapi: 3.")


def test_every_operation_tells_of_its_problems(schema):
    for name, operation in operations(schema):
        responses = operation["responses"]
        assert any(status.startswith("2") for status in responses), name
        wanted = {"400", "401", "403", "404", "429"} | ({"409", "415", "422"} if name.startswith("post") else set())
        assert wanted <= set(responses), name
        for status in wanted:
            assert responses[status]["content"] == {"application/problem+json": PROBLEM}, name
        assert operation["security"], name
        assert operation["description"], name


def test_every_write_takes_an_idempotency_key_and_money_requires_it(schema):
    required = set()
    for name, operation in operations(schema):
        keys = [one for one in operation.get("parameters", []) if one["name"] == "Idempotency-Key"]
        shows_a_secret_once = name in {"post /api/v1/keys/", "post /api/v1/keys/{id}/rotate/"}
        assert len(keys) == (name.startswith("post") and not shows_a_secret_once), name
        required |= {name for key in keys if key.get("required")}
    assert required == {
        "post /api/v1/orders/",
        "post /api/v1/orders/{id}/pay/",
        "post /api/v1/top-ups/",
        "post /api/v1/bank-transfers/",
        "post /api/v1/invoices/pay/",
    }


def test_a_write_that_says_something_needs_its_body(schema):
    for name in ("quotes", "checkout-sessions", "orders", "keys"):
        assert schema["paths"][f"/api/v1/{name}/"]["post"]["requestBody"]["required"] is True, name


def test_a_write_of_which_everything_can_be_left_out_needs_no_body(schema):
    assert schema["paths"]["/api/v1/automatic-charges/stop/"]["post"]["requestBody"]["required"] is False


def test_where_to_pay_stands_in_the_seller_as_it_is_told(schema):
    words = {"type": "object", "additionalProperties": {"type": "string"}}
    seller = schema["components"]["schemas"]["InvoiceDetail"]["properties"]["seller"]
    assert (seller["additionalProperties"], seller["properties"]) == ({"type": "string"}, {"bank": words})


def test_the_schema_is_public(db):
    answer = Client().get("/api/v1/schema/")

    assert answer.status_code == 200
    assert json.loads(answer.content)["info"]["title"] == "Billing Portal"
    assert b"openapi: 3.0" in Client().get("/api/v1/schema/?format=yaml").content
    assert Client().get("/api/v1/schema/?format=xml").status_code == 400


def test_the_schema_is_made_once_per_language(db, monkeypatch):
    made = []
    monkeypatch.setattr(SchemaGenerator, "get_schema", lambda *_, **options: made.append(options) or {"openapi": "3.0"})
    document.cache_clear()

    for language in ("en", "vi", "en", "vi"):
        Client(headers={"accept-language": language}).get("/api/v1/schema/")
    document.cache_clear()

    assert len(made) == 2


def test_the_root_leads_everywhere(db):
    places = done(Caller().get(""))

    assert {"orders", "resources", "wallet", "docs", "schema", "provisioning-requests"} <= set(places)
    assert places["orders"] == "http://testserver/api/v1/orders/"


@pytest.mark.django_db(transaction=True)
@pytest.mark.browser
def test_the_documentation_page_works_under_its_policy(live_server, chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page()
        foreign, complaints = [], []
        page.on("request", lambda one: foreign.append(one.url) if not one.url.startswith(live_server.url) else None)
        page.on("console", lambda one: complaints.append(one.text) if one.type == "error" else None)
        page.goto(f"{live_server.url}/api/v1/docs/")
        page.locator(".opblock").nth(5).wait_for(timeout=60_000)
        browser.close()

    assert [url for url in foreign if not url.startswith("data:")] == []
    assert complaints == []


def test_what_is_something_to_read_is_said_character_by_character(schema):
    """The document's pattern and the portal agree on each, so that what is well formed is taken."""
    parameters = schema["paths"]["/api/v1/invoices/"]["get"]["parameters"]
    pattern = re.compile(next(each["schema"]["pattern"] for each in parameters if each["name"] == "after"))
    characters = [chr(code) for code in range(1, 0x10000) if not 0xD800 <= code < 0xE000]
    described = [each for each in characters if pattern.search(each)]
    assert described == [each for each in characters if each.strip()]
