"""An order item's invoice and money: the payment waits in escrow until the invoice is there, or goes back to the wallet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from invoices.models import CreditNote, Invoice
from invoices.services.issue import Billed, Draft, issue_invoice
from kernel.money import split
from kernel.periods import Period
from lifecycle.models import Resource
from orders.deal import line_to_json
from orders.models import OrderItem
from payments.models import Payment
from payments.services.behalf import tell_payer_of_refund
from payments.services.poc_time import cover_with_poc, pay_with_poc, return_item
from payments.services.settle import apply_credit_note, refund_credit_note, refund_order_item, settle_invoice_of_order


def bill_paid(item: OrderItem, resource: Resource, period: Period, *, at: datetime) -> Invoice | None:
    """Issue the item's invoice and settle it with the item's money: born paid. What POC credit paid has none."""
    if item.part.poc:
        charge = item.part.charge_over(period)
        cover_with_poc(
            resource,
            period,
            item.part.poc.grant,
            item_id=item.pk,
            paid=item.part.paid_with_poc,
            amount=charge.total,
            lines=[line_to_json(line) for line in charge.lines],
            at=at,
        )
        return None
    invoice = issue_of(item, resource, period, at=at)
    settle(item, invoice, at=at)
    return invoice


def issue_of(item: OrderItem, resource: Resource, period: Period, *, at: datetime, unpaid: int = 0) -> Invoice:
    """The item's invoice; all but `unpaid` of it is settled by the caller."""
    draft = Draft(
        resource.customer,
        Billed.of(resource),
        f"order-item:{item.pk}",
        period,
        item.part.charge_over(period),
        coupon_code=item.order.coupon_code,
        unpaid=unpaid,
        term_months=item.part.term_months,
        saved_before=item.part.saved_before,
        taxed_at=item.order.taxed_at or item.order.paid_at,
        buyer_id=item.order.buyer_id,
    )
    return issue_invoice(draft, Invoice.Kind.PREPAID, at=at)


def settle(item: OrderItem, invoice: Invoice, *, at: datetime) -> None:
    payment = _payment_of(item)
    if payment:
        settle_invoice_of_order(payment, invoice, item.due, promotional=_promotional_share(payment, item), at=at)


def pay_from_notes(invoice: Invoice, notes: Iterable[CreditNote], *, reference: str, at: datetime) -> None:
    """Pay `invoice` from what credit notes give back; what is over goes to the wallet."""
    open_part = invoice.total
    for note in notes:
        applied = min(note.refunded, open_part)
        if applied:
            apply_credit_note(note, invoice, applied, at=at)
            open_part -= applied
        if note.refunded > applied:
            refund_credit_note(note, note.refunded - applied, at=at, reference=reference)


def take_poc_credit(item: OrderItem, *, at: datetime) -> None:
    """
    The item's price leaves its grant, where POC credit pays it.

    :raises PocCreditEnded, InsufficientPocCredit:
    """
    part = item.part
    if part.poc:
        customer = item.order.customer
        pay_with_poc(part.poc.grant, part.paid_with_poc, item.pk, customer=customer, reference=part.name, at=at)


def refund(item: OrderItem, resource: Resource, *, at: datetime) -> dict[str, int]:
    """
    The item's money is wallet credit again, whatever it was paid with; POC credit is in its grant again, or lost with that.

    Returns what its notice says of it.
    """
    if item.part.poc:
        paid = item.part.paid_with_poc
        is_there = return_item(item.part.poc.grant, paid, item.pk, reference=resource.name, at=at)
        return {"poc" if is_there else "lost": paid}
    payment = _payment_of(item)
    if payment:
        share = _promotional_share(payment, item)
        refund_order_item(payment, item.due, promotional=share, item_id=item.pk, reference=resource.name, at=at)
        tell_payer_of_refund(item.order_id, item.due, item.pk, at=at)
    return {"amount": max(item.due, 0)}


def _payment_of(item: OrderItem) -> Payment | None:
    """The payment whose money waits in escrow for this item; none when nothing was to pay."""
    return item.order.payment if item.due else None


def _promotional_share(payment: Payment, item: OrderItem) -> int:
    """The item's part of the promotional credit in the payment; the parts of all items add up."""
    return split(payment.promotional, item.order.dues)[item.position - 1] if payment.promotional else 0
