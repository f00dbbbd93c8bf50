"""
What gunicorn refuses by itself, before Django sees it, it refuses as the API does: nobody knows yet who was meant. Its access log, where one
is wanted, has no secrets of addresses.
"""

from __future__ import annotations

import json
import socket
from http import HTTPStatus

from gunicorn import util
from gunicorn.glogging import Logger

CODES = {414: "address-too-long", 431: "headers-too-large", 500: "internal-error"}


class DiscreetLogger(Logger):  # type: ignore[misc]  # it has no types
    def atoms(self, *request: object) -> dict[str, object]:
        from store.secret_paths import redacted  # in a worker, which has loaded the portal

        atoms: dict[str, object] = super().atoms(*request)
        return {name: redacted(atom) if isinstance(atom, str) else atom for name, atom in atoms.items()}


logger_class = DiscreetLogger


def post_fork(server: object, worker: object) -> None:
    """gunicorn calls this in each new worker; its own answers are HTML."""
    del server, worker
    util.write_error = write_problem


def write_problem(client: socket.socket, status: int, reason: str, message: str) -> None:
    """Problem details (RFC 9457), after which the connection ends."""
    title = HTTPStatus(status).phrase
    problem = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "code": CODES.get(status, "malformed-request"),
        "detail": (message or reason)[:500],
    }
    body = json.dumps(problem).encode()
    head = (
        f"HTTP/1.1 {status} {title}\r\n"
        "Connection: close\r\n"
        "Cache-Control: no-store\r\n"
        "Content-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    util.write_nonblock(client, head.encode("latin1") + body)
