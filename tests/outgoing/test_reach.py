"""Who may name an address of ours to be called: nobody, unless the settings allow it."""

from __future__ import annotations

import socket
import time
from typing import Any

import httpcore
import httpx
import pytest

from lifecycle.provisioners import NotReached, WebhookProvisioner
from store import outgoing
from tests.outgoing.neighbours import answering, says

FINE = says(b"HTTP/1.1 204 Fine\r\n\r\n")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "ff02::1",
    ],
)  # fmt: skip
def test_inside_addresses(address: str) -> None:
    assert outgoing.is_inside(address)
    assert not outgoing.within_reach_of([])(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "103.1.208.1"])
def test_public_addresses(address: str) -> None:
    assert outgoing.within_reach_of([])(address)


def test_a_network_that_is_allowed_is_reached_and_its_neighbour_is_not() -> None:
    may_reach = outgoing.within_reach_of(["10.20.0.0/16"])
    assert (may_reach("10.20.3.4"), may_reach("::ffff:10.20.3.4"), may_reach("10.21.3.4")) == (True, True, False)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
def test_a_webhook_to_this_machine_is_refused_however_it_is_written(host: str) -> None:
    with answering(FINE) as port, pytest.raises(NotReached, match=r"inside address|no address"):
        WebhookProvisioner(f"http://{host}:{port}/", "secret").deliver({"id": "1"})


def test_a_webhook_to_an_inside_network_that_the_settings_allow_is_delivered(settings: Any) -> None:
    settings.WEBHOOK_INSIDE_NETWORKS = ["127.0.0.0/8"]
    arrived: list[bytes] = []

    def take(line: socket.socket) -> None:
        arrived.append(line.recv(65536))
        line.sendall(b"HTTP/1.1 204 Fine\r\n\r\n")

    with answering(take) as port:
        WebhookProvisioner(f"http://127.0.0.1:{port}/", "secret").deliver({"id": "1"})

    assert [request.partition(b"\r\n")[0] for request in arrived] == [b"POST / HTTP/1.1"]


def test_a_name_is_looked_up_once_and_what_was_looked_at_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that means a public address first and our own a moment later does not get there."""
    asked: list[str] = []
    original = socket.getaddrinfo

    def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        if host != "rebinding.example":
            return original(host, *args, **options)
        asked.append(host)
        return original("203.0.113.9" if len(asked) == 1 else "127.0.0.1", *args, **options)

    connected: list[str] = []

    def connect_tcp(self: Any, host: str, port: int, **options: Any) -> Any:
        connected.append(host)
        raise httpcore.ConnectError("not today")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect_tcp)
    allowed = outgoing.within_reach_of(["203.0.113.0/24"])
    with pytest.raises(httpx.ConnectError), outgoing.within(2):
        outgoing.client(allowed).post("http://rebinding.example/")
    assert (asked, connected) == (["rebinding.example"], ["203.0.113.9"])


def test_a_name_with_one_inside_address_among_others_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: answers)
    with pytest.raises(httpx.ConnectError, match=r"10\.0\.0\.1, an inside address"), outgoing.within(2):
        outgoing.client(outgoing.within_reach_of([])).get("http://mixed.example/")


def test_a_name_server_that_does_not_answer_costs_no_more_than_the_time_of_the_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def getaddrinfo(*_args: Any, **_options: Any) -> list[Any]:
        time.sleep(2)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    began = time.monotonic()
    with pytest.raises(httpx.TransportError), outgoing.within(0.3):
        outgoing.client().get("http://slow.example/")
    assert time.monotonic() - began < 1
