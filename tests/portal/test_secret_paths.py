"""What opens an account, or a payment, stands in the address of a mail and in no log."""

from __future__ import annotations

import json
import logging
import re
from types import SimpleNamespace

import pytest
from django.urls import reverse
from gunicorn.config import Config

from billing_portal.logs import JsonFormatter
from door.marks import mark_of
from kernel.ids import new_id
from stack.web import DiscreetLogger
from store.secret_paths import OPENING, redacted, routes

SECRET = mark_of("sign-up", new_id())
PAGES = [
    reverse("sign-up-confirm", args=[SECRET]),
    reverse("address-confirm", args=[SECRET]),
    reverse("account_reset_password_from_key", kwargs={"uidb36": "1z", "key": SECRET}),
    reverse("payer-door", args=[SECRET]),
]


def test_the_routes_that_open_something():
    assert {route for route in routes() if OPENING in route} == {
        "sign-up/<secret:mark>/",
        "address/<secret:mark>/",
        "invitations/<secret:mark>/",
        "password/new/<base36:uidb36>-<secret:key>/",
        "pay/<secret:token>/",
        "recipients/<secret:token>/",
        "stop/<secret:mark>/",
    }


def test_no_other_route_has_a_part_that_sounds_like_it():
    named = {route for route in routes() for name in re.findall(r"<(?!secret:)[\w:]*?(\w+)>", route) if name in SOUNDS}
    assert named == {"downloads/<uuid:token>/"}, "how far one's own download is, for its customer alone"


SOUNDS = {"mark", "token", "key", "secret", "digest"}


@pytest.mark.parametrize("page", PAGES)
def test_a_line_of_the_log_does_not_have_it(page):
    record = logging.makeLogRecord(
        {"name": "django.request", "msg": "Gone: %s", "args": (page,), "path": f"{page}?a=b"}
    )
    line = json.loads(JsonFormatter().format(record))
    assert SECRET not in str(line)
    assert line["path"].endswith("/?a=b")
    assert "…" in line["message"]


@pytest.mark.parametrize("page", PAGES)
def test_the_access_log_of_the_web_server_does_not_have_it(page):
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": page,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_REFERER": f"https://b.example{page}",
    }
    answer = SimpleNamespace(status="200 OK", sent=1, headers=[])
    request = SimpleNamespace(headers=[("REFERER", environ["HTTP_REFERER"])])
    took = SimpleNamespace(seconds=0, microseconds=1)
    atoms = DiscreetLogger(Config()).atoms(answer, request, environ, took)
    assert SECRET not in str(atoms)
    assert atoms["m"] == "GET"


@pytest.mark.parametrize("line", ["/invoices/?page=2", "no path", "/settings/address/", "/sign-up/"])
def test_other_lines_stay(line):
    assert redacted(line) == line
