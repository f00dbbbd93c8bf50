"""
Every address of the portal, asked with one of each thing there: whatever answers a page is looked at, at 390 and
1440 px, light and dark, as the pages of the demo are. An address that answers none says here why.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, NamedTuple
from zipfile import ZipFile

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser

from accounts.models import Customer, Provider, User
from catalog.models import Item
from door import flows
from door.by_provider import OPENED_BY, mark_of_provider
from door.openid import Claims
from door.services.addresses import ask_for_address
from door.services.sign_up import ask_to_sign_up
from invoices.services.month_end import bill_ended_months
from notifications.delivery import deliver_notices
from notifications.models import Recipient
from notifications.stopping import mark_of
from payments.payer_links import token_of
from payments.queries import BY_TRANSFER
from payments.services.behalf import Asking, ask_to_pay
from tests.actions.test_bank_transfers import bills
from tests.admin.world import populate
from tests.api.conftest import now, offer, things
from tests.browser.conftest import browser, open_context
from tests.browser.everything import IDS, TWO_LOOKS, Examiner, faults_of_mail
from tests.cast import DAY, JOB, NOON, create, make_customer, make_provider, make_user, owner_of
from tests.device import Device
from tests.letters import link_in, mail_to, mails
from tests.look.looks import Looks, browser_of, is_page, looked_at, looks, own_connections
from tests.rights.addresses import OPEN, Address, addresses
from tests.rights.conftest import alices

__all__ = ["alices", "browser", "looks", "now", "offer", "own_connections", "things"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db]
MONTH_END = datetime(2026, 4, 1, 17, 30, tzinfo=UTC)
FILE, ELSEWHERE, FORM, PART, MACHINE = "a file", "leads elsewhere", "takes a form", "a part of a page", "for machines"
NO_PAGES = {
    "account_logout": FORM,
    "session-end": FORM,
    "sessions-end-others": FORM,
    "session-forget": FORM,
    "set-theme": FORM,
    "set_language": FORM,
    "resources-export": FILE,
    "trash-export": FILE,
    "billing-documents": FILE,
    "billing-export": FILE,
    "usage-export": FILE,
    "costs-export": FILE,
    "tag-spend-export": FILE,
    "focus-export": FILE,
    "focus-schema": FILE,
    "invoice-pdf": FILE,
    "credit-note-pdf": FILE,
    "monthly-statement": FILE,
    "payment-export": FILE,
    "credit-export": FILE,
    "credit-statement": FILE,
    "activity-export": FILE,
    "download-progress": PART,
    "mfa_login_webauthn": PART,
    "gateway-notice": MACHINE,
    "bank-feed": MACHINE,
    "mail-events": MACHINE,
    "visit": ELSEWHERE,
    "company-back": ELSEWHERE,
    "checkout-leave": ELSEWHERE,
    "api:docs": "drawn by Swagger UI",
    "api:root": MACHINE,
    "api:schema": MACHINE,
}


class Stand(NamedTuple):
    """How a page is had: who asks for what."""

    client: Client
    path: str
    sent: dict[str, object] | None = None

    def ask(self) -> Any:
        if self.sent is None:
            return self.client.get(self.path, follow=True)
        return self.client.post(self.path, self.sent, follow=True)


# --- The portal ---


def links(alice: Customer, small: Item) -> dict[str, Stand]:
    """The pages behind links of mails, and those that stand between somebody and their account."""
    cache.clear()
    person, stranger = make_user(alice), browser_of()
    ask_to_sign_up(
        kind="person", name="Lan", tax_code="", email="lan@new.example", language="vi", versions={"terms": "1"}, at=NOON
    )
    ask_for_address(person, "other@alice.example", at=NOON, language="vi")
    stranger.post("/password/forgotten/", {"email": person.email})
    reader = Recipient.objects.get()
    customer, invoices = bills(small, 2)
    asking = Asking("father@family.example", "Alice", "vi")
    asked = ask_to_pay(customer, "invoice", [one.pk for one in invoices], asking, actor=owner_of(customer), at=NOON)
    payer = browser_of()
    payer.get(reverse("payer-door", args=[token_of(asked.pk)]))
    coded, half = make_user(alice), browser_of()
    Authenticator.objects.create(user=coded, type="totp", data={"secret": "of the test"})
    half.post("/login/", {"username": coded.email, "password": "secret"})
    return {
        "sign-up-confirm": Stand(stranger, link_in(mail_to("lan@new.example"))),
        "address-confirm": Stand(stranger, link_in(mail_to("other@alice.example"))),
        "account_reset_password_from_key": Stand(stranger, link_in(mail_to(person.email))),
        "recipient-confirm": Stand(stranger, link_in(mail_to(reader.email))),
        "stop-notices": Stand(stranger, reverse("stop-notices", args=[mark_of(reader, reader.kinds)])),
        "invitation": Stand(stranger, link_in(mail_to("minh@example.vn"))),
        "payer-door": Stand(payer, reverse("payer-door", args=[token_of(asked.pk)])),
        "payer": Stand(payer, reverse("payer", args=[asked.pk])),
        "payer-return": Stand(payer, reverse("payer-return", args=[asked.pk])),
        "payer-transfer": Stand(payer, reverse("payer", args=[asked.pk]), {"means": BY_TRANSFER}),
        "mfa_authenticate": Stand(half, "/sign-in/code/"),
        "help-page": Stand(stranger, reverse("help-page", args=["paying"])),
        "account_login": Stand(stranger, "/login/"),
        "account_signup": Stand(stranger, "/sign-up/"),
        "account_reset_password": Stand(stranger, "/password/forgotten/"),
    }


def own(alice: Customer) -> dict[str, Stand]:
    """The pages about what one signs in with, which ask for somebody who has all of it."""
    device, browser = Device(), browser_of(make_user(alice))
    add = reverse("mfa_add_webauthn")
    browser.post(add, {"name": "laptop", "credential": device.makes(browser.get(add).context["options"])})
    passkey = Authenticator.objects.get(type=Authenticator.Type.WEBAUTHN)
    Authenticator.objects.create(user=passkey.user, type=Authenticator.Type.TOTP, data={"secret": "of the test"})
    named = (
        "account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "mfa_index",
        "mfa_deactivate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "usersessions_list",
    )  # fmt: skip
    return {
        **{name: Stand(browser, reverse(name)) for name in named},
        "mfa_remove_webauthn": Stand(browser, reverse("mfa_remove_webauthn", args=[passkey.pk])),
    }


def by_company(bob: Customer) -> dict[str, Stand]:
    """The pages of who comes in by a company's sign-in: for the first time, and to show anew that it is they."""
    Provider.objects.filter(pk=make_provider(bob, "bob.example").pk).update(tried_at=NOON, on_since=NOON)
    provider = Provider.objects.get(customer=bob)
    first, again = browser_of(), browser_of(make_user(bob))
    lan = User.objects.create_user("lan@bob.example", "secret")
    session = first.session
    flows.keep_first(session, provider, Claims(provider.issuer, "1", lan.email), has_factor=False, then="")
    session.save()
    session = again.session
    session[OPENED_BY] = mark_of_provider(provider)
    session.save()
    return {
        "company-first": Stand(first, reverse("company-first")),
        "company-again": Stand(again, reverse("company-again")),
    }


