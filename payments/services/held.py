"""What staff find out at a gateway, whose word could not be believed or never came: the ways on of what is held for them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.money import MAXIMUM
from payments.audit import Did
from payments.failures import REVERSED
from payments.gateways.base import GivenBack, Succeeded
from payments.models import SETTLED, Payment, StatementLine
from payments.services.outcomes import judge, record_outcome
from payments.services.reversals import reversal_of


class NothingHeld(DomainError):
    code = "nothing-held"
    message = _("This payment is not held: there is nothing to decide.")


class SettledAlready(DomainError):
    code = "settled-already"
    message = _("This payment has succeeded already.")


@transaction.atomic
def book_received(
    payment_id: UUID, amount: int, *, gateway_txn_id: str, reason: str, actor: Actor, at: datetime
) -> Payment:
    """
    Staff have seen at the gateway what it received for an attempt that has not succeeded here: booked as if it had said so.

    :raises InvalidInput: the gateway's transaction has paid another payment, or the amount is no amount
    :raises SettledAlready: it has succeeded by now
    """
    if not 0 < amount <= MAXIMUM:
        raise InvalidInput(_("Enter an amount above zero."), field="amount")
    payment = record_outcome(payment_id, Succeeded(gateway_txn_id, amount, at), actor=actor, at=at, looked_up=True)
    if payment.gateway_txn_id != gateway_txn_id:
        raise (
            SettledAlready
            if payment.state in SETTLED
            else InvalidInput(_("This transaction of the gateway has paid another payment."), field="gateway_txn_id")
        )
    record_audit(
        Did.BOOK_RECEIVED,
        payment.reference,
        actor=actor,
        at=at,
        reason=reason,
        customer=payment.customer,
        amount=amount,
        transaction=gateway_txn_id,
    )
    return payment


class NotAsTold(DomainError):
    code = "not-as-told"
    message = _("What the statement says was given back does not fit what is on record: compare the amounts first.")


def may_be_won(payment: Payment) -> bool:
    """Whether money of it was there to be taken and given back: it came, or only its loss was told."""
    return payment.state in SETTLED or payment.failure.startswith(f"{REVERSED}: ")


@transaction.atomic
def book_won(payment_id: UUID, line: StatementLine, *, reason: str, actor: Actor, at: datetime) -> Payment:
    """
    The gateway's statement says that a dispute was won: booked as if it had told so, with what of its payment nobody had told.

    :raises NotAsTold: another amount was taken, or the payment is not of this kind
    """
    noted = Payment.objects.values_list("failure", flat=True).get(pk=payment_id)
    transaction = noted.removeprefix(f"{REVERSED}: ").split(" ")[0]
    won = GivenBack(line.transaction, line.amount, line.at, of=transaction, taken=_told_as_taken(line))
    payment, _verdict = judge(payment_id, won, reason=reason, actor=actor, at=at)
    booked = reversal_of(payment, line.transaction)
    if booked is None or booked.given_back != line.amount:
        raise NotAsTold
    return payment


def _told_as_taken(line: StatementLine) -> int:
    """How much of it the statement says was taken before, if it says so."""
    lines = StatementLine.objects.filter(source=line.source, transaction=line.transaction, reference=line.reference)
    taken = lines.filter(movement=StatementLine.Movement.TAKEN_BACK).order_by("pk").first()
    return taken.amount if taken else 0


@transaction.atomic
def close_held(payment_id: UUID, *, reason: str, actor: Actor, at: datetime) -> Payment:
    """
    Staff found that the gateway received nothing: the payment stays failed. Money that arrives later still counts.

    :raises NothingHeld: it is not held (any more)
    """
    customer = Customer.objects.lock(Payment.objects.values_list("customer", flat=True).get(pk=payment_id))
    payment = Payment.objects.lock(payment_id)
    if not payment.held:
        raise NothingHeld
    record_audit(
        Did.CLOSE_HELD,
        payment.reference,
        actor=actor,
        at=at,
        reason=reason,
        customer=customer,
        held=payment.held,
        amount=payment.held_amount,
    )
    payment.release()
    payment.save()
    return payment
