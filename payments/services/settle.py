"""The money of orders and credit notes: into escrow, on to the invoice, or back to the wallet."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Q, Sum

from accounts.models import Customer
from accounts.services.keys import spend_by_key
from invoices.models import CreditNote, Invoice
from kernel.actors import Actor
from kernel.ids import new_id
from kernel.money import round_half_up
from ledger.grants import Spent, put_back
from ledger.models import Entry
from ledger.services import Fact, Kind, post, spend
from notifications.models import Notice
from notifications.services import tell
from payments.models import Allocation, Payment
from payments.models.payables import PaidFor, payable_of
from payments.services.debts import collect_debts

SPENDABLE_AFTER_OUR_FAILURE = timedelta(days=30)
"""Promotional credit that comes back because we failed can be spent at least so long."""
TOLD_OTHERWISE = frozenset({CreditNote.Reason.CORRECTION, CreditNote.Reason.USED_LESS})
"""Corrections of invoices have a notice of their own."""


def pay_order_from_wallet(
    customer: Customer,
    amount: int,
    *,
    order_id: UUID,
    description: str,
    actor: Actor,
    at: datetime,
    bought_only: bool = False,
) -> Payment:
    """
    Move the price of an order from the wallet into escrow.

    :raises InsufficientCredit: nothing was taken
    """
    spending = spend(
        customer.pk,
        amount,
        into=Kind.ESCROW,
        kind=Fact.ORDER_PAYMENT,
        source=order_id,
        at=at,
        reference=description,
        bought_only=bought_only,
    )
    return record_wallet_payment(
        customer,
        Payment.Kind.ORDER,
        amount,
        payable=payable_of(PaidFor.ORDER, order_id),
        order_id=order_id,
        promotional=spending.promotional,
        description=description,
        actor=actor,
        at=at,
    )


def move_gateway_money_to_order(payment: Payment, *, at: datetime) -> None:
    """A gateway payment for an order has landed in the wallet: take the order's price into escrow; what exceeds it stays credit."""
    spend(
        payment.customer_id,
        payment.amount,
        into=Kind.ESCROW,
        kind=Fact.ORDER_PAYMENT,
        source=payment.order_id,
        at=at,
        reference=payment.description,
        bought_only=True,
    )
    payment.refunded = payment.received - payment.amount
    payment.save()


def record_wallet_payment(
    customer: Customer,
    kind: Payment.Kind,
    amount: int,
    *,
    payable: str,
    description: str,
    actor: Actor,
    at: datetime,
    promotional: int = 0,
    order_id: UUID | None = None,
    pk: UUID | None = None,
) -> Payment:
    """
    The row of a payment that succeeded at once.

    :raises KeyLimitReached: an API key pays, and has spent what it may today
    """
    spend_by_key(actor, amount, at=at)
    pk = pk or new_id()
    return Payment.objects.create(
        pk=pk,
        customer=customer,
        kind=kind,
        means=Payment.Means.WALLET,
        state=Payment.State.SUCCEEDED,
        reference=f"W-{pk.hex}",
        payable=payable,
        order_id=order_id,
        description=description[:200],
        amount=amount,
        promotional=promotional,
        actor=actor.name,
        created_at=at,
        settled_at=at,
    )


def settle_invoice_of_order(payment: Payment, invoice: Invoice, amount: int, *, promotional: int, at: datetime) -> None:
    """Provisioned: the item's money leaves escrow and pays its invoice."""
    if not amount:
        return
    post(
        Fact.ORDER_SETTLEMENT,
        invoice.pk,
        {Kind.ESCROW: -amount, Kind.SALES: amount},
        customer_id=payment.customer_id,
        at=at,
        reference=invoice.number,
    )
    Allocation.objects.create(
        payment=payment, invoice=invoice, customer_id=payment.customer_id, amount=amount, promotional=promotional, at=at
    )


def refund_order_item(
    payment: Payment, amount: int, *, promotional: int, item_id: UUID, reference: str, at: datetime
) -> None:
    """Not provisioned: the item's money leaves escrow and is wallet credit again, whatever it was paid with. Once per item."""
    if not amount:
        return
    legs = {Kind.ESCROW: -amount, Kind.CREDIT: amount - promotional, Kind.PROMOTIONAL: promotional}
    if not post(Fact.ORDER_REFUND, item_id, legs, customer_id=payment.customer_id, at=at, reference=reference):
        return
    if promotional:
        spent = [(Fact.ORDER_PAYMENT, payment.order_id)]
        refund = (Fact.ORDER_REFUND, item_id)
        put_back(payment.customer, promotional, refund, spent, at=at, until=at + SPENDABLE_AFTER_OUR_FAILURE)
    Payment.objects.filter(pk=payment.pk).update(refunded=F("refunded") + amount)
    payment.refresh_from_db()
    if payment.refunded == payment.received:
        payment.give_back()
        payment.save()
    collect_debts(payment.customer_id, at=at)


