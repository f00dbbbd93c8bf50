"""
What a bank or gateway had taken back is ours again: a dispute that was won.

It is credit. What was still owed for it is paid first, then the invoices that had been opened again; the rest stays in the wallet.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from kernel.actors import Actor
from kernel.errors import DomainError
from ledger.services import Fact, Kind, post, wallet_of
from notifications.models import Notice
from notifications.services import tell
from payments.audit import Did
from payments.models import Allocation, Payment, Reversal, StatementLine
from payments.services.invoices import hold_open, pay_from_wallet
from payments.services.owed import settle_owed_by
from payments.services.reversals import house_of


class GivenBackBefore(DomainError):
    code = "given-back-before"
    message = _("This money has been given back already.")


@transaction.atomic
def give_back(reversal_id: int, *, reason: str, actor: Actor, at: datetime) -> Reversal:
    """
    Staff have seen that what was taken back is ours again.

    :raises GivenBackBefore: it is known by now
    """
    customer = Customer.objects.lock(Reversal.objects.values_list("customer", flat=True).get(pk=reversal_id))
    payment = Payment.objects.lock(Reversal.objects.values_list("payment", flat=True).get(pk=reversal_id))
    payment.customer = customer
    reversal = Reversal.objects.get(pk=reversal_id)
    if reversal.given_back_at:
        raise GivenBackBefore
    book_given_back(payment, reversal, reason=reason, actor=actor, at=at)
    return reversal


def is_told_by_a_statement(reversal: Reversal) -> bool:
    """Whether the gateway's own list of what moved says that exactly this is ours again."""
    payment = reversal.payment
    lines = StatementLine.objects.filter(source=payment.gateway, movement=StatementLine.Movement.GIVEN_BACK)
    return lines.filter(
        reference=payment.reference, transaction__iexact=reversal.reference, amount=reversal.amount
    ).exists()


def book_given_back(payment: Payment, reversal: Reversal, *, reason: str, actor: Actor, at: datetime) -> None:
    """Part of the transaction of a caller who holds the customer and the payment. The case has ended with it."""
    customer = payment.customer
    owed = reversal.debt - reversal.collected
    reversal.collected, reversal.given_back_at = reversal.debt, at
    reversal.closed_at = reversal.closed_at or at
    reversal.save()
    Payment.objects.filter(pk=payment.pk).update(taken_back=F("taken_back") - reversal.amount)
    legs = {house_of(payment): -reversal.amount, Kind.DEBTS: owed, Kind.CREDIT: reversal.amount - owed}
    post(Fact.GIVEN_BACK, reversal.pk, legs, customer_id=customer.pk, at=at, reference=payment.reference)
    record_audit(
        Did.GIVE_BACK,
        payment.reference,
        actor=actor,
        at=at,
        reason=reason,
        customer=customer,
        amount=reversal.amount,
        owed=owed,
    )
    tell(
        customer,
        Notice.Kind.PAYMENT_GIVEN_BACK,
        payment.pk,
        reversal.pk,
        at=at,
        amount=reversal.amount,
        debt=owed,
        credit=reversal.amount - owed,
    )
    _close_again(customer, reversal, actor=actor, at=at)
    settle_owed_by(customer, actor=actor, at=at)


def _close_again(customer: Customer, reversal: Reversal, *, actor: Actor, at: datetime) -> None:
    """The invoices that it had opened are paid again, as far as that is still due, whatever the customer pays automatically."""
    sums = Allocation.objects.filter(reversal=reversal).order_by().values_list("invoice").annotate(part=-Sum("amount"))
    opened: dict[UUID, int] = dict(sums)
    invoices = hold_open(customer, opened, may_be_empty=True)
    most = {invoice.pk: min(invoice.due, opened[invoice.pk]) for invoice in invoices}
    amount = min(sum(most.values()), wallet_of(customer.pk).available)
    if amount > 0:
        pay_from_wallet(customer, invoices, amount, most=most, actor=actor, at=at)
