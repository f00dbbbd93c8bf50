"""The database or Redis is away: pages say "in a moment", nobody waits twice, and all is well when it comes back."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import OperationalError
from django.test import Client
from redis.exceptions import RedisError

from billing_portal import circuit
from billing_portal.circuit import CircuitCache
from tests.owner import database_url


@pytest.fixture
def hanging() -> Iterator[tuple[str, list[Any]]]:
    """A server that takes every line and never says a word; its address, and the lines that it took."""
    lines: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            while True:
                try:
                    lines.append(server.accept()[0])
                except OSError:
                    return

        threading.Thread(target=take, daemon=True).start()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0", lines
        for line in lines:
            line.close()
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture(autouse=True)
def _closed_circuit() -> Iterator[None]:
    circuit.circuit.close()
    yield
    circuit.circuit.close()


def test_one_call_waits_for_a_redis_that_hangs_and_the_others_do_not(hanging) -> None:
    url, lines = hanging
    options = configured.CACHES["default"]["OPTIONS"] | {"socket_timeout": 0.3, "socket_connect_timeout": 0.3}
    cache = CircuitCache(url, {"OPTIONS": options})
    waited = []
    for _ in range(5):
        began = time.monotonic()
        with pytest.raises(RedisError):
            cache.get("anything")
        waited.append(time.monotonic() - began)
    assert 0.25 < waited[0] < 2
    assert max(waited[1:]) < 0.1
    assert len(lines) == 1


def test_after_a_while_one_call_tries_again_and_closes_the_circuit(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = CircuitCache(configured.REDIS_URL, {"OPTIONS": dict(configured.CACHES["default"]["OPTIONS"])})
    circuit.circuit.open()
    with pytest.raises(RedisError):
        cache.get("anything")
    monkeypatch.setattr(circuit.circuit, "_closed_from", time.monotonic() - 0.01)
    assert cache.get("nothing-of-that-name") is None
    assert circuit.circuit._closed_from == 0


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "words"), [("/", "<h1>"), ("/api/v1/me/", '"code": "busy"')])
def test_without_the_database_visitors_are_told_when_to_come_back(
    monkeypatch: pytest.MonkeyPatch, path: str, words: str
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", away)
    found = Client(raise_request_exception=False).get(path)
    assert (found.status_code, found["Retry-After"]) == (503, "5")
    assert words in found.content.decode()


def test_our_own_fault_is_still_a_500(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ValueError

    monkeypatch.setattr("django.contrib.sessions.middleware.SessionMiddleware.process_request", broken)
    found = Client(raise_request_exception=False).get("/")
    assert found.status_code == 500
    assert "Retry-After" not in found


POOLED = """
import django, psycopg, sys
django.setup()
from django.db import close_old_connections, connection
def pid():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]
assert connection.pool
first = pid()
connection.close()  # back into the pool
with psycopg.connect(sys.argv[1], autocommit=True) as other:
    other.execute("SELECT pg_terminate_backend(%s)", [first])
print(pid() != first)
"""


@pytest.mark.django_db
def test_a_pool_gives_no_line_that_the_database_has_closed() -> None:
    settings = {
        "DATABASE_URL": database_url(),
        "DATABASE_POOL": "1",
        "DJANGO_SETTINGS_MODULE": "billing_portal.settings",
    }
    found = subprocess.run(
        [sys.executable, "-c", POOLED, database_url()],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.stdout == "True\n", found.stderr
