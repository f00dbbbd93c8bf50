"""POC credit, grant by grant: given for some products and dates, spent from the grant that is named, returned there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from kernel.errors import DomainError
from ledger.grants import take_back
from ledger.models import Grant, Transaction
from ledger.services import Fact, Kind, post


class PocCreditEnded(DomainError):
    code = "poc-credit-ended"
    message = _("The POC credit has ended in the meantime.")


class InsufficientPocCredit(DomainError):
    code = "insufficient-poc-credit"
    status = 402
    message = _("The POC credit lacks %(shortfall)s ₫.")


def grant_poc(
    customer: Customer,
    amount: int,
    *,
    products: Sequence[UUID],
    starts_at: datetime,
    expires_at: datetime,
    reason: str,
    at: datetime,
) -> Grant:
    """Give POC credit for some products, to be spent from `starts_at` until `expires_at`."""
    grant = Grant.objects.create(
        kind=Grant.Kind.POC,
        customer=customer,
        amount=amount,
        products=list(products),
        starts_at=starts_at,
        expires_at=expires_at,
        reason=reason,
        at=at,
    )
    legs = {Kind.POC: amount, Kind.PROMOTIONS: -amount}
    post(Fact.GRANT, grant.pk, legs, customer_id=customer.pk, at=at, reference=reason)
    return grant


def pay_with_poc(
    grant_id: int, amount: int, item_id: UUID, *, customer: Customer, reference: str, at: datetime
) -> None:
    """
    Take `amount` (> 0) VND from a grant for an order item, once. The caller holds the customer.

    :raises PocCreditEnded: not within its dates, or stopped
    :raises InsufficientPocCredit: less is left of it
    """
    grant = Grant.objects.get(pk=grant_id, customer=customer, kind=Grant.Kind.POC)
    if not grant.is_running(at):
        raise PocCreditEnded
    if grant.rest < amount:
        raise InsufficientPocCredit(shortfall=amount - grant.rest)
    legs = {Kind.POC: -amount, Kind.POC_USED: amount}
    source = f"{grant.pk}:{item_id}"
    post(Fact.POC_PAYMENT, source, legs, customer_id=customer.pk, at=at, reference=reference)


def return_poc(grant: Grant, amount: int, item_id: UUID, mark: str, *, reference: str, at: datetime) -> None:
    """
    Give back into a grant what an order item does not need, once for each `mark`: into one that has ended it is lost with it.

    The caller holds the customer.
    """
    legs = {Kind.POC: amount, Kind.POC_USED: -amount}
    source = f"{grant.pk}:{item_id}:{mark}"
    if not post(Fact.POC_RETURN, source, legs, customer_id=grant.customer_id, at=at, reference=reference):
        return
    if grant.has_ended(at):
        transaction = Transaction.objects.get(kind=Fact.POC_RETURN, source=source)
        take_back(grant, amount, transaction.pk, at=at)


def stop_poc(grant: Grant, *, reason: str, at: datetime) -> int:
    """Nothing is paid from it any more, and what is left is taken back; returns how much. The caller holds the customer."""
    grant.stopped_at, grant.stop_reason = at, reason
    grant.save()
    left = grant.rest
    if left:
        take_back(grant, left, at, at=at)
    return left
