"""Mails about debts say how to pay them by bank: with a reference by which the money is known, and a code to scan."""

from __future__ import annotations

from datetime import datetime
from email.message import Message
from typing import Any

import pytest
from django.core import mail

from accounts.models import Customer
from catalog.models import Item
from invoices.models import Invoice
from invoices.services.ladder import climb
from invoices.services.month_end import run_month_end
from invoices.services.questions import question_line
from kernel.periods import CalendarMonth
from notifications.delivery import deliver_notices
from notifications.gathered import mail_as_sent
from notifications.models import Notice
from payments.models import BankTransfer, ExpectedTransfer
from payments.queries import waiting_transfers
from payments.services.expected import ask_for_invoices
from payments.services.statements import read_lines
from payments.services.transfers import Line
from payments.services.wallet import wallet_of
from payments.vietqr import payload
from tests.cast import JOB, create, owner_of
from tests.debts import APRIL_BEGAN, BILLED, morning
from tests.owner import forget

pytestmark = pytest.mark.django_db
JUNE = 6


@pytest.fixture(autouse=True)
def _account(settings: Any) -> None:
    settings.SELLER_BANK, settings.SELLER_BANK_ACCOUNT, settings.SELLER_BANK_BIN = "Vietcombank", "1017595600", "970436"
    settings.SELLER_BANK_HOLDER = "CONG TY ABC"


@pytest.fixture
def invoice(bob: Customer, small: Item) -> Invoice:
    """181,000 for April, due on 16 May; its mail waits to leave."""
    Customer.objects.filter(pk=bob.pk).update(language="en")
    [resource] = create(bob, small, at=APRIL_BEGAN)
    forget(Notice.objects.all())
    run_month_end(CalendarMonth(2026, 4), actor=JOB, at=BILLED)
    return Invoice.objects.select_related("customer").get(resource=resource)


def sent(at: datetime) -> list[dict[str, Any]]:
    """The texts and the picture of each mail that leaves."""
    mail.outbox.clear()
    deliver_notices(at=at)
    return [parts_of(message.message()) for message in mail.outbox]


def parts_of(message: Message) -> dict[str, Any]:
    found = {part.get_content_type(): part for part in message.walk()}
    code = found.get("image/png")
    return {
        "text": _said(found["text/plain"]).decode(),
        "html": _said(found["text/html"]).decode(),
        "code": code and (code["Content-ID"], _said(code)[:4]),
    }


def _said(part: Message) -> bytes:
    said = part.get_payload(decode=True)
    assert isinstance(said, bytes)
    return said


def comes(note: str, amount: int, number: str = "FT1") -> None:
    line = Line(number, amount, note=note)
    read_lines([line], channel=BankTransfer.Channel.FEED, actor=JOB, at=morning(13))


def test_an_invoices_mail_names_account_amount_and_a_text_by_which_its_money_pays_it(invoice: Invoice) -> None:
    [said] = sent(morning(1))
    [asked] = ExpectedTransfer.objects.all()
    assert asked.note == f"{asked.reference} {invoice.number}"
    assert "Amount of the transfer: 181,000" in said["text"]
    assert "Bank account: 1017595600, Vietcombank, CONG TY ABC" in said["text"]
    assert f"Text of the transfer: {asked.note}" in said["text"]
    assert 'src="cid:vietqr"' in said["html"]
    assert said["code"] == ("<vietqr>", b"\x89PNG")

    comes(f"CT DEN {asked.note.replace(' ', '')} tu NGUYEN VAN A", 181_000)
    invoice.refresh_from_db()
    assert (invoice.status, wallet_of(invoice.customer_id).credit) == ("paid", 0)


def test_the_code_says_what_the_mail_says(invoice: Invoice, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    def png(text: str) -> bytes:
        drawn.append(text)
        return b"\x89PNG"

    monkeypatch.setattr("payments.services.by_mail.png", png)
    sent(morning(1))
    asked = ExpectedTransfer.objects.get()
    assert drawn == [payload(bin_code="970436", account="1017595600", amount=181_000, note=asked.note)]


def test_a_reminder_asks_for_the_same_under_the_same_reference_and_for_less_under_another(invoice: Invoice) -> None:
    sent(morning(1))
    first = ExpectedTransfer.objects.get()
    climb(at=morning(13))
    [reminder] = sent(morning(13))
    assert first.note in reminder["text"]

    comes(first.note, 100_000)
    climb(at=morning(16))
    said = "".join(each["text"] for each in sent(morning(16)))
    second = ExpectedTransfer.objects.exclude(pk=first.pk).get()
    assert second.amount == 81_000
    assert second.note in said
    assert "Amount of the transfer: 81,000" in said
    comes(first.note, 81_000, "FT2")  # from the older mail: it pays what it was for all the same
    invoice.refresh_from_db()
    assert invoice.status == "paid"


def test_what_announces_harm_asks_for_what_is_overdue(invoice: Invoice) -> None:
    sent(morning(1))
    climb(at=morning(3, JUNE))
    [announced] = [each for each in sent(morning(3, JUNE)) if "no new order of yours is taken" in each["text"]]
    assert "Amount of the transfer: 181,000" in announced["text"]
    assert announced["code"]


def test_what_is_questioned_is_not_asked_for(invoice: Invoice) -> None:
    question_line(invoice.customer_id, invoice.pk, 1, text="why?", actor=owner_of(invoice.customer), at=morning(1))
    assert all(each["code"] is None for each in sent(morning(1)))
    assert not ExpectedTransfer.objects.exists()


def test_what_a_mail_asks_for_takes_the_place_of_nothing_that_the_customer_wants_to_transfer(invoice: Invoice) -> None:
    bob = invoice.customer
    own = ask_for_invoices(bob, [invoice.pk], actor=owner_of(bob), at=morning(1))
    sent(morning(1))
    own.refresh_from_db()
    assert (own.closed_at, ExpectedTransfer.objects.count()) == (None, 2)
    assert list(waiting_transfers(bob, morning(1))) == [own]


def test_without_an_account_for_codes_the_mail_goes_without(invoice: Invoice, settings: Any) -> None:
    settings.SELLER_BANK_BIN = ""
    [said] = sent(morning(1))
    assert said["code"] is None
    assert not ExpectedTransfer.objects.exists()


def test_what_is_read_in_the_portal_asks_for_nothing(invoice: Invoice) -> None:
    [told] = Notice.objects.filter(kind=Notice.Kind.INVOICE_ISSUED)
    assert mail_as_sent(told).code == b""
    assert not ExpectedTransfer.objects.exists()