def apply_credit_note(note: CreditNote, invoice: Invoice, amount: int, *, at: datetime) -> None:
    """What a credit note gave back pays the invoice that replaces the credited time; no money moves."""
    Allocation.objects.create(
        credit_note=note,
        invoice=invoice,
        customer_id=note.customer_id,
        amount=amount,
        promotional=promotional_part(note.invoice_id, amount),
        at=at,
    )


def refund_credit_note(note: CreditNote, amount: int, *, at: datetime, reference: str) -> None:
    """
    `amount` of what a credit note gave back becomes wallet credit, once per note; the promotional share stays promotional.

    The customer hears of unused time that comes back; a correction has a notice of its own. What comes back because the
    resource was lost can be spent for a while whenever its grants end.
    """
    promotional = promotional_part(note.invoice_id, amount)
    legs = {Kind.SALES: -amount, Kind.CREDIT: amount - promotional, Kind.PROMOTIONAL: promotional}
    if not post(Fact.CREDIT_NOTE_REFUND, note.pk, legs, customer_id=note.customer_id, at=at, reference=reference):
        return
    if promotional:
        refund = (Fact.CREDIT_NOTE_REFUND, note.pk)
        until = at + SPENDABLE_AFTER_OUR_FAILURE if note.reason == CreditNote.Reason.GONE else None
        put_back(note.customer, promotional, refund, spent_on(note.invoice), at=at, until=until)
    collect_debts(note.customer_id, at=at)
    if note.reason not in TOLD_OTHERWISE:
        tell(
            note.customer,
            Notice.Kind.REFUND,
            note.pk,
            at=at,
            amount=amount,
            resource=note.invoice.resource_name,
            number=note.number,
        )


def give_back(note: CreditNote, at: datetime) -> None:
    """All that a credit note refunds becomes wallet credit."""
    refund_credit_note(note, note.refunded, at=at, reference=note.invoice.number)


def promotional_part(invoice_id: UUID, amount: int) -> int:
    """
    How much of `amount` that a credit note on the invoice gives back was paid with promotional credit.

    In proportion to how the invoice was paid, rounded over all that the invoice has given back: its parts add up, and
    promotional credit does not turn into bought credit, đồng by đồng.
    """
    invoice = Invoice.objects.get(pk=invoice_id)
    promotional = Allocation.objects.filter(invoice=invoice).aggregate(total=Sum("promotional"))["total"] or 0
    if not promotional:
        return 0
    given, given_promotional = _given_back(invoice)
    bought_left = bought_part_left(invoice)
    share = round_half_up((given + amount) * promotional, invoice.paid) - given_promotional
    return max(min(share, amount, promotional - given_promotional), amount - bought_left, 0)


def spent_on(invoice: Invoice) -> list[Spent]:
    """The transactions that spent promotional credit on an invoice, also by way of an earlier one."""
    found: list[Spent] = []
    for allocation in invoice.allocations.filter(promotional__gt=0).select_related("payment", "credit_note__invoice"):
        payment = allocation.payment
        if payment is None:
            assert allocation.credit_note, "an allocation is of a payment or of a credit note"
            found += spent_on(allocation.credit_note.invoice)
        elif payment.kind == Payment.Kind.RENEWAL:
            found.append((Fact.RENEWAL, invoice.pk))
        elif payment.order_id:
            found.append((Fact.ORDER_PAYMENT, payment.order_id))
        else:
            found.append((Fact.INVOICE_PAYMENT, payment.pk))
    return found


def bought_part_left(invoice: Invoice) -> int:
    """What was paid of an invoice with bought credit and has not been given back."""
    promotional = Allocation.objects.filter(invoice=invoice).aggregate(total=Sum("promotional"))["total"] or 0
    given, given_promotional = _given_back(invoice)
    return (invoice.paid - promotional) - (given - given_promotional)


def _given_back(invoice: Invoice) -> tuple[int, int]:
    """What an invoice's credit notes have given back so far, to the wallet and to other invoices, and its promotional part."""
    sources = [str(pk) for pk in invoice.credit_notes.values_list("pk", flat=True)]
    refunds = Entry.objects.filter(
        transaction__customer=invoice.customer_id,
        transaction__kind=Fact.CREDIT_NOTE_REFUND,
        transaction__source__in=sources,
        account__kind__in=[Kind.CREDIT, Kind.PROMOTIONAL],
    ).aggregate(all=Sum("amount"), promotional=Sum("amount", filter=Q(account__kind=Kind.PROMOTIONAL)))
    passed_on = Allocation.objects.filter(credit_note__invoice=invoice).aggregate(
        all=Sum("amount"), promotional=Sum("promotional")
    )
    return (
        (refunds["all"] or 0) + (passed_on["all"] or 0),
        (refunds["promotional"] or 0) + (passed_on["promotional"] or 0),
    )


def keep_as_credit(payment: Payment, *, because: str) -> None:
    """
    A gateway payment cannot pay the order that it was for: the money, which is in the wallet, stays there.

    :param because: a code of `failures.KEPT`
    """
    payment.failure = because
    if payment.kind == Payment.Kind.ORDER:
        payment.refunded = payment.received
        payment.give_back()
    payment.save()
