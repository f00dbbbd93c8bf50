"""A customer has transferred money that we could not tell to be theirs: they say so, and staff look for it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.money import MAXIMUM
from kernel.periods import local_day
from notifications.models import Notice
from notifications.services import tell
from payments.audit import Did
from payments.models import BankTransfer, TransferClaim

AROUND = timedelta(days=5)
"""A bank may take so long, or book a weekend's transfer on Monday."""
OLDEST = timedelta(days=365)
MOST_OPEN = 10


class ClaimedAlready(DomainError):
    code = "claimed-already"
    message = _("You have told us of this transfer already: we are looking for it.")


class ClaimAnswered(DomainError):
    code = "claim-answered"
    message = _("This claim has been answered already.")


class TooManyClaims(DomainError):
    code = "too-many-claims"
    message = _("We are still looking for %(count)s other transfers. Please wait for our answers.")


@transaction.atomic
def claim_transfer(
    customer: Customer, amount: int, *, day: date, note: str, actor: Actor, at: datetime
) -> TransferClaim:
    """
    The customer says that they have transferred `amount` on a day. Nothing moves: staff look for it.

    :raises ClaimedAlready: the same is being looked for
    :raises TooManyClaims: so many others are
    """
    if not 0 < amount <= MAXIMUM:
        raise InvalidInput(_("Enter an amount above zero."), field="amount")
    if not local_day(at) - OLDEST <= day <= local_day(at):
        raise InvalidInput(_("Name a day of the last twelve months."), field="day")
    held = Customer.objects.lock(customer.pk)
    open_ones = TransferClaim.objects.filter(customer=held, state=TransferClaim.State.OPEN)
    if open_ones.filter(amount=amount, day=day).exists():
        raise ClaimedAlready
    if open_ones.count() >= MOST_OPEN:
        raise TooManyClaims(count=MOST_OPEN)
    return TransferClaim.objects.create(
        customer=held, amount=amount, day=day, note=note.strip()[:200], actor=actor.name, at=at
    )


def candidates(claim: TransferClaim) -> QuerySet[BankTransfer]:
    """Transfers of about that day of which enough is nobody's, the same amount first."""
    near = (claim.day - AROUND, claim.day + AROUND)
    found = BankTransfer.objects.with_rest().filter(
        Q(value_date__range=near) | Q(value_date=None, at__date__range=near),
        amount__gte=claim.amount + F("assigned") + F("returned"),
    )
    return found.order_by("amount", "pk")


@transaction.atomic
def claim_is_found(claim_id: int, transfer_id: int, *, reason: str, actor: Actor, at: datetime) -> TransferClaim:
    """
    Staff have found the transfer, and given it.

    :raises ClaimAnswered: it was answered before
    """
    claim = _held(claim_id)
    claim.state, claim.transfer_id, claim.answered_at = TransferClaim.State.FOUND, transfer_id, at
    claim.save(update_fields=["state", "transfer", "answered_at"])
    record_audit(
        Did.FIND_CLAIM, claim.pk, actor=actor, at=at, reason=reason, customer=claim.customer, transfer=transfer_id
    )
    return claim


@transaction.atomic
def refuse_claim(claim_id: int, answer: str, *, actor: Actor, at: datetime) -> TransferClaim:
    """
    Staff have not found it; the customer reads the answer.

    :raises ClaimAnswered: it was answered before
    """
    if not answer.strip():
        raise InvalidInput(_("Say what the customer should do."), field="answer")
    claim = _held(claim_id)
    claim.state, claim.answer, claim.answered_at = TransferClaim.State.REFUSED, answer.strip(), at
    claim.save(update_fields=["state", "answer", "answered_at"])
    tell(
        claim.customer,
        Notice.Kind.TRANSFER_NOT_FOUND,
        claim.customer_id,
        claim.pk,
        at=at,
        amount=claim.amount,
        transferred_on=claim.day.isoformat(),
        answer=claim.answer,
    )
    record_audit(Did.REFUSE_CLAIM, claim.pk, actor=actor, at=at, reason=answer, customer=claim.customer)
    return claim


def _held(claim_id: int) -> TransferClaim:
    customer = Customer.objects.lock(TransferClaim.objects.values_list("customer", flat=True).get(pk=claim_id))
    claim = TransferClaim.objects.select_for_update(no_key=True).get(pk=claim_id)
    if claim.state != TransferClaim.State.OPEN:
        raise ClaimAnswered
    claim.customer = customer
    return claim