def asked_of(address: Address, stands: dict[str, Stand], owner: Client, things: dict[str, Any]) -> Stand:
    if address.name in stands:
        return stands[address.name]
    more = f"?resource={things['resource']}&invoice={things['invoice']}&order={things['order']}"
    return Stand(owner, f"{address.path(things)}{more}")


def answers_a_look(address: Address) -> bool:
    """Forms alone are sent to the others."""
    return (address.name in OPEN or "GET" in address.needs) and (not address.is_api or address.name in OPEN)


def test_every_address_of_the_portal_can_be_used_by_everybody(
    alices: dict[str, Any], alice: Customer, bob: Customer, small: Item, settings: Any, looks: Looks
) -> None:
    stands, owner = links(alice, small) | own(alice) | by_company(bob), browser_of(make_user(alice))
    none = set()
    for address in addresses():
        if answers_a_look(address):
            settings.DEBUG = address.name == "look"  # which is there for who builds pages
            answer = asked_of(address, stands, owner, alices).ask() if address.name not in NO_PAGES else None
            if answer is None or answer.status_code != 200 or not is_page(answer):
                none.add(address.name)
            else:
                looks.at(address.name, answer)
    assert none == NO_PAGES.keys()
    assert looks.faults == {}


@looked_at
def test_who_has_nothing_yet_sees_pages_that_say_so(small: Item, looks: Looks) -> None:
    looks.examiner = Examiner(TWO_LOOKS)  # pages that others have in every look
    owner = browser_of(make_user(make_customer("Carol")))
    for address in addresses():
        if not address.is_api and "GET" in address.needs and not address.thing and address.name not in NO_PAGES:
            answer = owner.get(address.path({}), follow=True)
            if answer.status_code == 200 and is_page(answer):
                looks.at(address.name, answer)
    assert looks.faults == {}


