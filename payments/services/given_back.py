"""
What a bank or gateway had taken back is ours again: a dispute that was won, or a part of it.

It is credit. What was still owed for it is paid first, then the invoices that had been opened again; the rest stays in the wallet.
Of what was won in part the rest stays away, and so much of what was owed or open for it stays so.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
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
def give_back(reversal_id: int, amount: int, *, reason: str, actor: Actor, at: datetime) -> Reversal:
    """
    Staff have seen that `amount` of what was taken back is ours again, and that the rest stays away.

    :raises GivenBackBefore: it is known by now
    :raises InvalidInput: nothing, or more than was taken
    """
    customer = Customer.objects.lock(Reversal.objects.values_list("customer", flat=True).get(pk=reversal_id))
    payment = Payment.objects.lock(Reversal.objects.values_list("payment", flat=True).get(pk=reversal_id))
    payment.customer = customer
    reversal = Reversal.objects.get(pk=reversal_id)
    if reversal.given_back_at:
        raise GivenBackBefore
    if not 0 < amount <= reversal.amount:
        raise InvalidInput(_("Enter at most what was taken back, and more than nothing."), field="amount")
    book_given_back(payment, reversal, amount, reason=reason, actor=actor, at=at)
    return reversal


def is_told_by_a_statement(reversal: Reversal, amount: int) -> bool:
    """Whether the gateway's own list of what moved says that exactly so much of it is ours again."""
    payment = reversal.payment
    lines = StatementLine.objects.filter(source=payment.gateway, movement=StatementLine.Movement.GIVEN_BACK)
    named = Q(transaction__iexact=reversal.reference) | Q(transaction__iexact=reversal.told_as)
    return lines.filter(named, reference=payment.reference, amount=amount).exists()


def book_given_back(
    payment: Payment, reversal: Reversal, amount: int, *, reason: str, actor: Actor, at: datetime
) -> None:
    """
    Part of the transaction of a caller who holds the customer and the payment. Where nothing stays away, the case has ended with it.
    """
    customer = payment.customer
    owed = min(reversal.debt - reversal.collected, amount)
    reversal.collected += owed
    reversal.given_back, reversal.given_back_at = amount, at
    if amount == reversal.amount:
        reversal.closed_at = reversal.closed_at or at
    reversal.save()
    legs = {house_of(payment): -amount, Kind.DEBTS: owed, Kind.CREDIT: amount - owed}
    post(Fact.GIVEN_BACK, reversal.pk, legs, customer_id=customer.pk, at=at, reference=payment.reference)
    record_audit(
        Did.GIVE_BACK,
        payment.reference,
        actor=actor,
        at=at,
        reason=reason,
        customer=customer,
        amount=amount,
        owed=owed,
        lost=reversal.amount - amount,
    )
    tell(
        customer,
        Notice.Kind.PAYMENT_GIVEN_BACK,
        payment.pk,
        reversal.pk,
        at=at,
        amount=amount,
        debt=owed,
        credit=amount - owed,
        lost=reversal.amount - amount,
    )
    _close_again(customer, reversal, most=amount - owed, actor=actor, at=at)
    settle_owed_by(customer, actor=actor, at=at)


def _close_again(customer: Customer, reversal: Reversal, *, most: int, actor: Actor, at: datetime) -> None:
    """
    The invoices that it had opened are paid again, with the `most` that came of it and as far as that is still due, whatever the
    customer pays automatically.
    """
    sums = Allocation.objects.filter(reversal=reversal).order_by().values_list("invoice").annotate(part=-Sum("amount"))
    opened: dict[UUID, int] = dict(sums)
    invoices = hold_open(customer, opened, may_be_empty=True)
    due = {invoice.pk: min(invoice.due, opened[invoice.pk]) for invoice in invoices}
    amount = min(sum(due.values()), most, wallet_of(customer.pk).available)
    if amount > 0:
        pay_from_wallet(customer, invoices, amount, most=due, actor=actor, at=at)
