"""
Services, models and queries are told the time and who asks. They know no request, no REST framework and no worker.

So a replay, a test and a rehearsal are ordinary calls, and every surface asks the same. Surfaces, for their part, write nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.structure.layers import ROOT, modules

ROOMS = {"services", "models", "queries"}
SURFACES = {"views", "api", "admin", "tasks"}
MECHANISM = {"accounts/admin/base.py", "accounts/admin/tasks.py"}
"""How every row is edited, and that a form that is sent twice is carried out once."""
WRITES = {
    "create",
    "bulk_create",
    "get_or_create",
    "update",
    "bulk_update",
    "update_or_create",
    "delete",
    "select_for_update",
}
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
    if isinstance(node, ast.Call):
        return dotted(node.func) if isinstance(node.func, ast.Attribute) else [""]
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


def writes_in(code: str) -> list[str]:
    """Calls that write rows or hold them, and traces of acts: each is a service's."""
    calls = [dotted(node.func) for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    direct = [call for call in calls if call[-1] in WRITES and {"objects", "_default_manager"} & {*call}]
    return sorted(".".join(call) for call in [*direct, *(call for call in calls if call[-1] == "record_audit")])


def test_pages_the_api_and_jobs_write_nothing_themselves() -> None:
    found = {
        place: writes
        for _app, path in modules()
        if SURFACES & {*path.relative_to(ROOT).parts, path.stem}
        and (place := str(path.relative_to(ROOT))) not in MECHANISM
        and (writes := writes_in(path.read_text()))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("Notice.objects.create(kind='x')", "Notice.objects.create"),
        ("Key.objects.filter(pk=1).exclude(x=2).update(revoked_at=at)", "Key.objects.filter.exclude.update"),
        ("type(key)._default_manager.filter(pk=1).update(x=1)", "._default_manager.filter.update"),
        ("Order.objects.select_for_update().get(pk=1)", "Order.objects.select_for_update"),
        ("record_audit(Did.REVOKE_KEY, key, actor=actor, at=at, reason='')", "record_audit"),
    ],
)
def test_a_planted_write_is_found(code: str, found: str) -> None:
    assert writes_in(code) == [found]
