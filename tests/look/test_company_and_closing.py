"""
Every page on which a company sets its own sign-in up, on which its people come in by it, and on which an account is closed: with a provider
that answers, at 390 and 1440 px, light and dark, in both languages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import Customer, Provider, ProviderDomain, User
from catalog.models import Item
from door.services.domains import token_of
from orders.services.delete import delete_resource, purge_resource
from payments.services.wallet import wallet_of
from team.services.closing import close_due
from tests.browser.conftest import browser
from tests.browser.everything import EVERY_LOOK, Examiner
from tests.cast import DAY, NOON, create, fund, make_customer, make_user
from tests.company.conftest import DOMAIN, Told, bound, come_in, go, idp, member, process
from tests.company.provider import CLIENT, SECRET
from tests.look.looks import Looks, browser_of, is_page, looks, own_connections
from tests.portal.seen import the_time_being
from tests.portal.test_second_factor import code_of
from tests.portal.test_second_factor import set_up as set_up_factor

__all__ = ["browser", "idp", "looks", "own_connections", "process"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db]
Pages = Iterator[tuple[str, Any]]
SET_UP, DOOR, FIRST = reverse("company"), reverse("company-door"), reverse("company-first")
LAN, MINH, HOA = (f"{name}@{DOMAIN}" for name in ("lan", "minh", "hoa"))


@pytest.fixture(params=["vi", "en"])
def language(request: pytest.FixtureRequest, looks: Looks) -> str:
    """Where words alone are others, it is looked at for what does not fit."""
    looks.examiner = Examiner(EVERY_LOOK if request.param == "vi" else ())
    return str(request.param)


def client_of(language: str, user: User | None = None) -> Client:
    client = browser_of(user, language)
    client.cookies["django_language"] = language
    return client


def look_at(pages: Pages, looks: Looks) -> None:
    for name, first in pages:
        answer = first
        while answer.status_code in {302, 303}:
            answer = answer.client.get(answer["Location"])
        assert is_page(answer), name
        looks.at(name, answer)
    assert looks.faults == {}


def staying(answer: HttpResponse) -> HttpResponse:
    """The page from which the browser goes on by itself, as it is until then."""
    answer.content = answer.content.replace(b'http-equiv="refresh"', b'name="refresh"')
    return answer


def setting_up(owner: User, idp: Told, language: str) -> Pages:
    """From nothing until it is required, and what is refused on the way."""
    client = client_of(language, owner)
    typed = {"issuer": idp.url, "client_id": CLIENT, "client_secret": SECRET, "joins_as": "viewer"}

    def send(path: str, **data: object) -> Any:
        page = {"referer": f"http://localhost{SET_UP}"}
        return client.post(f"{SET_UP}{path}", {"for_customer": str(owner.customer.pk), **data}, headers=page)

    yield "nothing", client.get(SET_UP)
    yield "form", client.get(f"{SET_UP}set-up/")
    yield "form-refused", send("set-up/", **typed | {"issuer": f"{idp.url}/nothing", "client_id": ""})
    yield "set-up", send("set-up/", **typed)
    yield "form-again", client.get(f"{SET_UP}set-up/")
    yield "no-domain", send("domains/", name="nothing")
    yield "domain", send("domains/", name=DOMAIN)
    domain = ProviderDomain.objects.get()
    yield "domain-elsewhere", send(f"domains/{domain.pk}/check/")
    idp.tell(page=token_of(domain))
    yield "confirmed", send(f"domains/{domain.pk}/check/")
    yield "not-tried", send("switch/", way="optional")
    idp.says("another@elsewhere.example")
    yield "tried-as-somebody-else", go(client, send("try/"))
    idp.says(owner.email)
    yield "tried", go(client, send("try/"))
    yield "optional", send("switch/", way="optional")
    yield "no-way-back", send("switch/", way="required")
    secret = set_up_factor(client)
    yield "required", send("switch/", way="required")
    client.post("/login/", {"username": owner.email, "password": "secret"})
    yield "required-with-code", client.post("/sign-in/code/", {"code": code_of(secret), "next": SET_UP})
    client.post(reverse("account_reauthenticate"), {"oldpassword": "secret"})
    ProviderDomain.objects.update(missing_since=NOON)
    yield "page-missing", client.get(SET_UP)
    yield "last-domain", send(f"domains/{domain.pk}/remove/")
    yield "sessions", client.get(reverse("usersessions_list"))
    idp.tell(status=503)
    yield "off", send("switch/", way="off")
    idp.tell()
    send("switch/", way="required")


def coming_in(owner: User, idp: Told, language: str) -> Pages:
    """By a provider that is required: whoever is new, whoever has a password, and who is not let in."""
    customer, client = owner.customer, client_of(language)
    yield "door", client.get(DOOR)
    yield "door-no-company", client.post(DOOR, {"email": "lan@nowhere.example"})
    idp.says(LAN)
    yield "leave", staying(client.post(DOOR, {"email": LAN}))
    yield "first-new", come_in(client, LAN)
    yield "first-not-agreed", client.post(FIRST, {"next": ""})
    yield "home", client.post(FIRST, {"agrees": "on"})
    yield "again", client.get(f"{reverse('company-again')}?next=/")
    yield "signed-out", client.post(reverse("account_logout"))

    minh = member(customer, MINH)
    client = client_of(language)
    yield "password-is-not-enough", client.post("/login/", {"username": MINH, "password": "secret"})
    idp.says(MINH)
    yield "first-known", come_in(client, MINH)
    yield "first-guessed", client.post(FIRST, {"password": "guessed"})
    bound(client, minh, idp)
    yield "sessions-of-theirs", client.get(reverse("usersessions_list"))
    yield "again-as-somebody-else", go(client, _again(client, idp.says(LAN)))

    member(make_customer("Another", language=language), HOA)
    idp.says(HOA)
    yield "first-of-another", come_in(client_of(language), HOA)
    Provider.objects.update(joins_as="")
    yield "not-invited", come_in(client_of(language), HOA)
    idp.says("lan@elsewhere.example")
    yield "foreign", come_in(client_of(language), LAN)
    idp.says(LAN, is_verified=False)
    yield "unverified", come_in(client_of(language), LAN)
    idp.says(LAN, hostile="other key")
    yield "not-signed", come_in(client_of(language), LAN)
    idp.tell(status=503)
    yield "away", client_of(language).post(DOOR, {"email": LAN})
    back = reverse("company-back", args=[Provider.objects.get().pk])
    yield "stale", client.get(f"{back}?state=x&code=y")
    yield "stale-first", client_of(language).get(FIRST)
    idp.tell()
    leaver = client_of(language)
    yield "given-up", go(leaver, leaver.post(DOOR, {"email": LAN}))


def closing(owner: User, small: Item, language: str) -> Pages:
    """What stands in the way, asked for, waited for, thought better of, asked for again, closed."""
    customer, client, page = owner.customer, client_of(language, owner), reverse("closing")
    fund(customer, 1_000_000)
    (server,) = create(customer, small)
    yield "in-the-way", client.get(page)
    delete_resource(server.pk, actor=owner.actor, at=NOON)
    purge_resource(server.pk, actor=owner.actor, at=NOON)
    yield "credit", client.get(page)
    yield "not-sure", client.post(page, {"gives_up": "5"})
    yield "asked", client.post(page, {"sure": "on", "gives_up": ""})
    yield "waits-at-home", client.get("/")
    yield "own-data", client.get(reverse("own-data"))
    yield "kept", client.post(reverse("closing-cancel"))
    left = wallet_of(customer.pk).credit
    yield "given-up", client.post(page, {"sure": "on", "gives_up": str(left)})
    yield "not-now", client.post(reverse("pay-invoices"), {"means": "wallet", "amount": "5"})
    close_due(at=NOON + 3 * DAY)
    yield "closed", client.get("/")
    yield "closed-sign-in", client.post("/login/", {"username": owner.email, "password": "secret"})


def _again(client: Client, _told: Told) -> Any:
    return client.post(reverse("company-again"), {"next": "/"})


def test_every_page_of_a_companys_sign_in_can_be_used_by_everybody(
    alice: Customer, idp: Told, language: str, looks: Looks
) -> None:
    Customer.objects.filter(pk=alice.pk).update(language=language)
    owner = member(alice, f"owner@{DOMAIN}", role="owner")
    look_at(setting_up(owner, idp, language), looks)
    cache.clear()
    owner.refresh_from_db()
    look_at(coming_in(owner, idp, language), looks)


def test_every_page_on_which_an_account_is_closed_can_be_used_by_everybody(
    small: Item, language: str, looks: Looks
) -> None:
    cache.clear()
    owner = make_user(make_customer("Hoa Sen", language=language, email="hoa@hoasen.example"))
    with the_time_being(NOON):
        look_at(closing(owner, small, language), looks)
