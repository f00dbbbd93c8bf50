"""Notices become mails: once, in the customer's language, retried with patience, parked after eight failures."""

import threading
from datetime import timedelta
from smtplib import SMTPRecipientsRefused
from uuid import uuid4

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils.translation import get_language

from notifications import delivery
from notifications.delivery import deliver_notices, retry_notice
from notifications.models import Notice
from notifications.render import Mail
from notifications.services import tell
from store.outbox import NotParked
from store.tally import Tally
from tests.cast import DAY, NOON, STAFF, make_customer
from tests.jobs.conftest import at_once

MINUTE = timedelta(minutes=1)


def owe(customer, *names: str) -> None:
    """Each in a mail of its own."""
    for name in names or ["web-1"]:
        tell(customer, Notice.Kind.RESOURCE_GONE, uuid4(), at=NOON, resource=name)


@pytest.fixture
def broken(monkeypatch):
    """A mail server that refuses the addresses in this set."""
    refused: set[str] = set()
    original = EmailBackend.send_messages

    def send_messages(self, messages):
        for message in messages:
            if refused & set(message.to):
                raise SMTPRecipientsRefused({message.to[0]: (550, b"no such user")})
        return original(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send_messages)
    return refused


def test_a_notice_is_mailed_once_and_marked(alice):
    owe(alice)
    assert deliver_notices(at=NOON) == Tally(1, 0)
    assert deliver_notices(at=NOON + DAY) == Tally(0, 0)
    notice = Notice.objects.get()
    assert (notice.state, notice.sent_at, notice.attempts) == ("sent", NOON, 1)
    (sent,) = mail.outbox
    assert sent.to == [alice.email]
    assert "web-1" in sent.body
    assert sent.alternatives[0].mimetype == "text/html"
    assert sent.extra_headers["Message-ID"] == f"<notice-{notice.pk}@localhost>"


def test_everybody_reads_their_own_language(db, monkeypatch):
    monkeypatch.setattr(delivery, "render", lambda notice, **_: Mail(get_language(), "text", "<p>text</p>"))
    owe(make_customer("An", language="vi"))
    owe(make_customer("Ann", language="en"))
    deliver_notices(at=NOON)
    assert [message.subject for message in mail.outbox] == ["vi", "en"]


def test_nothing_is_mailed_before_its_time(alice):
    owe(alice)
    assert deliver_notices(at=NOON - MINUTE) == Tally(0, 0)


def test_a_failure_waits_longer_each_time_and_does_not_stop_the_others(alice, broken):
    bad = make_customer("Bad")
    broken.add(bad.email)
    owe(bad)
    owe(alice)
    assert deliver_notices(at=NOON) == Tally(1, 1)
    notice = Notice.objects.get(customer=bad)
    assert (notice.state, notice.attempts, notice.next_attempt_at) == ("pending", 1, NOON + 2 * MINUTE)
    assert "no such user" in notice.error
    assert deliver_notices(at=NOON + MINUTE) == Tally(0, 0)
    assert deliver_notices(at=NOON + 2 * MINUTE) == Tally(0, 1)
    notice.refresh_from_db()
    assert notice.next_attempt_at == NOON + 6 * MINUTE


def test_parked_after_eight_failures_until_staff_try_again(alice, broken):
    broken.add(alice.email)
    owe(alice)
    at, failures = NOON, 0
    for _ in range(10):
        failures += deliver_notices(at=at).failed
        at = max(at, Notice.objects.get().next_attempt_at)
    assert failures == 8
    notice = Notice.objects.get()
    assert (notice.state, notice.attempts) == ("parked", 8)
    broken.clear()
    retry_notice(notice.pk, reason="the address is right now", actor=STAFF, at=at)
    assert deliver_notices(at=at) == Tally(1, 0)
    retry_notice(notice.pk, reason="they lost it", actor=STAFF, at=at)
    with pytest.raises(NotParked):
        retry_notice(notice.pk, reason="twice", actor=STAFF, at=at)


def test_a_notice_that_no_text_can_be_made_of_is_a_failure_like_others(alice, monkeypatch):
    def render(notice, **_):
        raise KeyError("resource")

    monkeypatch.setattr(delivery, "render", render)
    owe(alice)
    assert deliver_notices(at=NOON) == Tally(0, 1)
    assert Notice.objects.get().error == "KeyError: 'resource'"


def test_a_worker_that_dies_leaves_the_notice_due_again(alice, monkeypatch):
    class Killed(BaseException):
        pass

    def die(*notices, at):
        raise Killed

    owe(alice)
    monkeypatch.setattr(delivery, "message_of", die)
    at = NOON
    for _ in range(8):
        with pytest.raises(Killed):
            deliver_notices(at=at)
        assert deliver_notices(at=Notice.objects.get().next_attempt_at - MINUTE) == Tally(0, 0)
        at = Notice.objects.get().next_attempt_at
    monkeypatch.undo()
    assert deliver_notices(at=at) == Tally(0, 0), "eight workers died of it"
    assert Notice.objects.get().state == "parked"


def test_while_the_mail_server_is_away_no_attempt_is_lost(alice, monkeypatch):
    def refuse(self):
        raise ConnectionRefusedError("nobody there")

    owe(alice)
    monkeypatch.setattr(EmailBackend, "open", refuse)
    with pytest.raises(OSError, match="nobody there"):
        deliver_notices(at=NOON)
    assert Notice.objects.get().attempts == 0


@pytest.mark.django_db(transaction=True)
def test_four_workers_side_by_side_mail_everything_once(monkeypatch):
    for _ in range(4):
        owe(make_customer(), *(f"web-{number}" for number in range(10)))
    ready = threading.Barrier(4)

    def deliver():
        ready.wait(10)
        return deliver_notices(at=NOON).done

    counts = at_once(4, deliver)
    assert sum(counts) == 40
    assert len({message.extra_headers["Message-ID"] for message in mail.outbox}) == len(mail.outbox) == 40


@pytest.mark.django_db(transaction=True)
def test_a_clock_that_jumps_while_a_mail_is_on_its_way_does_not_send_it_twice(monkeypatch):
    owe(make_customer("Alice"))
    on_its_way, arrived = threading.Event(), threading.Event()
    original = EmailBackend.send_messages

    def send_messages(self, messages):
        on_its_way.set()
        assert arrived.wait(10)
        return original(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send_messages)
    roles = iter(["slow", "fast"])

    def deliver():
        if next(roles) == "slow":
            return deliver_notices(at=NOON)
        assert on_its_way.wait(10)
        tally = deliver_notices(at=NOON + 30 * DAY)
        arrived.set()
        return tally

    assert sum(tally.done for tally in at_once(2, deliver)) == 1
    assert len(mail.outbox) == 1
