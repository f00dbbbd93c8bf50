"""How the tests of pages look at the portal: signed in as somebody, in English, at a known instant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.test import Client

from accounts.may import Role
from accounts.models import Customer
from kernel import clock
from tests.cast import make_user


def signed_in(customer: Customer | None, role: str = Role.OWNER) -> Client:
    """A browser of one of the customer's users, reading English."""
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user(customer, role=role))
    return client


@contextmanager
def the_time_being(at: datetime) -> Iterator[None]:
    """All pages read `at` from the clock."""
    with clock.replaced(lambda: at):
        yield


def said(response) -> list[str]:
    """The messages that the next page shows."""
    return [str(message) for message in response.wsgi_request._messages]
