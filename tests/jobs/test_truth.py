"""A notice is held against the facts at the moment of sending: what has been overtaken is not mailed, and says so."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.urls import reverse
from django.utils.translation import override

from accounts.models import Customer
from invoices.models import CreditNote, Invoice
from invoices.services.credit import credit_invoice
from invoices.services.ladder import climb
from invoices.services.month_end import bill_ended_months
from lifecycle.services.running import set_auto_renew, stop_resource
from lifecycle.services.sweeps import expire_resources, remind_about_ends
from lifecycle.services.trash import restore_resource
from notifications.delivery import deliver_notices
from notifications.kinds import KINDS
from notifications.models import Notice
from notifications.render import words_of
from notifications.services import tell
from orders.services.announcing import announce_renewals
from orders.services.delete import delete_resource
from payments.services.correct import correct_invoice
from payments.services.invoices import pay_invoices_from_wallet
from store.tally import Tally
from tests.cast import DAY, JOB, MONTH, NOON, STAFF, create, fund, make_customer, owner_of, recover, renew, resize
from tests.owner import forget
from tests.portal.seen import signed_in, the_time_being

APRIL = datetime(2026, 4, 1, 17, 30, tzinfo=UTC)  # 2 April, 00:30 in Hà Nội
Kind = Notice.Kind


def is_sent(kind: Notice.Kind, *, at: datetime) -> bool:
    """Deliver what is owed, and look at the one notice of a kind."""
    deliver_notices(at=at)
    state = Notice.objects.get(kind=kind).state
    assert state in {Notice.State.SENT, Notice.State.OVERTAKEN}
    return state == Notice.State.SENT


@pytest.fixture
def invoice(bob, small):
    """Of March, due on 17 April."""
    create(bob, small)
    bill_ended_months(actor=JOB, at=APRIL)
    forget(Notice.objects.all())
    return Invoice.objects.get(customer=bob)


@pytest.fixture
def web(alice, small):
    """Paid until 9 April."""
    (server,) = create(alice, small)
    forget(Notice.objects.all())
    return server


def test_an_overdue_notice_is_sent_while_something_is_due(invoice):
    at = APRIL + 16 * DAY
    climb(at=at)
    assert is_sent(Kind.INVOICE_OVERDUE, at=at)


def test_an_overdue_notice_of_a_paid_invoice_is_not_sent_and_says_so_in_the_portal(bob, invoice):
    at = APRIL + 16 * DAY
    climb(at=at)
    fund(bob, invoice.due)
    pay_invoices_from_wallet(bob.pk, [invoice.pk], actor=owner_of(bob), at=at)
    assert not is_sent(Kind.INVOICE_OVERDUE, at=at)
    assert not any("quá hạn" in message.subject for message in mail.outbox)
    notice = Notice.objects.get(kind=Kind.INVOICE_OVERDUE)
    with the_time_being(at):
        client = signed_in(bob)
        assert "No longer so" in client.get(reverse("notices")).content.decode()
        page = client.get(reverse("notice", args=[notice.pk])).content.decode()
    assert "This is no longer so" in page
    assert "not sent, for it was no longer true" in page


def test_a_notice_that_was_sent_is_marked_when_it_is_overtaken_later(bob, invoice):
    at = APRIL + 16 * DAY
    climb(at=at)
    assert is_sent(Kind.INVOICE_OVERDUE, at=at)
    fund(bob, invoice.due)
    pay_invoices_from_wallet(bob.pk, [invoice.pk], actor=owner_of(bob), at=at)
    with the_time_being(at):
        assert "No longer so" in signed_in(bob).get(reverse("notices")).content.decode()


def test_what_is_still_to_pay_is_that_of_the_moment_of_sending(bob, invoice):
    at = APRIL + 13 * DAY
    climb(at=at)
    fund(bob, 10_000)
    pay_invoices_from_wallet(bob.pk, [invoice.pk], amount=10_000, actor=owner_of(bob), at=at)
    due = Notice.objects.get(kind=Kind.INVOICE_DUE)
    assert due.facts["due"] == invoice.due
    with override("en"):
        assert f"{invoice.due - 10_000:,}\u00a0₫ are still to pay." in words_of(due).sentences


def test_a_reminder_of_the_due_day_is_not_sent_on_the_next(invoice):
    at = APRIL + 15 * DAY
    climb(at=at)
    assert not is_sent(Kind.INVOICE_DUE, at=at + DAY)


def test_a_resource_that_was_renewed_in_time_does_not_end_soon(alice, web):
    at = NOON + 29 * DAY
    remind_about_ends(at=at)
    renew(web, at=at)
    assert not is_sent(Kind.RESOURCE_EXPIRING, at=at)


def test_who_has_switched_on_auto_renewal_is_not_told_to_renew(alice, web):
    at = NOON + 25 * DAY
    remind_about_ends(at=at)
    set_auto_renew(web.pk, months=1, actor=owner_of(alice), at=at)
    assert not is_sent(Kind.RESOURCE_EXPIRING, at=at)


def test_who_has_switched_off_auto_renewal_is_not_told_that_it_will_come(alice, web):
    set_auto_renew(web.pk, months=1, actor=owner_of(alice), at=NOON)
    at = NOON + 23 * DAY
    announce_renewals(at=at)
    set_auto_renew(web.pk, months=None, actor=owner_of(alice), at=at)
    assert not is_sent(Kind.AUTO_RENEW_ANNOUNCED, at=at)


def test_a_reminder_that_comes_after_the_end_is_not_sent(web):
    remind_about_ends(at=NOON + 29 * DAY)
    assert not is_sent(Kind.RESOURCE_EXPIRING, at=NOON + MONTH)


def test_a_resource_that_was_recovered_is_not_in_the_trash(alice, web):
    expire_resources(actor=JOB, at=NOON + MONTH)
    recover(web, at=NOON + MONTH + DAY)
    assert not is_sent(Kind.RESOURCE_TRASHED, at=NOON + MONTH + DAY)


def test_a_new_resource_that_was_deleted_before_the_mail_is_not_said_to_run(alice, small):
    (server,) = create(alice, small, name="fresh")
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + timedelta(minutes=1))
    assert not is_sent(Kind.RESOURCE_CREATED, at=NOON + timedelta(minutes=1))
    assert Notice.objects.get(kind=Kind.RESOURCE_DELETED).state == "sent"


def test_an_invoice_that_was_credited_in_full_is_not_asked_for(bob, small):
    create(bob, small)
    bill_ended_months(actor=JOB, at=APRIL)
    invoice = Invoice.objects.get(customer=bob)
    credit_invoice(invoice, invoice.total, CreditNote.Reason.CORRECTION, at=APRIL, note="wrong tax code")
    assert not is_sent(Kind.INVOICE_ISSUED, at=APRIL)


def test_a_notice_follows_its_customer_to_a_new_address(alice, web):
    remind_about_ends(at=NOON + 29 * DAY)
    Customer.objects.filter(pk=alice.pk).update(email="new@customer.example")
    assert deliver_notices(at=NOON + 29 * DAY) == Tally(0, 0)
    assert deliver_notices(at=NOON + 29 * DAY) == Tally(1, 0)
    assert [message.to for message in mail.outbox] == [["new@customer.example"]]
    assert sorted(Notice.objects.values_list("recipient", "state")) == [
        (alice.email, "overtaken"),
        ("new@customer.example", "sent"),
    ]


def test_staff_correct_an_invoice_and_the_mail_says_so(alice, web):
    """Not: "10,000 for unused time of web are back"."""
    Customer.objects.filter(pk=alice.pk).update(language="en")
    invoice = Invoice.objects.get(resource=web)
    correct_invoice(invoice.pk, 10_000, note="An hour of outage", actor=STAFF, at=NOON + DAY)
    deliver_notices(at=NOON + DAY)
    (sent,) = mail.outbox
    body = sent.body.replace("\xa0", " ")
    assert sent.subject.replace("\xa0", " ") == f"Invoice {invoice.number} was corrected: 10,000 ₫ credited"
    for words in (
        f"Our staff corrected invoice {invoice.number} for web: 10,000 ₫ are credited.",
        "Reason: An hour of outage",
        "10,000 ₫ of it were paid and are back in your wallet.",
    ):
        assert words in body
    assert "unused" not in body


def test_a_stopped_resource_that_was_resized_is_not_said_to_run(alice, web, large):
    Customer.objects.filter(pk=alice.pk).update(language="en")
    stop_resource(web.pk, actor=owner_of(alice), at=NOON + DAY)
    resize(web, large, at=NOON + 2 * DAY)
    notice = Notice.objects.get(kind=Kind.RESOURCE_RESIZED)
    with override("en"):
        words = words_of(notice)
    assert "It is stopped, as it was before." in words.sentences[0]
    labels = dict(words.rows)
    assert labels["Product"] == "vserver"
    assert labels["Configuration"] == "large"
    assert labels["Period"] == "12 Mar 2026, 12:00 – 9 Apr 2026, 12:00"


def told(kind: Notice.Kind) -> tuple[str, dict[str, str], str]:
    """The sentences of the one mail of a kind, its table, and where its button leads; in English."""
    with override("en"):
        words = words_of(Notice.objects.get(kind=kind))
    return " ".join(words.sentences), dict(words.rows), words.path


def test_what_was_bought_is_told_whole(alice, small):
    """A month at 181,000, bought on 10 March; deleted on the 11th and bought again on the 12th."""
    Customer.objects.filter(pk=alice.pk).update(language="en")
    [server] = create(alice, small, name="web")
    bought = server.invoices.get()
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + DAY)
    recover(server, at=NOON + 2 * DAY)
    again = server.invoices.latest("issued_at")
    for kind, invoice, period in (
        (Kind.RESOURCE_CREATED, bought, "10 Mar 2026, 12:00 – 9 Apr 2026, 12:00"),
        (Kind.RESOURCE_RECOVERED, again, "12 Mar 2026, 12:00 – 11 Apr 2026, 12:00"),
    ):
        sentences, rows, path = told(kind)
        assert f"It is paid until {period.split(' – ')[1]}." in sentences
        assert rows == {
            "Product": "vserver", "Configuration": "small", "Period": period, "Total": "181,000\u00a0₫", "Paid": "181,000\u00a0₫",
            "Invoice": invoice.number,
        }  # fmt: skip
        assert path == reverse("resource", args=[server.pk])


def test_what_staff_take_out_of_the_trash_is_told_with_the_days_that_are_left_to_pay(alice, web):
    """Restored on 12 March: three days."""
    Customer.objects.filter(pk=alice.pk).update(language="en")
    delete_resource(web.pk, actor=owner_of(alice), at=NOON + DAY)
    restore_resource(web.pk, reason="needed", actor=STAFF, at=NOON + 2 * DAY)
    sentences, rows, _path = told(Kind.RESOURCE_RECOVERED)
    assert "Our staff took web out of the trash, and it runs again." in sentences
    assert "Buy a paid period by 15 Mar 2026, 12:00, or it moves to the trash." in sentences
    assert "It is paid until" not in sentences
    assert (rows["Product"], rows["Configuration"]) == ("vserver", "small")
    assert "Total" not in rows


@pytest.mark.parametrize("kind", Kind.values)
def test_every_kind_is_about_something_that_its_event_names(kind):
    subjects = {"resource", "invoice", "payment", "credit-note", "adjustment", "customer", "act", "dunning"}
    subjects |= {"link", "request", "budget", "balance", "poc", "shortage", "commitment"}
    assert KINDS[kind].about in subjects


def test_nothing_is_known_of_what_is_not_there_and_it_is_sent(db):
    tell(make_customer("Ann"), Kind.INVOICE_OVERDUE, uuid4(), at=NOON, number="U1")
    assert is_sent(Kind.INVOICE_OVERDUE, at=NOON)
