"""The sandbox, a merchant and a portal on real sockets, for tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from flask import Flask, Response, jsonify, request
from werkzeug.serving import make_server

from sandbox.config import Config
from sandbox.web import create_app

APP_ID = 2554  # the vendor's public sandbox credentials
KEY1 = "sdngKKJmqEMzvh5QQcdD2A9XBSKUNaYn"
KEY2 = "trMrHtvjo6myautxDUiAcYsVtaeQ8nhf"


@contextmanager
def serving(build: Callable[[str], Any]) -> Iterator[str]:
    """Serve `build(url)` on a free port, a thread per request; gives the url."""
    server = make_server("127.0.0.1", 0, lambda environ, start: [], threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    server.app = build(url)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Sandbox:
    url: str
    config: Config
    http: httpx.Client

    def fault(self, call: str, fault: str, **more: Any) -> None:
        answer = self.http.post("/admin/faults", json={"call": call, "fault": fault, **more})
        assert answer.status_code == 201, answer.text

    def rotate(self, *, overlap_s: float, **keys: str) -> None:
        """The merchant gets new keys."""
        answer = self.http.post("/admin/keys", json={"overlap_s": overlap_s, **keys})
        assert answer.status_code == 204, answer.text

    def press(self, order_url: str, action: str) -> httpx.Response:
        """What the customer does on the payment page."""
        return self.http.post(order_url, data={"action": action})

    def oracle(self, reference: str | None = None) -> dict[str, Any]:
        return self.http.get("/admin/oracle", params={"reference": reference} if reference else {}).json()

    def told_all(self) -> Sandbox:
        """Wait until nothing that it has to tell is on its way: what follows happens while nobody else moves."""
        until(lambda: all(told["state"] != "pending" for told in self.oracle()["callbacks"]))
        return self

    def debited(self, reference: str) -> tuple[int, int]:
        """(how often, how much) the order was really debited."""
        (order,) = self.oracle(reference)["references"]
        return order["debits"], order["debited"]


@contextmanager
def running_sandbox(folder: Path, **settings: Any) -> Iterator[Sandbox]:
    made: list[Any] = []

    def build(url: str) -> Any:
        defaults: dict[str, Any] = {"callback_gap_s": 0.1, "refund_takes_s": 0.3}
        config = Config(
            db=folder / "sandbox.sqlite3",
            public_url=url,
            app_id=APP_ID,
            key1=KEY1,
            key2=KEY2,
            **{**defaults, **settings},
        )
        made.append(create_app(config))
        return made[0]

    with serving(build) as url, httpx.Client(base_url=url, timeout=10, trust_env=False) as http:
        yield Sandbox(url, made[0].config["SANDBOX"], http)
        made[0].config["WORKER"].stop()


@dataclass
class Merchant:
    """Takes callbacks and answers each with the next of `answers`, then with 1."""

    url: str = ""
    answers: list[Any] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)
    beside: list[dict[str, str]] = field(default_factory=list)
    """The headers of each."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def app(self, url: str) -> Flask:
        self.url, app = url, Flask("merchant")

        @app.route("/callback", methods=["GET", "POST"])
        def callback() -> Response:
            body = request.query_string if request.method == "GET" else request.get_data()
            with self.lock:
                self.received.append(body)
                self.beside.append(dict(request.headers))
            answer = self.answers.pop(0) if self.answers else 1
            if answer == "500":
                return Response("", 500)
            return jsonify(return_code=answer, return_message="")

        return app


def until(wanted: Callable[[], Any], *, within_s: float = 8.0) -> Any:
    """Wait until something is so; gives it."""
    deadline = time.monotonic() + within_s
    while not (found := wanted()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.03)
    return found
