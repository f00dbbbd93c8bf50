"""What the web server refuses before the portal sees it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stack.start import Place, web


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = ["--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--no-control-socket"]
    command = [sys.executable, "-m", "gunicorn", *options, "--config", "python:stack.web", "tests.stack.tiny"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
        server.terminate()


def ask(port: int, request: bytes) -> tuple[bytes, bytes]:
    with socket.create_connection(("127.0.0.1", port), 30) as line:
        line.sendall(request)
        answer = b"".join(iter(lambda: line.recv(65_536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    return head, body


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        (b"GET /api/v1/orders/?search=" + b"x" * 5000 + b" HTTP/1.1\r\n\r\n", 414, "address-too-long"),
        (b"GET / HTTP/1.1\r\nX-Long: " + b"x" * 20_000 + b"\r\n\r\n", 431, "headers-too-large"),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: odd\r\n\r\n", 501, "malformed-request"),
        (b"nonsense\r\n\r\n", 400, "malformed-request"),
        (b"G\xc3\xa9T / HTTP/1.1\r\n\r\n", 400, "malformed-request"),
    ],
    ids=["address", "headers", "transfer", "no http", "method"],
)
def test_it_refuses_as_the_api_does(port, request_, status, code):
    head, body = ask(port, request_)

    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"Content-Type: application/problem+json" in head
    problem = json.loads(body)
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, "about:blank")
    assert problem["title"]
    assert problem["detail"]


def test_all_else_reaches_the_application(port):
    head, body = ask(port, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

    assert (head.split(b"\r\n")[0], body) == (b"HTTP/1.1 200 OK", b"fine")


def test_the_portal_is_served_like_that():
    command = web(Place("127.0.0.1", 8000, Path("/tmp"))).command

    assert command[command.index("--config") + 1] == "python:stack.web"
