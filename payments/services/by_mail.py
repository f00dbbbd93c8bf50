"""Mails about debts ask for a bank transfer: under a reference of its own, so that the money is known when it comes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from uuid import UUID

from accounts.models import Customer
from invoices.models import ORDER_OF_PAYMENT, Invoice
from invoices.services.questions import chargeable
from kernel.actors import Actor
from kernel.money import MAXIMUM
from kernel.seller import account_for_transfers, bank_words
from notifications.events import Subject
from notifications.transfers import About, Transfer
from payments.models import ExpectedTransfer
from payments.models.payables import PaidFor, payable_of
from payments.services.expected import ask_for_transfer
from payments.services.invoices import describe
from payments.vietqr import payload, png

BY_MAIL = Actor.job("mail")
WAITED_FOR = timedelta(days=90)
"""So long a reference stays in the mails about a debt."""
MOST = 500
"""Who owes on more invoices than so many pays by another arrangement than one code."""


def ask_by_mail(customer: Customer, about: About, at: datetime) -> Transfer | None:
    """
    What is still due, and nobody has questioned, of the invoices that a mail is about; of all that are overdue, where it is about dunning.

    The same mail asks for the same again under the same reference; when that has changed, another takes its place, and money that comes
    under the former one still pays what it was for.
    """
    account = account_for_transfers()
    found = _asked_for(customer, about, at=at) if account else []
    most = chargeable(found)
    invoices, amount = [invoice for invoice in found if most[invoice.pk]], sum(most.values())
    if account is None or not 0 < amount <= MAXIMUM or len(invoices) > MOST:
        return None
    expected = ask_for_transfer(
        customer,
        ExpectedTransfer.For.INVOICE,
        amount,
        payable=payable_of(PaidFor.INVOICES, invoices[0].pk if len(invoices) == 1 else f"{customer.pk}-debts"),
        invoice_ids=[invoice.pk for invoice in invoices],
        description=describe(invoices),
        expires_at=at + WAITED_FOR,
        actor=BY_MAIL,
        at=at,
    )
    code = payload(bin_code=account.bin_code, account=account.number, amount=amount, note=expected.note)
    where = {"account": account.number, "name": account.bank, "holder": account.holder}
    facts = {"bank_account": bank_words(where), "transfer_text": expected.note, "to_transfer": amount}
    return Transfer(facts, png(code))


def _asked_for(customer: Customer, about: About, *, at: datetime) -> Sequence[Invoice]:
    open_ones = sorted(Invoice.objects.open().filter(customer=customer), key=attrgetter(*ORDER_OF_PAYMENT))
    if Subject.DUNNING in about:
        return [invoice for invoice in open_ones if invoice.is_overdue(at)]
    wanted: Collection[UUID] = about.get(Subject.INVOICE, ())
    return [invoice for invoice in open_ones if invoice.pk in wanted]
