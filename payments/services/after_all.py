"""
A gateway has carried out a refund that it had refused: what became credit again here has left all the same.

The money is gone from the gateway like what a bank takes back, and is booked like it: out of the wallet, as far as there is credit, and
what was spent meanwhile is open or owed again. It is named by the refund, of whose line in the statement it is the answer.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from kernel.actors import Actor
from kernel.errors import DomainError
from payments.models import Payment, Refund, Reversal
from payments.services.refunds import source_of
from payments.services.reversals import NotTakenBack, book_reversal, reversal_of, takeable
from payments.services.standing import stop_filling_up


class NotRefused(DomainError):
    code = "not-refused"
    message = _("Only a refund that the gateway had refused can have been carried out after all.")


def was_refused(refund: Refund) -> bool:
    """Whether it is credit again, as far as we know, without ever having left."""
    return refund.state == Refund.State.FAILED and refund.gateway_txn_id is None


@transaction.atomic
def book_carried_out(refund_id: UUID, *, reason: str, actor: Actor, at: datetime) -> Reversal:
    """
    Staff have the gateway's word that a refund was carried out after it had been refused. Booked once.

    :raises NotRefused: it has another end, or none
    :raises NotTakenBack: less is left of its payment
    """
    customer = Customer.objects.lock(Refund.objects.values_list("customer", flat=True).get(pk=refund_id))
    payment = Payment.objects.lock(Refund.objects.values_list("payment", flat=True).get(pk=refund_id))
    refund = Refund.objects.lock(refund_id)
    payment.customer = customer
    booked = reversal_of(payment, refund.reference)
    if booked:
        return booked
    if not was_refused(refund):
        raise NotRefused
    left = takeable(payment)
    if refund.amount > left:
        raise NotTakenBack(left=left)
    reversal = book_reversal(
        payment, refund.amount, reference=refund.reference, reason=reason, returned_to=source_of(payment), actor=actor, at=at
    )  # fmt: skip
    stop_filling_up(customer, reversal.pk, at=at)
    reversal.closed_at = at  # whoever has booked it has looked at it
    reversal.save()
    return reversal
