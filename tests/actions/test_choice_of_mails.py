"""Consent to mails that only inform: withdrawn and given again, and heeded at once by what leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse

from accounts.may import Role
from accounts.models import AuditEntry, Customer
from door.services.privacy import ask_for_privacy, note_request
from kernel.ids import new_id
from notifications.choices import ONLY_INFORMS, choose_mails, wants_mails
from notifications.delivery import deliver_notices
from notifications.models import MailChoice, Notice, Recipient
from notifications.services import tell
from tests.cast import NOON, STAFF, make_user, owner_of
from tests.markup import markup
from tests.portal.seen import the_time_being

Kind = Notice.Kind
PAGE, MAILS = reverse("own-data"), reverse("own-data-mails")
LATER = NOON + timedelta(hours=1)


@pytest.fixture(autouse=True)
def _noon():
    with the_time_being(NOON):
        yield


def owe(customer: Customer, *kinds: str) -> None:
    for kind in kinds:
        tell(customer, kind, new_id(), at=NOON, resource="web-01", product="vServer", amount=1_000)


def left(*, at=LATER) -> list[tuple[str, str]]:
    """What became of each notice, and nothing waits."""
    deliver_notices(at=at)
    return list(Notice.objects.order_by("pk").values_list("kind", "state"))


def test_what_only_informs_is_what_nobody_has_to_act_upon() -> None:
    assert set(ONLY_INFORMS) == {
        *("resource_created", "resource_resized", "resource_renewed", "resource_recovered", "auto_renew_done"),
        *("refund", "refund_done", "poc_granted", "invoice_paid"),
        *("dunning_lifted", "credit_covers", "cap_lifted"),
    }


def test_a_withdrawn_consent_is_heeded_by_what_waits_and_by_nothing_that_is_due(alice: Customer) -> None:
    owe(alice, Kind.RESOURCE_GONE, Kind.REFUND)
    choose_mails(alice, is_wanted=False, actor=owner_of(alice), at=NOON)
    assert left() == [("resource_gone", "sent"), ("refund", "unwanted")]
    assert len(mail.outbox) == 1
    choose_mails(alice, is_wanted=True, actor=owner_of(alice), at=LATER)
    owe(alice, Kind.REFUND)
    assert left(at=LATER + timedelta(hours=1))[-1] == ("refund", "sent")
    assert [entry.verb for entry in AuditEntry.objects.filter(verb__endswith="mails").order_by("pk")] == [
        "withdraw mails",
        "want mails",
    ]


def test_another_reader_decides_for_themselves(alice: Customer) -> None:
    Recipient.objects.create(
        customer=alice, email="a@books.example", language="en", kinds=["refund"], asked_by="x", asked_at=NOON,
        confirmed_at=NOON,
    )  # fmt: skip
    choose_mails(alice, is_wanted=False, actor=owner_of(alice), at=NOON)
    owe(alice, Kind.REFUND)
    assert sorted(left()) == [("refund", "sent"), ("refund", "unwanted")]
    assert [message.to for message in mail.outbox] == [["a@books.example"]]


def test_choosing_the_same_again_is_no_other_fact(alice: Customer) -> None:
    choose_mails(alice, is_wanted=True, actor=owner_of(alice), at=NOON)
    assert not MailChoice.objects.exists()
    for _time in range(2):
        choose_mails(alice, is_wanted=False, actor=owner_of(alice), at=NOON)
    assert MailChoice.objects.count() == 1


def test_the_page_says_since_when_and_withdraws(alice: Customer, client) -> None:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.force_login(make_user(alice))
    assert "They are sent to" in markup(client.get(PAGE))
    assert client.post(MAILS, {"wanted": "no"}).status_code == 302
    shown = markup(client.get(PAGE))
    assert "since then none was sent" in shown
    assert "Agree again" in shown
    assert client.post(MAILS, {"wanted": "yes"}).status_code == 302
    assert list(MailChoice.objects.order_by("pk").values_list("is_wanted", "at")) == [(False, NOON), (True, NOON)]


def test_who_does_not_manage_the_details_withdraws_nothing_for_all(alice: Customer, client) -> None:
    viewer = make_user(alice, role=Role.VIEWER)
    client.force_login(viewer)
    assert client.post(MAILS, {"wanted": "no"}).status_code == 403
    ask_for_privacy(alice, viewer, "withdraw", "my agreement", actor=viewer.actor, at=NOON)
    assert wants_mails(alice)


@pytest.mark.parametrize("by_staff", [True, False])
def test_who_asks_to_withdraw_an_agreement_is_heeded_before_anybody_answers(alice: Customer, by_staff: bool) -> None:
    if by_staff:
        note_request(alice, "withdraw", "by telephone", received_at=NOON, actor=STAFF, at=NOON)
    else:
        ask_for_privacy(alice, make_user(alice), "withdraw", "mails", for_all=True, actor=owner_of(alice), at=NOON)
    assert not wants_mails(alice)
