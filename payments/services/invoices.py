"""Paying invoices from the wallet: by the customer, or by itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import accumulate
from operator import attrgetter
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from invoices.models import ORDER_OF_PAYMENT, Invoice
from invoices.services.credit import open_invoices_oldest_first
from invoices.services.ladder import lift_what_is_settled
from invoices.services.questions import chargeable
from kernel.actors import Actor
from kernel.errors import DomainError, InvalidInput
from kernel.ids import new_id
from kernel.money import split
from ledger.services import Fact, InsufficientCredit, Kind, spend, wallet_of
from notifications.models import Notice
from notifications.services import tell
from payments.models import Allocation, Payment
from payments.models.payables import PaidFor, payable_of
from payments.services.allowed import pays_by_itself
from payments.services.settle import record_wallet_payment
from payments.services.use_holds import capture, held_for, hold_rest


class NothingDue(DomainError):
    code = "nothing-due"
    message = _("Nothing is due on the chosen invoices. They may have been paid a moment ago.")


class UnknownInvoice(DomainError):
    code = "unknown-invoice"
    status = 404
    message = _("One of the chosen invoices does not exist.")


class AmountTooLarge(DomainError):
    code = "amount-too-large"
    status = 422
    message = _("At most %(due)s ₫ is due on the chosen invoices.")


@transaction.atomic
def pay_invoices_from_wallet(
    customer_id: UUID, invoice_ids: Collection[UUID], *, amount: int | None = None, actor: Actor, at: datetime
) -> Payment:
    """
    Pay one or many invoices, all that is due or `amount` of it; the older invoice first, then the smaller.

    :raises UnknownInvoice: not this customer's
    :raises NothingDue: all are paid or void
    :raises AmountTooLarge: more than is due
    :raises InsufficientCredit: nothing was paid
    """
    customer = Customer.objects.lock(customer_id)
    invoices = hold_open(customer, invoice_ids)
    due = sum(invoice.due for invoice in invoices)
    amount = due if amount is None else amount
    if amount <= 0:
        raise InvalidInput(_("Enter an amount above zero."), field="amount")
    if amount > due:
        raise AmountTooLarge(due=due)
    return pay_from_wallet(customer, invoices, amount, actor=actor, at=at)


def pay_automatically(customer: Customer, *, actor: Actor, at: datetime) -> Payment | None:
    """
    Settle open invoices from available credit: the older first, then the smaller, the last one in part if need be.

    Does nothing when the customer, whom the caller holds, may not be charged by itself, nothing is due, or the wallet is empty.
    """
    if not pays_by_itself(customer, at):
        return None
    open_ones = open_invoices_oldest_first(customer.pk)
    most = chargeable(open_ones)
    invoices = [invoice for invoice in open_ones if most[invoice.pk]]
    amount = min(sum(most.values()), wallet_of(customer.pk).available)
    if amount <= 0:
        return None
    payment = pay_from_wallet(customer, invoices, amount, most=most, actor=actor, at=at)
    tell(
        customer,
        Notice.Kind.AUTOMATIC_PAYMENT,
        payment.pk,
        at=at,
        amount=amount,
        numbers=payment.description,
        left=sum(most.values()) - amount,
        payment=str(payment.pk),
    )
    return payment


def pay_chosen_from_wallet(
    customer: Customer, invoice_ids: Collection[UUID], *, actor: Actor, at: datetime
) -> Payment | None:
    """What is still due of the chosen invoices, as far as credit goes; for a caller who holds the customer."""
    invoices = hold_open(customer, invoice_ids, may_be_empty=True)
    amount = min(sum(invoice.due for invoice in invoices), wallet_of(customer.pk).available)
    return pay_from_wallet(customer, invoices, amount, actor=actor, at=at) if amount > 0 else None


def hold_open(customer: Customer, invoice_ids: Collection[UUID], *, may_be_empty: bool = False) -> list[Invoice]:
    """The customer's chosen invoices on which something is due, held, in the order in which they are settled."""
    wanted = set(invoice_ids)
    own = set(Invoice.objects.filter(customer=customer, pk__in=wanted).values_list("pk", flat=True))
    if own != wanted:
        raise UnknownInvoice
    held = [invoice for invoice in Invoice.objects.lock_all(list(wanted)) if invoice.due > 0]
    if not held and not may_be_empty:
        raise NothingDue
    return sorted(held, key=attrgetter(*ORDER_OF_PAYMENT))


