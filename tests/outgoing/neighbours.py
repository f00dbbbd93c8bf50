"""Servers that answer as nobody should, on real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def answering(work: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port on this machine where each line is left to `work` in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                line, _address = listener.accept()
                threading.Thread(target=hold, args=(line,), daemon=True).start()

    def hold(line: socket.socket) -> None:
        with line, suppress(OSError):
            work(line)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()


def drips(text: bytes) -> Callable[[socket.socket], None]:
    """A byte every fifth of a second, over and over: each is in time, and it never ends."""

    def work(line: socket.socket) -> None:
        for byte in text * 1000:
            line.sendall(bytes([byte]))
            time.sleep(0.2)

    return work


def says(answer: bytes) -> Callable[[socket.socket], None]:
    def work(line: socket.socket) -> None:
        line.recv(65536)
        line.sendall(answer)

    return work


def pours(megabytes: int) -> Callable[[socket.socket], None]:
    """A good answer with a body without end."""

    def work(line: socket.socket) -> None:
        line.recv(65536)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        for _ in range(megabytes):
            line.sendall(b"x" * 2**20)

    return work
