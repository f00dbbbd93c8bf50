"""The portal as a WSGI application in this process, which takes back every request and notes what must never be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections, transaction

from tests.auditing import broken_books

READS = {"GET", "HEAD", "OPTIONS", "TRACE"}
REGISTERED = {"/api/v1/privacy-requests/take/"}
"""Who takes a copy of what is kept is put on the register that the law asks for: the only reading that leaves a trace."""


@dataclass
class Portal:
    """
    Every request finds the same world: what it wrote is taken back. Before that, `findings` notes a read that wrote, a
    write that left the books wrong, a failure of ours, an answer with `secret` in it.
    """

    secret: str
    findings: list[str] = field(default_factory=list)
    requests: int = 0
    succeeded: int = 0

    def __post_init__(self) -> None:
        self.application = WSGIHandler()
        self.database = connections["default"]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        connections["default"] = self.database  # whatever thread calls: the transaction of the test
        environ.pop("HTTP_ACCEPT_ENCODING", None)  # what is compressed is not looked into
        self.requests += 1
        asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        before_all = transaction.savepoint()  # no block: what must be the outermost may be
        try:
            before = _rows_written()
            answer: Any = self.application(environ, start_response)
            body = b"".join(answer)
            wrote = _rows_written() - before
            self.findings += [f"{asked}: {said}" for said in self._wrong(environ, answer.status_code, body, wrote)]
        finally:
            transaction.savepoint_rollback(before_all)
            self.database.run_on_commit.clear()
        answer.close()
        return [body]

    def _wrong(self, environ: dict[str, Any], status: int, body: bytes, wrote: int) -> Iterator[str]:
        self.succeeded += status < 300
        if status >= 500 and status != 503:
            yield f"{status} {body[:200]!r}"
        if wrote and environ["REQUEST_METHOD"] in READS and environ["PATH_INFO"] not in REGISTERED:
            yield f"wrote {wrote} rows"
        if self.secret.encode() in body:
            yield f"shows {self.secret}"
        if wrote and status < 300:
            yield from broken_books()


def _rows_written() -> int:
    """By the present transaction so far, as the database counts them."""
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint FROM pg_stat_xact_user_tables")
        return int(cursor.fetchone()[0] or 0)


@contextmanager
def one_connection() -> Iterator[None]:
    """Another thread works in the transaction of this one."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    connections["default"].inc_thread_sharing()
    try:
        yield
    finally:
        connections["default"].dec_thread_sharing()
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)
