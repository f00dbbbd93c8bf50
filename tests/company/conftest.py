"""A company with a provider of its own, and who comes in by it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import Customer, Provider, User
from door.services import domains
from door.services.domains import add_domain, confirm_domain
from door.services.providers import Settings, set_provider, switch_provider
from tests.cast import LONG_AGO, NOON, owner_of
from tests.company.provider import CLIENT, PAGE, SECRET

DOMAIN = "alice.example"


@dataclass
class Told:
    """The provider's process, and what it is told."""

    url: str
    http: httpx.Client

    def says(self, email: str, *, sub: str = "", is_verified: object = True, **more: Any) -> Told:
        """Who comes next."""
        claims = {"sub": sub or f"sub of {email}", "email": email, "email_verified": is_verified}
        self.tell(says={**claims, **more.pop("claims", {})}, **more)
        return self

    def tell(self, **wanted: Any) -> None:
        assert self.http.post("/-/says", json=wanted).status_code == 204

    def called(self) -> list[str]:
        return self.http.get("/-/called").json()


@pytest.fixture(scope="session")
def process() -> Iterator[tuple[str, httpx.Client]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.company.provider"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        try:
            url = running.stdout.readline().strip()
            assert url, "the provider has not started"
            with httpx.Client(base_url=url, timeout=10, trust_env=False) as http:
                yield url, http
        finally:
            running.terminate()


@pytest.fixture
def idp(db, process, settings, monkeypatch) -> Told:
    """The provider as it is at the start; it stands on this machine, and so does the page of each domain."""
    url, http = process
    settings.PROVIDER_INSIDE_NETWORKS = ["127.0.0.0/8"]
    monkeypatch.setattr(domains, "page_of", lambda domain: f"{url}{PAGE}")
    cache.clear()
    told = Told(url, http)
    told.tell()
    return told


@pytest.fixture
def owner(alice) -> User:
    return member(alice, f"owner@{DOMAIN}", role="owner")


def member(customer: Customer | None, email: str, *, role: str = "viewer") -> User:
    return User.objects.create_user(email, "secret", customer=customer, role=role)


def wanted(idp: Told, **more: Any) -> Settings:
    return Settings(
        **{
            "issuer": idp.url,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "joins_as": "viewer",
            "trusts_factor": False,
            **more,
        }
    )


def set_up(customer: Customer, idp: Told, *, domain: str = DOMAIN, is_required: bool = False, **more: Any) -> Provider:
    """Set up, its domain confirmed, tried and switched on."""
    actor = owner_of(customer)
    provider = set_provider(customer, wanted(idp, **more), actor=actor, at=LONG_AGO)
    asked = add_domain(provider, domain, actor=actor, at=LONG_AGO)
    idp.tell(page=domains.token_of(asked))
    confirm_domain(asked, actor=actor, at=LONG_AGO)
    Provider.objects.filter(pk=provider.pk).update(tried_at=LONG_AGO)
    switched = switch_provider(provider, is_on=True, actor=actor, at=NOON)
    if is_required:
        Provider.objects.filter(pk=provider.pk).update(is_required=True)
    idp.tell()
    return switched


@pytest.fixture
def provider(alice, owner, idp) -> Provider:
    return set_up(alice, idp)


def browser(user: User | None = None) -> Client:
    client = Client(headers={"accept-language": "en"})
    if user is not None:
        client.force_login(user)
    return client


def way_out(answer: Any) -> str:
    """Where the page that leaves for the provider leads."""
    text = answer.content.decode()
    assert answer.status_code == 200, text
    return unescape(text.partition('content="0;url=')[2].partition('"')[0])


def go(client: Client, answer: Any) -> Any:
    """The browser goes to the provider and comes back; answers the page behind that."""
    said = httpx.get(way_out(answer), follow_redirects=False, trust_env=False)
    assert said.status_code == 302, said.text
    back = urlsplit(said.headers["Location"])
    return client.get(f"{back.path}?{back.query}")


def come_in(client: Client, address: str, *, then: str = "") -> Any:
    return go(client, client.post("/sign-in/company/", {"email": address, "next": then}))


def who(client: Client) -> User | None:
    """Who is signed in there."""
    pk = client.session.get("_auth_user_id")
    return User.objects.get(pk=pk) if pk else None


def bound(client: Client, user: User, idp: Told) -> Client:
    """`user` has come in by it once, and shown their password then."""
    idp.says(user.email)
    come_in(client, user.email)
    client.post("/sign-in/company/first/", {"password": "secret"})
    assert who(client) == user
    return client
