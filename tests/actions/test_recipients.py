"""Other addresses that receive a customer's notices: by their readers' consent, once each, and for as long as they want."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEntry, Customer
from kernel import clock
from kernel.errors import InvalidInput
from notifications.delivery import deliver_notices, retry_notice
from notifications.models import Letter, MailTrouble, Notice, Recipient
from notifications.posting import deliver_letters
from notifications.recipients import (
    MOST_RECIPIENTS,
    AskedJustNow,
    AskedTooOften,
    LinkOver,
    RecipientGone,
    RecipientThere,
    TooManyRecipients,
    ask_again,
    ask_recipient,
    change_recipient,
    confirm_recipient,
    remove_recipient,
    stop_notices,
)
from notifications.services import News, tell, tell_news
from notifications.troubles import mend_address, note_trouble
from tests.actions.books import refused
from tests.cast import DAY, NOON, STAFF, make_customer, owner_of

pytestmark = pytest.mark.django_db
Kind = Notice.Kind
ACCOUNTANT = "accountant@books.example"


@pytest.fixture(autouse=True)
def _noon():
    with clock.replaced(lambda: NOON):
        yield


def asked(customer: Customer, email: str = ACCOUNTANT, *kinds: str, language: str = "en") -> Recipient:
    return ask_recipient(customer, email, language, kinds or [Kind.RESOURCE_GONE], actor=owner_of(customer), at=NOON)


def link_in_mail() -> str:
    deliver_letters(at=NOON)
    found = re.search(r"/recipients/([\w-]+)/", str(mail.outbox[-1].body))
    assert found
    return found[1]


def confirmed(customer: Customer, email: str = ACCOUNTANT, *kinds: str, language: str = "en") -> Recipient:
    recipient = asked(customer, email, *kinds, language=language)
    token = link_in_mail()
    mail.outbox.clear()
    assert confirm_recipient(token, at=NOON).pk == recipient.pk
    return recipient


def owe(customer: Customer, kind: str = Kind.RESOURCE_GONE) -> None:
    tell(customer, Notice.Kind(kind), uuid4(), at=NOON, resource="web-1", number="U1", due=5, due_date="2026-03-20")


# --- Consent ---


def test_a_reader_is_asked_by_a_letter_that_says_who_and_what_about(alice: Customer) -> None:
    asked(alice, ACCOUNTANT, Kind.INVOICE_ISSUED, Kind.RESOURCE_GONE)
    link_in_mail()
    (sent,) = mail.outbox
    assert sent.to == [ACCOUNTANT]
    assert sent.subject == "May we write to you for Alice?"
    assert "Resources, Invoices" in sent.body


def test_nothing_is_sent_before_its_reader_has_agreed_and_nothing_of_the_time_before(alice: Customer) -> None:
    asked(alice)
    token = link_in_mail()
    owe(alice)
    confirm_recipient(token, at=NOON)
    assert not Notice.objects.exclude(copy_to=None).exists()
    owe(alice)
    assert Notice.objects.get(copy_to__isnull=False).recipient == ACCOUNTANT


def test_a_link_is_kept_as_a_digest_and_good_once(alice: Customer) -> None:
    recipient = asked(alice)
    token = link_in_mail()
    assert token not in str(Recipient.objects.values().get())
    assert token not in str(Letter.objects.values().get())
    confirm_recipient(token, at=NOON)
    with refused(LinkOver):
        confirm_recipient(token, at=NOON)
    recipient.refresh_from_db()
    assert (recipient.digest, recipient.confirmed_at) == ("", NOON)
    assert AuditEntry.objects.get(verb="confirm recipient").actor == f"reader:{ACCOUNTANT}"


def test_a_link_is_good_for_three_days(alice: Customer) -> None:
    asked(alice)
    token = link_in_mail()
    with refused(LinkOver):
        confirm_recipient(token, at=NOON + 3 * DAY)
    confirm_recipient(token, at=NOON + 3 * DAY - timedelta(minutes=1))


def test_another_link_takes_the_place_of_the_first_but_not_at_once(alice: Customer) -> None:
    recipient = asked(alice)
    first = link_in_mail()
    with refused(AskedJustNow):
        ask_again(recipient.pk, actor=owner_of(alice), at=NOON + timedelta(minutes=59))
    ask_again(recipient.pk, actor=owner_of(alice), at=NOON + timedelta(hours=1))
    with refused(LinkOver):
        confirm_recipient(first, at=NOON)


def test_an_address_is_asked_once_and_there_is_a_bound(alice: Customer) -> None:
    recipient = asked(alice)
    with refused(RecipientThere):
        asked(alice, ACCOUNTANT.upper())
    with refused(InvalidInput, field="kinds"):
        asked(alice, "b@books.example", Kind.ACCESS_CHANGED)
    for number in range(MOST_RECIPIENTS - 1):
        asked(alice, f"r{number}@books.example")
    with refused(TooManyRecipients):
        asked(alice, "one.more@books.example")
    remove_recipient(recipient.pk, actor=owner_of(alice), at=NOON)
    asked(alice, ACCOUNTANT)


def test_one_address_is_not_asked_without_end_whoever_asks(db: None) -> None:
    for number in range(5):
        asked(make_customer(f"Customer {number}"))
    another = make_customer("One more")
    with refused(AskedTooOften):
        asked(another)


def test_a_name_leads_nowhere_in_a_letter_to_a_stranger(db: None) -> None:
    asked(make_customer("Prize at evil.example"))
    link_in_mail()
    assert mail.outbox[0].subject == "May we write to you for Prize at evil example?"


# --- Sending ---


def test_each_notice_goes_to_everybody_once_in_their_language(alice: Customer) -> None:
    confirmed(alice, ACCOUNTANT, language="vi")
    confirmed(alice, "other@books.example", Kind.INVOICE_DUE)
    event = uuid4()
    for _again in range(2):
        tell(alice, Kind.RESOURCE_GONE, event, at=NOON, resource="web-1")
    deliver_notices(at=NOON)
    deliver_notices(at=NOON + DAY)
    own, copy = sorted(mail.outbox, key=lambda sent: sent.to[0] == ACCOUNTANT)
    assert (own.to, copy.to, len(mail.outbox)) == ([alice.email], [ACCOUNTANT], 2)
    assert "Alice đề nghị" in copy.body
    assert own.extra_headers["Message-ID"] != copy.extra_headers["Message-ID"]


def test_what_is_written_for_many_at_once_is_copied_too(alice: Customer) -> None:
    confirmed(alice, ACCOUNTANT, Kind.INVOICE_ISSUED)
    tell_news([News(alice, Kind.INVOICE_ISSUED, uuid4(), {"number": "U1"}) for _number in range(3)], at=NOON)
    assert Notice.objects.filter(copy_to__isnull=False, recipient=ACCOUNTANT).count() == 3


def test_the_customers_own_address_gets_no_copy_beside_its_notice(alice: Customer) -> None:
    confirmed(alice, alice.email)
    owe(alice)
    assert Notice.objects.count() == 1


def test_the_portal_shows_a_notice_once(alice: Customer) -> None:
    confirmed(alice)
    owe(alice)
    assert Notice.objects.to_customers().count() == 1


def test_what_waits_is_not_sent_to_who_is_removed_or_wants_it_no_longer(alice: Customer) -> None:
    first, second = confirmed(alice), confirmed(alice, "second@books.example", Kind.RESOURCE_GONE, Kind.REFUND)
    owe(alice)
    remove_recipient(first.pk, actor=owner_of(alice), at=NOON)
    change_recipient(second.pk, "en", [Kind.REFUND], actor=owner_of(alice), at=NOON)
    deliver_notices(at=NOON)
    assert [sent.to for sent in mail.outbox] == [[alice.email]]
    assert Notice.objects.filter(copy_to__isnull=False, state="overtaken").count() == 2
    with refused(RecipientGone):
        change_recipient(first.pk, "en", [Kind.REFUND], actor=owner_of(alice), at=NOON)


def test_staff_send_again_what_was_sent_as_another_mail(alice: Customer) -> None:
    confirmed(alice)
    owe(alice)
    deliver_notices(at=NOON)
    copy = Notice.objects.get(copy_to__isnull=False)
    retry_notice(copy.pk, reason="they lost it", actor=STAFF, at=NOON + DAY)
    deliver_notices(at=NOON + DAY)
    again = mail.outbox[-1]
    assert (again.to, len(mail.outbox)) == ([ACCOUNTANT], 3)
    assert again.extra_headers["Message-ID"] == f"<notice-{copy.pk}-again-1@localhost>"
    assert AuditEntry.objects.get(verb="retry notice").reason == "they lost it"


# --- Stopping ---


def stop_link() -> str:
    found = re.search(r"/stop/[^/\s]+/", str(mail.outbox[-1].body))
    return found[0] if found else ""


def test_one_click_stops_a_kind(alice: Customer) -> None:
    recipient = confirmed(alice, ACCOUNTANT, Kind.RESOURCE_GONE, Kind.REFUND)
    owe(alice)
    deliver_notices(at=NOON)
    copy = next(sent for sent in mail.outbox if sent.to == [ACCOUNTANT])
    mail.outbox = [copy]
    assert copy.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = copy.extra_headers["List-Unsubscribe"].strip("<>")
    assert stop_link() in address
    stranger = Client(enforce_csrf_checks=True)

    assert stranger.get(stop_link()).status_code == 200
    recipient.refresh_from_db()
    assert Kind.RESOURCE_GONE in recipient.kinds

    assert stranger.post(stop_link(), {"List-Unsubscribe": "One-Click"}).status_code == 200
    recipient.refresh_from_db()
    assert (recipient.kinds, recipient.removed_at) == ([Kind.REFUND], None)
    assert stranger.post(stop_link(), {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert AuditEntry.objects.get(verb="stop notices").facts["kinds"] == [Kind.RESOURCE_GONE]


def test_with_its_last_kind_a_recipient_is_removed(alice: Customer) -> None:
    recipient = confirmed(alice)
    assert stop_notices(recipient.pk, [Kind.RESOURCE_GONE], at=NOON).removed_at == NOON
    assert Client().post(reverse("stop-notices", args=["forged"])).status_code == 410


@pytest.mark.parametrize("kind", [Kind.INVOICE_DUE, Kind.INVOICE_OVERDUE, Kind.DUNNING_DONE, Kind.RESOURCE_TRASHED])
def test_what_is_owed_is_not_stopped_by_a_link(alice: Customer, kind: str) -> None:
    confirmed(alice, ACCOUNTANT, kind)
    owe(alice, kind)
    deliver_notices(at=NOON)
    copy = next(sent for sent in mail.outbox if sent.to == [ACCOUNTANT])
    mail.outbox = [copy]
    assert "List-Unsubscribe" not in copy.extra_headers
    assert stop_link() == ""


def test_the_customers_own_mail_has_no_link_that_stops_it(alice: Customer) -> None:
    owe(alice)
    deliver_notices(at=NOON)
    assert "List-Unsubscribe" not in mail.outbox[0].extra_headers
    assert stop_link() == ""


# --- Addresses that take no mail ---


def test_who_cannot_be_reached_gets_nothing_until_somebody_says_it_works_again(alice: Customer) -> None:
    confirmed(alice)
    for _again in range(2):
        note_trouble(ACCOUNTANT.upper(), MailTrouble.Why.BOUNCED, event="e1", detail="550 no such user", at=NOON)
    assert MailTrouble.objects.count() == 1
    owe(alice)
    deliver_notices(at=NOON)
    assert [sent.to for sent in mail.outbox] == [[alice.email]]
    mend_address(ACCOUNTANT, customer=alice, actor=owner_of(alice), at=NOON)
    owe(alice)
    deliver_notices(at=NOON)
    assert [sent.to for sent in mail.outbox[1:]] == [[alice.email], [ACCOUNTANT]]


def test_to_the_customers_own_address_we_go_on_writing(alice: Customer) -> None:
    note_trouble(alice.email, MailTrouble.Why.COMPLAINED, event="e1", detail="", at=NOON)
    owe(alice)
    deliver_notices(at=NOON)
    assert [sent.to for sent in mail.outbox] == [[alice.email]]


def test_a_recipient_is_its_own_customers_alone(alice: Customer) -> None:
    confirmed(alice)
    owe(make_customer("Mallory"))
    assert not Notice.objects.filter(copy_to__isnull=False).exists()