def allocate(
    payment: Payment,
    invoices: Sequence[Invoice],
    amount: int,
    *,
    promotional: int = 0,
    most: Mapping[UUID, int] | None = None,
    at: datetime,
) -> None:
    """
    Give `amount` of a payment to held invoices, each up to what is due, and tell the customer.

    :param most: what each takes at most; None: all that is due
    """
    parts = _parts(amount, invoices, most)
    shares = split(promotional, parts)
    Allocation.objects.bulk_create(
        Allocation(
            payment=payment, invoice=invoice, customer_id=payment.customer_id, amount=part, promotional=share, at=at
        )
        for invoice, part, share in zip(invoices, parts, shares, strict=True)
        if part
    )
    for invoice, part in zip(invoices, parts, strict=True):
        if part:
            kind = Notice.Kind.INVOICE_PAID if part == invoice.due else Notice.Kind.INVOICE_PARTIALLY_PAID
            tell(
                payment.customer,
                kind,
                invoice.pk,
                payment.pk,
                at=at,
                number=invoice.number,
                amount=part,
                due=invoice.due - part,
                payment=str(payment.pk),
            )
    lift_what_is_settled(payment.customer_id, at=at)


def pay_from_wallet(
    customer: Customer,
    invoices: Sequence[Invoice],
    amount: int,
    *,
    most: Mapping[UUID, int] | None = None,
    actor: Actor,
    at: datetime,
) -> Payment:
    """
    Pay held invoices with `amount` that the wallet has, each up to what `most` says; for a caller who holds the customer.

    What is held for bills among them is captured where they are paid, and what is open on them afterwards stays held.

    :raises InsufficientCredit: less is available, what stays held left aside
    """
    pk = new_id()
    parts = {invoice.pk: part for invoice, part in zip(invoices, _parts(amount, invoices, most), strict=True) if part}
    held = held_for(customer, [invoice for invoice in invoices if invoice.pk in parts])
    if held:
        capture(held, at=at)
        available = wallet_of(customer.pk).available - sum(one.rest(parts) for one in held)
        if amount > available:
            raise InsufficientCredit(shortfall=amount - available, available=available)
    description = describe(reached_by(amount, invoices, most))
    spending = spend(
        customer.pk, amount, into=Kind.SALES, kind=Fact.INVOICE_PAYMENT, source=pk, at=at, reference=description
    )
    payment = record_wallet_payment(
        customer,
        Payment.Kind.INVOICE,
        amount,
        payable=payable_of(PaidFor.INVOICES, customer.pk),
        description=description,
        promotional=spending.promotional,
        actor=actor,
        at=at,
        pk=pk,
    )
    hold_rest(held, parts, at=at)
    allocate(payment, invoices, amount, promotional=spending.promotional, most=most, at=at)
    return payment


def _parts(amount: int, invoices: Sequence[Invoice], most: Mapping[UUID, int] | None) -> list[int]:
    """What each invoice gets of `amount`; `most` as in `allocate`."""
    parts: list[int] = []
    for invoice in invoices:
        parts.append(min(_taken_by(invoice, most), amount - sum(parts)))
    return parts


def _taken_by(invoice: Invoice, most: Mapping[UUID, int] | None) -> int:
    return invoice.due if most is None else most[invoice.pk]


def reached_by(amount: int, invoices: Sequence[Invoice], most: Mapping[UUID, int] | None = None) -> list[Invoice]:
    """Those of the invoices, in the order in which they are settled, that `amount` reaches at all; `most` as in `allocate`."""
    before = accumulate((_taken_by(invoice, most) for invoice in invoices), initial=0)
    return [invoice for invoice, settled in zip(invoices, before, strict=False) if settled < amount]


def describe(invoices: Sequence[Invoice]) -> str:
    numbers = [invoice.number for invoice in invoices]
    return ", ".join(numbers[:5]) + (f" (+{len(numbers) - 5})" if len(numbers) > 5 else "")
