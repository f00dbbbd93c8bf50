"""
Services, models and queries are told the time and who asks. They know no request, no REST framework and no worker.

So a replay, a test and a rehearsal are ordinary calls, and every surface asks the same.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.structure.layers import ROOT, modules

ROOMS = {"services", "models", "queries"}
STRANGERS = (
    "kernel.clock",
    "django.http",
    "httpx",
    "requests",
    "urllib.request",
    "rest_framework",
    "celery",
    "django.utils.timezone",
)
CLOCKS = {"timezone.now", "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "clock.now"}


def strangers_in(code: str) -> list[str]:
    """What has no place in a service, a model or a query."""
    tree = ast.parse(code)
    imported = [name for name in imports_of(tree) if name.startswith(STRANGERS) and not name.startswith("requests_")]
    called = {".".join(dotted(node.func)[-2:]) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return sorted({*imported, *(called & CLOCKS)})


def imports_of(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def dotted(node: ast.AST) -> list[str]:
    """`datetime.datetime.now` as its parts."""
    if isinstance(node, ast.Attribute):
        return [*dotted(node.value), node.attr]
    return [node.id] if isinstance(node, ast.Name) else [""]


def test_services_models_and_queries_know_no_clock_no_http_and_no_worker() -> None:
    found = {
        str(path.relative_to(ROOT)): strangers
        for _app, path in modules()
        if ROOMS & {*path.parts, path.stem} and (strangers := strangers_in(path.read_text()))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("from kernel import clock", "kernel.clock"),
        ("from kernel.clock import now", "kernel.clock.now"),
        ("from django.utils import timezone", "django.utils.timezone"),
        ("at = timezone.now()", "timezone.now"),
        ("at = datetime.now(UTC)", "datetime.now"),
        ("at = datetime.datetime.now()", "datetime.now"),
        ("day = date.today()", "date.today"),
        ("began = time.time()", "time.time"),
        ("from django.http import HttpRequest", "django.http.HttpRequest"),
        ("import httpx", "httpx"),
        ("from rest_framework import serializers", "rest_framework.serializers"),
        ("from celery import shared_task", "celery.shared_task"),
    ],
)
def test_a_planted_stranger_is_found(code: str, found: str) -> None:
    assert strangers_in(code) == [found]


def test_a_deadline_may_be_kept_by_the_machines_clock() -> None:
    assert strangers_in("import time\nends = time.monotonic() + 5") == []