def refusals(alices: dict[str, Any], alice: Customer, bob: Customer) -> Iterator[tuple[int, HttpResponse]]:
    """Every page that says no, and those that are shown once."""
    owner, stranger = browser_of(make_user(alice)), browser_of()
    for name in (400, 403, 404, 500, 503):
        yield name, HttpResponse(render_to_string(f"{name}.html"), status=name)
    careful = Client(enforce_csrf_checks=True, SERVER_NAME="localhost")
    yield 403, careful.post("/theme/", {"theme": "dark"})
    yield 403, browser_of(make_user(alice, role="technical")).get(reverse("wallet"))
    yield 404, owner.get(reverse("resource", args=[alices["order"]]))
    yield 404, stranger.get(reverse("payer", args=[alices["asked"]]))
    yield 409, browser_of(make_user(bob)).post(reverse("pay-invoices"), {"means": "wallet", "amount": "5"})
    yield 410, stranger.get(reverse("invitation", args=["x"]))
    yield 410, stranger.get(reverse("stop-notices", args=["x"]))
    yield 200, owner.post(reverse("key-issue"), {"name": "import"})
    yield 400, owner.post(reverse("key-issue"), {"name": "", "networks": "x", "last_day": "2020-01-01"})
    yield 400, owner.post(reverse("team-invite"), {"email": "x"})
    again = browser_of()
    again.force_login(make_user(bob))
    yield 200, again.post(reverse("key-issue"), {"name": "import"}, follow=True)


def test_every_refusal_can_be_read_by_everybody(
    alices: dict[str, Any], alice: Customer, bob: Customer, now: Any, looks: Looks
) -> None:
    for number, (status, answer) in enumerate(refusals(alices, alice, bob)):
        assert answer.status_code == status, number
        looks.at(f"refusal-{number}-{status}", answer)
    owner = browser_of(make_user(alice))
    now.move(2 * DAY)
    over: Any = owner.get(reverse("checkout", args=[alices["session"]]))
    assert over.status_code == 410
    looks.at("session-over", over)
    assert looks.faults == {}


def test_the_file_of_what_is_kept_can_be_read_by_everybody(
    alices: dict[str, Any], alice: Customer, looks: Looks
) -> None:
    answer: Any = browser_of(make_user(alice)).post(reverse("own-data-take"))
    with ZipFile(BytesIO(b"".join(answer.streaming_content))) as archive:
        looks.at("kept", HttpResponse(archive.read("kept.html")))
    assert looks.faults == {}


def test_every_mail_fits_a_telephone_and_can_be_read_by_everybody(browser: Browser, small: Item) -> None:
    """What a house full of events has to tell, letters to people, and twenty invoices in one mail."""
    populate(1)
    create(make_customer("Carol", mode="postpaid"), small, quantity=20, name="máy-chủ-bán-hàng")
    bill_ended_months(actor=JOB, at=MONTH_END)
    deliver_notices(at=MONTH_END)
    context = open_context(browser, [], width=390)
    page, told = context.new_page(), set()
    faults: dict[str, list[str]] = {}
    mail: Any
    for mail in mails():
        html = str(mail.alternatives[0].content)
        if (shape := IDS.sub("#", mail.subject)) not in told:
            told.add(shape)
            page.set_content(html)
            if found := faults_of_mail(page):
                faults[str(mail.subject)] = found
    context.close()
    assert faults == {}
    assert len(told) >= 12
