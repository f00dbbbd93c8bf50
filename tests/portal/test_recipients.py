"""The page of recipients, the pages that their readers see, and what the mail provider tells."""

from __future__ import annotations

import hashlib
import hmac
import json
import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.may import Role
from notifications.models import MailTrouble, Notice, Recipient
from notifications.posting import deliver_letters
from notifications.troubles import note_trouble
from tests.cast import NOON, make_customer
from tests.markup import markup
from tests.portal.seen import signed_in, the_time_being

PAGE = reverse("recipients")
ACCOUNTANT = "accountant@books.example"
WISH = {"email": ACCOUNTANT, "language": "en", "kinds": ["invoice_issued", "invoice_due"]}


@pytest.fixture(autouse=True)
def _noon():
    with the_time_being(NOON):
        yield


@pytest.fixture
def owner(alice):
    return signed_in(alice)


def link_in_mail() -> str:
    deliver_letters(at=NOON)
    (link,) = re.findall(r"/recipients/[\w-]+/", mail.outbox[-1].body)
    return link


def test_a_recipient_is_asked_agrees_is_changed_and_removed(owner, alice):
    assert "Nobody else receives notices" in markup(owner.get(PAGE))
    assert owner.post(PAGE, WISH).status_code == 302
    assert "was asked" in markup(owner.get(PAGE))
    reader, link = Client(), link_in_mail()
    shown = markup(reader.get(link))
    assert "Alice wants accountant@books.example to receive these notices." in shown
    assert not Recipient.objects.get().confirmed_at
    assert "Thank you" in markup(reader.post(link))
    assert reader.get(link).status_code == reader.post(link).status_code == 410
    recipient = Recipient.objects.get()
    assert "has agreed" in markup(owner.get(PAGE))
    owner.post(reverse("recipient-change", args=[recipient.pk]), {"language": "vi", "kinds": ["refund"]})
    recipient.refresh_from_db()
    assert (recipient.language, recipient.kinds) == ("vi", ["refund"])
    owner.post(reverse("recipient-remove", args=[recipient.pk]))
    assert f"{ACCOUNTANT}</h2>" not in markup(owner.get(PAGE))


def test_what_is_wrong_is_said_in_its_field(owner, alice):
    for wrong in ({"email": "no address"}, {"kinds": []}, {"kinds": ["payer_asked"]}):
        answer = owner.post(PAGE, {**WISH, **wrong})
        assert answer.status_code == 400
        assert list(answer.context["form"].errors) == list(wrong)
    owner.post(PAGE, WISH)
    change = reverse("recipient-change", args=[Recipient.objects.get().pk])
    assert owner.post(change, {"language": "en"}).status_code == 400


def test_a_viewer_looks_and_strangers_find_nothing(owner, alice):
    owner.post(PAGE, WISH)
    recipient = Recipient.objects.get()
    viewer, stranger = signed_in(alice, Role.VIEWER), signed_in(make_customer())
    assert ACCOUNTANT in markup(viewer.get(PAGE))
    for act in ("change", "ask", "remove"):
        address = reverse(f"recipient-{act}", args=[recipient.pk])
        assert viewer.post(address).status_code == 403
        assert stranger.post(address, WISH).status_code == 404
    assert viewer.post(reverse("address-works-again")).status_code == 403


def test_an_address_that_takes_no_mail_is_shown_with_the_way_to_mend_it(owner, alice):
    owner.post(PAGE, WISH)
    for event, email in enumerate((ACCOUNTANT, alice.email)):
        note_trouble(email, MailTrouble.Why.BOUNCED, event=str(event), detail="550 no such user", at=NOON)
    assert "Our mails do not reach you" in markup(owner.get("/"))
    shown = markup(owner.get(PAGE))
    for email in (ACCOUNTANT, alice.email):
        assert f"Our mails do not reach {email}" in shown
        owner.post(reverse("address-works-again"), {"email": email.upper()})
    assert "Our mails do not reach" not in markup(owner.get(PAGE)) + markup(owner.get("/"))
    note_trouble("elsewhere@x.example", MailTrouble.Why.BOUNCED, event="9", detail="", at=NOON)
    owner.post(reverse("address-works-again"), {"email": "elsewhere@x.example"})
    assert MailTrouble.objects.standing().get().email == "elsewhere@x.example"


# --- The provider ---


def told(event: str, key: str, **data: object) -> dict[str, object]:
    """As Mailgun signs it."""
    token = f"{event:t<50}"
    digest = hmac.new(key.encode(), f"1773118800{token}".encode(), hashlib.sha256).hexdigest()
    return {
        "signature": {"timestamp": "1773118800", "token": token, "signature": digest},
        "event-data": {"event": event, "id": f"id-{event}", "timestamp": 1773118800.5, "recipient": ACCOUNTANT, **data},
    }


def hear(body: dict[str, object]) -> int:
    address = reverse("mail-events")
    return Client(enforce_csrf_checks=True).post(address, json.dumps(body), "application/json").status_code


def test_there_is_no_door_for_a_provider_that_is_not_set(db):
    assert hear(told("complained", "k")) == 404


def test_what_comes_back_and_what_is_unwanted_is_noted_once(db, settings):
    settings.MAIL_EVENTS, settings.MAIL_EVENTS_KEY = "mailgun", "k"
    gone = told(
        "failed", "k", severity="permanent", **{"delivery-status": {"message": "550 no such user", "code": 550}}
    )
    assert [hear(gone), hear(gone), hear(told("complained", "k")), hear(told("opened", "k"))] == [200] * 4
    assert hear(told("failed", "k", severity="temporary", id="later")) == 200
    found = MailTrouble.objects.order_by("pk").values_list("email", "why", "at")
    assert list(found) == [(ACCOUNTANT, "bounced", NOON), (ACCOUNTANT, "complained", NOON)]


def test_a_stranger_cannot_say_that_an_address_takes_no_mail(db, settings):
    settings.MAIL_EVENTS, settings.MAIL_EVENTS_KEY = "mailgun", "k"
    assert hear(told("complained", "guessed")) == 400
    assert not MailTrouble.objects.exists()


def test_staff_see_who_was_sent_what(owner, alice, client, django_user_model):
    owner.post(PAGE, WISH)
    Client().post(link_in_mail())
    client.force_login(django_user_model.objects.create_superuser("boss@portal.example", "x"))
    recipient = Recipient.objects.get()
    Notice.objects.create(
        customer=alice, kind="invoice_due", event=f"invoice:{recipient.pk}", recipient=alice.email, at=NOON,
        next_attempt_at=NOON,
    )  # fmt: skip
    page = client.get(reverse("admin:notifications_recipient_change", args=[recipient.pk])).content.decode()
    assert f"copy_to__id__exact={recipient.pk}" in page
    listed = client.get(f"{reverse('admin:notifications_notice_changelist')}?copy_to__id__exact={recipient.pk}")
    assert ACCOUNTANT in listed.content.decode()
