"""
A bank or gateway takes money back after it had arrived: a reversal, a chargeback.

The wallet gives back what credit it has. The rest was spent, so the invoices that were paid with it are open again, what this
payment itself paid first, then what was paid last. What no invoice answers for is a debt, and credit that comes later pays it.

A bank does not ask what had gone back to its source before: that money is gone twice, has paid nothing, and is owed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from invoices.models import Invoice
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from ledger.models import Account
from ledger.services import Fact, Kind, post, wallet_of
from notifications.models import Notice
from notifications.services import tell
from payments.audit import Did
from payments.models import SETTLED, Allocation, Payment, Reversal, StatementLine
from payments.services.settle import bought_part_left
from payments.services.standing import stop_charging_disputed, stop_filling_up

FROM_OUTSIDE = frozenset({Payment.Means.GATEWAY, Payment.Means.BANK_TRANSFER})
"""Means whose money can be taken back; that of a payment from the wallet cannot."""


class NotTakenBack(DomainError):
    code = "not-taken-back"
    message = _("Only money that arrived from a gateway or bank can be taken back: %(left)s ₫ of this payment.")


class TakenBackBefore(DomainError):
    code = "taken-back-before"
    message = _(
        "%(amount)s ₫ of this payment are on record as taken back under %(reference)s. Say so if this is not the same once more."
    )


class ReversalClosed(DomainError):
    code = "reversal-closed"
    message = _("This case has been closed already.")


@transaction.atomic
def take_back(
    payment_id: UUID, amount: int, *, reference: str, reason: str, is_another: bool = False, actor: Actor, at: datetime
) -> Reversal:
    """
    Book that `amount` of a payment is gone again. The same reference of the bank or gateway is booked once.

    :param is_another: who books it knows of the same amount under another reference, and that this is one more
    :raises TakenBackBefore: they do not say so
    :raises NotTakenBack: not from outside, not succeeded, or more than is left of it
    """
    customer = Customer.objects.lock(Payment.objects.values_list("customer", flat=True).get(pk=payment_id))
    payment = Payment.objects.lock(payment_id)
    payment.customer = customer
    booked = reversal_of(payment, reference)
    if booked:
        return booked
    same = Reversal.objects.filter(payment=payment, amount=amount, given_back_at=None).order_by("pk").last()
    if same and not is_another:
        raise TakenBackBefore(amount=amount, reference=same.reference)
    if amount <= 0:
        raise InvalidInput(_("Enter an amount above zero."), field="amount")
    if amount > takeable(payment):
        raise NotTakenBack(left=takeable(payment))
    return book_taken_back(payment, amount, reference=reference.strip(), reason=reason, actor=actor, at=at)


def reversal_of(payment: Payment, reference: str) -> Reversal | None:
    """What the bank or gateway took back under this reference. A person may have typed it: "cb-1" is "CB-1"."""
    name = reference.strip()
    named = Q(reference__iexact=name) | Q(told_as__iexact=name) if name else Q(reference="")
    return Reversal.objects.filter(named, payment=payment).order_by("pk").first()


def booked_by_letter(payment: Payment, amount: int) -> QuerySet[Reversal]:
    """The same amount, as staff booked it by a reference that no statement tells: what the gateway tells now may be just that."""
    told = StatementLine.objects.filter(
        source=OuterRef("payment__gateway"),
        reference=OuterRef("payment__reference"),
        movement=StatementLine.Movement.TAKEN_BACK,
        transaction__iexact=OuterRef("reference"),
    )
    same = Reversal.objects.filter(payment=payment, amount=amount, given_back_at=None, told_as="")
    return same.exclude(actor__startswith="job:").exclude(Exists(told)).order_by("pk")


@transaction.atomic
def name_as_told(reversal_id: int, name: str, *, reason: str, actor: Actor, at: datetime) -> Reversal:
    """
    What staff booked by a letter is what the statement calls otherwise.

    :raises TakenBackBefore: something else of this payment has that name, or it is told under another one
    """
    payment = Payment.objects.lock(Reversal.objects.values_list("payment", flat=True).get(pk=reversal_id))
    reversal = Reversal.objects.get(pk=reversal_id)
    other = reversal_of(payment, name)
    if other or reversal.told_as:
        named = other or reversal
        raise TakenBackBefore(amount=named.amount, reference=named.told_as or named.reference)
    reversal.told_as = name
    reversal.save()
    record_audit(
        Did.NAME_REVERSAL, payment.reference, actor=actor, at=at, reason=reason, customer=payment.customer, told_as=name,
        reference=reversal.reference,
    )  # fmt: skip
    return reversal


def takeable(payment: Payment) -> int:
    """What of a payment came from outside and has not been taken back: what went back to its source can be taken as well."""
    arrived = payment.state in SETTLED and payment.means in FROM_OUTSIDE
    return payment.received - payment.taken_back if arrived else 0


def left_of(payment: Payment) -> int:
    """What of a payment came from outside and has neither been taken back nor gone back to its source."""
    return max(takeable(payment) - payment.to_source, 0)


def book_taken_back(
    payment: Payment, amount: int, *, reference: str, reason: str, actor: Actor, at: datetime
) -> Reversal:
    """As `book_reversal`, of money that stays away: what would charge the same again by itself is switched off."""
    reversal = book_reversal(payment, amount, reference=reference, reason=reason, actor=actor, at=at)
    if payment.linked:
        stop_charging_disputed(payment.linked, payment.customer, reversal.pk, at=at)
    stop_filling_up(payment.customer, reversal.pk, at=at)
    return reversal


def book_reversal(
    payment: Payment, amount: int, *, reference: str, reason: str, returned_to: str = "", actor: Actor, at: datetime
) -> Reversal:
    """
    Part of the transaction of a caller who holds the customer and the payment, of which `amount` can be taken.

    :param returned_to: where it went, if no bank took it but a return that had failed was carried out after all
    """
    customer = payment.customer
    wallet = wallet_of(customer.pk)
    from_credit = min(amount, max(wallet.credit - wallet.held, 0))
    spent = max(min(amount, left_of(payment)) - from_credit, 0)
    parts = list(_paid_with_it(payment, spent))
    reopened = sum(part for _allocation, part in parts)
    debt = amount - from_credit - reopened
    reversal = Reversal.objects.create(
        payment=payment,
        customer=customer,
        amount=amount,
        reference=reference,
        reason=reason,
        from_credit=from_credit,
        reopened=reopened,
        debt=debt,
        actor=actor.name,
        at=at,
    )
    legs = {house_of(payment): amount, Kind.CREDIT: -from_credit, Kind.SALES: -reopened, Kind.DEBTS: -debt}
    post(Fact.REVERSAL, reversal.pk, legs, customer_id=customer.pk, at=at, reference=payment.reference)
    _open_again(reversal, parts, at=at)
    record_audit(
        Did.TAKE_BACK,
        payment.reference,
        actor=actor,
        at=at,
        reason=reason,
        customer=customer,
        amount=amount,
        from_credit=from_credit,
        reopened=reopened,
        debt=debt,
    )
    _tell(reversal, [allocation.invoice.number for allocation, _part in parts], returned_to)
    return reversal


def house_of(payment: Payment) -> Account.Kind:
    """Where the money of a payment from outside is."""
    return Kind.BANK if payment.transfer and not payment.transfer.is_at_a_gateway else Kind.GATEWAY


def _tell(reversal: Reversal, numbers: list[str], returned_to: str) -> None:
    """The customer hears what became of it; `numbers` are those of the invoices that are open again."""
    tell(
        reversal.customer,
        Notice.Kind.PAYMENT_TAKEN_BACK,
        reversal.payment_id,
        reversal.pk,
        at=reversal.at,
        amount=reversal.amount,
        from_credit=reversal.from_credit,
        reopened=reversal.reopened,
        debt=reversal.debt,
        numbers=", ".join(sorted({*numbers})[:5]),
        returned_to=returned_to,
    )


@transaction.atomic
def close_reversal(reversal_id: int, *, reason: str, actor: Actor, at: datetime) -> Reversal:
    """
    Staff have done what there was to do; a debt that is open goes on being collected.

    :raises ReversalClosed: closed before
    """
    customer = Customer.objects.lock(Reversal.objects.values_list("customer", flat=True).get(pk=reversal_id))
    reversal = Reversal.objects.select_related("payment").get(pk=reversal_id)
    if reversal.closed_at:
        raise ReversalClosed
    reversal.closed_at = at
    reversal.save()
    record_audit(
        Did.CLOSE_CASE,
        reversal.payment.reference,
        actor=actor,
        at=at,
        reason=reason,
        customer=customer,
        debt=reversal.debt - reversal.collected,
    )
    return reversal


def _paid_with_it(payment: Payment, amount: int) -> Iterator[tuple[Allocation, int]]:
    """Which parts of which allocations `amount` was spent on: bought credit only, and only what was not given back since."""
    given = Allocation.objects.filter(
        customer=payment.customer_id, payment__isnull=False, reversal=None, amount__gt=F("promotional")
    ).select_related("invoice")
    own = given.filter(payment=payment).order_by("-at", "-pk")
    later = given.filter(at__gte=payment.settled_at).exclude(payment=payment).order_by("-at", "-pk")
    left_of: dict[UUID, int] = {}
    for allocations in (own, later):
        for allocation in allocations.iterator(200):
            if not amount:
                return
            pk = allocation.invoice_id
            if pk not in left_of:
                left_of[pk] = bought_part_left(allocation.invoice)
            undone = Allocation.objects.filter(
                payment=allocation.payment_id, invoice=pk, reversal__isnull=False
            ).aggregate(sum=Sum("amount"))["sum"]
            part = min(amount, left_of[pk], allocation.amount - allocation.promotional + (undone or 0))
            if part > 0:
                left_of[pk] -= part
                amount -= part
                yield allocation, part


def _open_again(reversal: Reversal, parts: list[tuple[Allocation, int]], *, at: datetime) -> None:
    Invoice.objects.lock_all([allocation.invoice_id for allocation, _part in parts])
    Allocation.objects.bulk_create(
        Allocation(
            payment_id=allocation.payment_id,
            invoice_id=allocation.invoice_id,
            customer_id=reversal.customer_id,
            reversal=reversal,
            amount=-part,
            at=at,
        )
        for allocation, part in parts
    )
