"""What belongs together is told in one mail: of a run, a payment, an order, a day; each once, and only while it is so."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import CustomerKey
from invoices.models import Invoice
from invoices.services.month_end import bill_ended_months
from lifecycle.services.sweeps import remind_about_ends
from notifications.delivery import deliver_notices
from notifications.kinds import KINDS, Topic, kinds_of, topic_of
from notifications.kinds.groups import OF_AN_ORDER
from notifications.models import Notice
from notifications.services import tell
from payments.services.invoices import pay_invoices_from_wallet
from store.tally import Tally
from tests.cast import DAY, JOB, NOON, create, fund, make_customer, owner_of
from tests.owner import forget
from tests.portal.seen import signed_in, the_time_being

APRIL = datetime(2026, 4, 1, 17, 30, tzinfo=UTC)  # 2 April, 00:30 in Hà Nội
Kind = Notice.Kind


@pytest.fixture
def carol(db):
    """Uses first, pays afterwards, reads English."""
    return make_customer("Carol", mode="postpaid", language="en")


@pytest.fixture
def march(carol, small):
    """Three resources, billed in one night: 60 resources are told no otherwise."""
    create(carol, small, quantity=3, name="web")
    forget(Notice.objects.all())
    bill_ended_months(actor=JOB, at=APRIL)
    return list(Invoice.objects.filter(customer=carol).order_by("number"))


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


def test_the_invoices_of_a_month_end_are_one_mail_with_table_files_and_the_way_to_pay(carol, march):
    total = sum(invoice.total for invoice in march)
    assert deliver_notices(at=APRIL) == Tally(3, 0)
    (sent,) = mail.outbox
    assert plain(sent.subject) == f"March 2026: 3 invoices, {total:,} ₫, due 17 Apr 2026"
    body = plain(sent.body)
    for invoice in march:
        assert f"{invoice.number} | {invoice.resource_name} | {invoice.total:,} ₫ | {invoice.due:,} ₫" in body
    assert "Pay the invoices: " in body
    assert [(name, kind) for name, _content, kind in sent.attachments] == [
        ("invoices.pdf", "application/pdf"),
        ("invoices.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ]
    assert deliver_notices(at=APRIL + DAY) == Tally(0, 0), "each is sent once"


def test_the_invoice_that_stands_alone_comes_with_its_own_document(carol, small):
    create(carol, small)
    forget(Notice.objects.all())
    bill_ended_months(actor=JOB, at=APRIL)
    deliver_notices(at=APRIL)
    (sent,) = mail.outbox
    number = Invoice.objects.get(customer=carol).number
    assert sent.subject.startswith(f"Invoice {number} for")
    assert [name for name, *_ in sent.attachments] == [f"{number}.pdf"]


def test_what_was_paid_before_the_mail_left_is_counted_as_it_is_now(carol, march):
    paid, *others = march
    fund(carol, paid.total)
    pay_invoices_from_wallet(carol.pk, [paid.pk], actor=owner_of(carol), at=APRIL)
    deliver_notices(at=APRIL)
    issued = next(message for message in mail.outbox if "3 invoices" in message.subject)
    assert f"{sum(invoice.due for invoice in others):,} ₫ are to pay by 17 Apr 2026." in plain(issued.body)


def test_a_member_that_is_overtaken_is_left_out_and_the_rest_is_told(alice, small):
    ending, renewed = create(alice, small, quantity=2)
    forget(Notice.objects.all())
    remind_about_ends(at=NOON + 29 * DAY)
    assert Notice.objects.values("together").distinct().count() == 1
    type(renewed).objects.filter(pk=renewed.pk).update(auto_renew_months=1)
    assert deliver_notices(at=NOON + 29 * DAY) == Tally(1, 0)
    (sent,) = mail.outbox
    assert ending.name in sent.body
    assert sorted(Notice.objects.values_list("state", flat=True)) == ["overtaken", "sent"]


def test_two_invoices_paid_at_once_are_one_mail(carol, march):
    forget(Notice.objects.all())
    first, second, _third = march
    fund(carol, first.due + second.due)
    pay_invoices_from_wallet(carol.pk, [first.pk, second.pk], actor=owner_of(carol), at=APRIL)
    deliver_notices(at=APRIL)
    (sent,) = mail.outbox
    assert plain(sent.subject) == f"2 invoices settled: {first.due + second.due:,} ₫"
    assert "Nothing remains to pay on them." in sent.body


def test_an_order_is_told_when_the_last_of_it_is_done(carol):
    """Not each server as it comes; but what hangs keeps the rest waiting for ten minutes at most."""
    order = uuid4()
    for name in ("web-1", "web-2"):
        tell(carol, Kind.RESOURCE_CREATED, uuid4(), at=NOON, resource=name, order=str(order), paid=90_000)
    assert deliver_notices(at=NOON) == Tally(0, 0)
    assert deliver_notices(at=NOON + DAY / 144) == Tally(2, 0)
    (sent,) = mail.outbox
    assert plain(sent.subject) == "Your order: 2 done, 180,000 ₫ paid"


def test_the_order_of_one_server_is_one_mail_at_once(alice, small):
    create(alice, small)
    assert deliver_notices(at=NOON).done == 1
    assert len(mail.outbox) == 1


def test_a_customer_of_two_addresses_gets_each_its_own(carol, march):
    Notice.objects.filter(event=f"invoice:{march[0].pk}").update(recipient="books@customer.example")
    deliver_notices(at=APRIL)
    assert [message.to for message in mail.outbox] == [[carol.email]]


def test_more_than_are_taken_at_once_still_leave_together(carol, march):
    assert deliver_notices(at=APRIL, limit=1) == Tally(3, 0)
    assert len(mail.outbox) == 1


def test_the_page_has_one_row_for_them_and_opens_all(carol, march):
    tell(carol, Kind.RESOURCE_GONE, uuid4(), at=APRIL, resource="lost-1")
    with the_time_being(APRIL):
        client = signed_in(carol)
        page = client.get(reverse("notices"))
        assert page.context["unread_notices"] == 2
        lost, invoices = page.context["page"].rows
        assert (lost.count, invoices.count) == (0, 3)
        total = sum(invoice.total for invoice in march)
        assert plain(invoices.words.subject) == f"March 2026: 3 invoices, {total:,} ₫, due 17 Apr 2026"
        opened = client.get(reverse("notice", args=[invoices.pk]))
        assert all(invoice.number in opened.content.decode() for invoice in march)
        assert client.get(reverse("notices")).context["unread_notices"] == 1


def test_the_page_is_filtered_by_what_notices_are_about(carol, march):
    tell(carol, Kind.RESOURCE_GONE, uuid4(), at=APRIL, resource="lost-1")
    with the_time_being(APRIL):
        client = signed_in(carol)
        rows = {
            topic: [row.kind for row in client.get(reverse("notices"), {"topic": topic}).context["page"].rows]
            for topic in ("resources", "invoices", "payments", "nonsense")
        }
    assert rows == {
        "resources": ["resource_gone"],
        "invoices": ["invoice_issued"],
        "payments": [],
        "nonsense": ["resource_gone", "invoice_issued"],
    }


def test_programs_see_what_went_out_together_and_filter_by_topic(carol, march):
    _key, secret = CustomerKey.issue(at=APRIL, name="books", customer=carol)
    tell(carol, Kind.RESOURCE_GONE, uuid4(), at=APRIL, resource="lost-1")
    with the_time_being(APRIL):
        found = Client().get("/api/v1/notices/", {"topic": "invoices"}, headers={"authorization": f"Bearer {secret}"})
    rows = found.json()["results"]
    assert len(rows) == 3
    assert {row["topic"] for row in rows} == {"invoices"}
    assert len({row["together"] for row in rows}) == 1


@pytest.mark.parametrize("count", [2, 6])
def test_a_mail_of_many_asks_as_often_as_a_mail_of_few(carol, count):
    for number in range(count):
        tell(carol, Kind.RESOURCE_PURGED, uuid4(), at=NOON, resource=f"web-{number}")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        deliver_notices(at=NOON)
    assert len(mail.outbox) == 1
    assert len(queries) <= 14


def test_every_kind_has_a_topic_and_every_rule_a_sentence_that_needs_no_more_than_its_figures():
    assert {kind for topic in Topic for kind in kinds_of(topic)} == set(KINDS)
    assert topic_of(Kind.AUTO_RENEW_DONE) == "resources"
    assert OF_AN_ORDER in KINDS[Kind.RESOURCE_CREATED].together
