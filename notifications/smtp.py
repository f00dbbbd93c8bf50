"""Mail by SMTP, where a whole conversation has a deadline: a socket's own time-out begins again with every byte."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends import smtp

from store import outgoing

SECONDS = 30


class _Watched(smtplib.SMTP):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        line: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]  # the one place where smtplib opens a line
        outgoing.watch(line)
        return line


class _WatchedTLS(smtplib.SMTP_SSL, _Watched):
    """TLS from the first byte; the line under it is opened, and watched, before."""


class EmailBackend(smtp.EmailBackend):
    """Django's. To connect and sign in, and to hand over what is sent in one go, take `SECONDS` at most each."""

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _WatchedTLS if self.use_ssl else _Watched

    def open(self) -> bool | None:
        with outgoing.within(SECONDS):
            return super().open()

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        with outgoing.within(SECONDS):
            if self.connection is not None and self.connection.sock is not None:
                outgoing.watch(self.connection.sock)
            return super().send_messages(email_messages)
