"""A call has its time for the whole of it, whatever the other side does with single bytes."""

from __future__ import annotations

import smtplib
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.core.mail import EmailMessage

from lifecycle import provisioners
from lifecycle.provisioners import NotReached, WebhookProvisioner
from notifications import smtp
from payments.gateways import Unknown, zalopay
from payments.gateways.zalopay import ZaloPay
from store import outgoing
from tests.cast import NOON
from tests.outgoing.neighbours import answering, drips, pours, says

PAYLOAD = {"id": "018f"}


@pytest.fixture(autouse=True)
def _here_is_allowed(settings: Any) -> None:
    settings.WEBHOOK_INSIDE_NETWORKS = ["127.0.0.0/8"]


def seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def deliver(port: int, scheme: str = "http") -> None:
    WebhookProvisioner(f"{scheme}://127.0.0.1:{port}/hook", "secret").deliver(PAYLOAD)


@pytest.mark.parametrize(
    ("scheme", "text"), [("http", b"HTTP/1.1 200 OK\r\nX-Pad: x\r\n"), ("http", b"x"), ("https", b"\x16\x03\x03")]
)
def test_a_webhook_that_answers_byte_by_byte_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, scheme: str, text: bytes
) -> None:
    monkeypatch.setattr(provisioners, "SECONDS", 1)

    def try_it(port: int) -> None:
        with pytest.raises(NotReached):
            deliver(port, scheme)

    with answering(drips(text)) as port:
        assert seconds(lambda: try_it(port)) < 2


def test_a_webhook_that_does_not_listen_to_the_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the line and reads nothing: 10 MB do not fit into the buffers between."""
    monkeypatch.setattr(provisioners, "SECONDS", 1)
    with answering(lambda line: time.sleep(20)) as port, pytest.raises(NotReached, match="within 1 s"):
        provisioners._post(f"http://127.0.0.1:{port}/", b"x" * 10_000_000, {})


def test_of_an_answer_of_300_megabytes_nothing_is_kept() -> None:
    with answering(pours(300)) as port:
        tracemalloc.start()
        taken = seconds(lambda: deliver(port))
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (taken < 2, peak < 5_000_000) == (True, True)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(204, None), (302, "NotDelivered"), (404, "NotDelivered"), (429, "NotReached"), (503, "NotReached")],
)
def test_what_an_answer_means(status: int, kind: str | None) -> None:
    """A refusal is about this request; a server that fails or is busy takes none at the moment. Redirects are not followed."""
    with answering(
        says(f"HTTP/1.1 {status} Said\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n".encode())
    ) as port:
        if kind is None:
            deliver(port)
            return
        with pytest.raises(provisioners.NotDelivered) as failure:
            deliver(port)
    assert failure.type.__name__ == kind


def test_a_gateway_that_answers_byte_by_byte_has_said_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zalopay, "SECONDS", 1)
    with answering(drips(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b" " * 500)) as port:
        adapter = ZaloPay("g", f"http://127.0.0.1:{port}", 1, "key1", "key2", outgoing.client(), ("localhost",))
        began = time.monotonic()
        found = adapter.query(reference="260310_1", at=NOON)
    assert isinstance(found, Unknown)
    assert time.monotonic() - began < 2


def test_an_answer_that_is_longer_than_it_may_be_is_not_read_to_its_end() -> None:
    with (
        answering(pours(50)) as port,
        outgoing.within(5),
        outgoing.client().stream("GET", f"http://127.0.0.1:{port}/") as answer,
        pytest.raises(ValueError, match="too long"),
    ):
        outgoing.read_at_most(answer, 64_000)


@pytest.mark.parametrize("ssl", [False, True])
def test_a_mail_server_that_greets_byte_by_byte_is_cut_off(monkeypatch: pytest.MonkeyPatch, ssl: bool) -> None:
    monkeypatch.setattr(smtp, "SECONDS", 1)
    text = b"\x16\x03\x03" if ssl else b"220-wait"
    with answering(drips(text)) as port:
        server = smtp.EmailBackend(host="127.0.0.1", port=port, use_ssl=ssl, timeout=10)
        began = time.monotonic()
        with pytest.raises(OSError):  # noqa: PT011 - smtplib's, ssl's or the socket's: all of them are
            server.open()
    assert time.monotonic() - began < 2


def test_a_mail_server_that_stops_in_the_middle_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "SECONDS", 1)

    def greet_and_drip(line: Any) -> None:
        line.sendall(b"220 mail.example\r\n")
        line.recv(1000)
        line.sendall(b"250 mail.example\r\n")
        drips(b"250-x")(line)

    with answering(greet_and_drip) as port:
        server = smtp.EmailBackend(host="127.0.0.1", port=port, timeout=10)
        server.open()
        began = time.monotonic()
        with pytest.raises((smtplib.SMTPException, OSError)):
            server.send_messages([EmailMessage("subject", "body", to=["a@customer.example"])])
    assert time.monotonic() - began < 2


def test_mail_settings_lead_to_the_server_with_a_deadline() -> None:
    """The address names the scheme; whichever it is, the conversation is watched."""
    import environ

    named = environ.Env().email_url("X", default="smtp+tls://user:password@host:587")["EMAIL_BACKEND"]
    assert named == "django.core.mail.backends.smtp.EmailBackend", "the one that the settings replace"


def test_outside_of_a_deadline_nothing_is_called() -> None:
    with pytest.raises((LookupError, httpx.HTTPError)):
        outgoing.client().get("http://127.0.0.1:9/")
