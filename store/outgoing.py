"""
Calls to the outside: a deadline for the whole of each, a bound on the answer, and an address that was looked at.

The time-out of a socket begins again with every byte, and so does that of TLS and of SMTP. Here the time is counted once,
from looking up the name to the last byte of the answer: when it is over, whatever lines were opened are cut. Every call has a
line of its own; one that was kept open may have been closed at the other end, and nobody could say what became of the call.

Where somebody else named the address, a client `within_reach_of` nothing but the public internet calls it: the name is
resolved, every address of it is looked at, and exactly those are connected to, so a name cannot mean another house later.
"""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from threading import Thread, Timer

import certifi
import httpcore
import httpx

Network = IPv4Network | IPv6Network
NAT64 = IPv6Network("64:ff9b::/96")
CONNECT_SECONDS = 3


class Deadline:
    """Cuts the lines that it was shown when its time is over."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._ends = time.monotonic() + seconds
        self._lines: list[socket.socket] = []
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    @property
    def left(self) -> float:
        return max(self._ends - time.monotonic(), 0.001)

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._ends

    def watch(self, line: socket.socket) -> None:
        """A second handle on the line stays ours, however it is wrapped later."""
        self._lines.append(socket.socket(fileno=os.dup(line.fileno())))
        if self.is_over:
            self._cut()

    def end(self) -> None:
        self._timer.cancel()
        for line in self._lines:
            line.close()

    def _cut(self) -> None:
        for line in self._lines:
            with suppress(OSError):  # closed by now
                line.shutdown(socket.SHUT_RDWR)


_deadline: ContextVar[Deadline] = ContextVar("deadline")


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """
    What is called in here has `seconds` altogether.

    :raises httpx.ReadTimeout: it took longer
    """
    deadline = Deadline(seconds)
    token = _deadline.set(deadline)
    try:
        yield
    except httpx.TransportError as failure:
        if deadline.is_over:
            raise httpx.ReadTimeout(f"no whole answer within {seconds:g} s") from failure
        raise
    finally:
        _deadline.reset(token)
        deadline.end()


def watch(line: socket.socket) -> None:
    """Cut this line as well when the time of the present call is over."""
    _deadline.get().watch(line)


def read_at_most(response: httpx.Response, size: int) -> bytes:
    """
    The body, which we asked for as it is: what comes packed may be small and unpack to anything.

    :raises ValueError: it is longer, or packed
    """
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise ValueError("answer is packed")
    content = b""
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > size:
            raise ValueError("answer too long")
    return content


def client(may_reach: Callable[[str], bool] = lambda address: True) -> httpx.Client:
    """
    Calls `within` a deadline, with a new line for each, through no proxy, following no redirect.

    :param may_reach: asked for every address of a host before any is connected to
    """
    return httpx.Client(transport=_Transport(may_reach), headers={"Accept-Encoding": "identity"}, trust_env=False)


def within_reach_of(inside: Iterable[str]) -> Callable[[str], bool]:
    """Public addresses, and those of the networks `inside`."""
    networks = [ip_network(network) for network in inside]
    return lambda address: any(_is_in(address, network) for network in networks) or not is_inside(address)


def is_inside(address: str) -> bool:
    """Of this machine, this link, a private range, or none that a public host can have; also wrapped into IPv6."""
    ip = _meant_by(address)
    return not ip.is_global or ip.is_multicast


def _is_in(address: str, network: Network) -> bool:
    return _meant_by(address) in network


def _meant_by(address: str) -> IPv4Address | IPv6Address:
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip in NAT64:
            return IPv4Address(int(ip) & 0xFFFFFFFF)
        return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)
    return ip


class _Backend(httpcore.NetworkBackend):
    """Opens lines to addresses that may be reached, in the time that is left."""

    def __init__(self, may_reach: Callable[[str], bool]) -> None:
        self._may_reach = may_reach
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[object] | None = None,
    ) -> httpcore.NetworkStream:
        deadline = _deadline.get()
        addresses = _addresses_of(host, port, deadline)
        if refused := [address for address in addresses if not self._may_reach(address)]:
            raise httpcore.ConnectError(f"{host} is {refused[0]}, an inside address that nobody has allowed")
        for address in addresses[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return self._open(address, port, deadline)
        return self._open(addresses[-1], port, deadline)

    def _open(self, address: str, port: int, deadline: Deadline) -> httpcore.NetworkStream:
        stream = self._sockets.connect_tcp(address, port, timeout=min(deadline.left, CONNECT_SECONDS))
        deadline.watch(stream.get_extra_info("socket"))
        return stream


def _addresses_of(host: str, port: int, deadline: Deadline) -> Sequence[str]:
    """Looked up in a thread, because a name server may take its time and cannot be cut off."""
    found: list[str] = []

    def look_up() -> None:
        with suppress(OSError, UnicodeError):
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(answer[4][0]) for answer in answers))

    thread = Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(deadline.left)
    if not found:
        raise httpcore.ConnectError(f"no address for {host}")
    return list(found)


class _Transport(httpx.HTTPTransport):
    """httpx's own, over our backend; it offers no argument for that."""

    def __init__(self, may_reach: Callable[[str], bool]) -> None:
        super().__init__(verify=_tls(), trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=_tls(), network_backend=_Backend(may_reach), max_connections=None, max_keepalive_connections=0
        )


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certifi.where())
