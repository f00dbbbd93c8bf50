"""
What payments are for: whatever takes the money out of the wallet once it has come in.

`Payment.payable` begins with the name of the purpose. An app above this one brings its own when the portal starts, so
nothing here knows who waits for money, and a late success needs no code of its own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol
from uuid import UUID

from invoices.services.questions import chargeable
from kernel.actors import Actor
from ledger.services import Fact, Kind, spend
from notifications.models import Letter
from payments.models import Consent, Payment, PaymentRequest
from payments.models.payables import PaidFor, paid_for
from payments.services.behalf import tell_payer
from payments.services.debts import collect_debts
from payments.services.invoices import allocate, hold_open, pay_chosen_from_wallet
from payments.services.owed import settle_owed_by
from payments.services.shareable import due_on_behalf


class Purpose(Protocol):
    """One kind of thing that is paid for from outside."""

    def carry_on(self, payment: Payment, *, actor: Actor, at: datetime) -> None:
        """
        `payment` has succeeded just now and `payment.received` is credit: take what is needed and go on with it.

        Once per payment, in the transaction that made it credit; the caller holds the customer and the payment, and saves
        neither afterwards. What is not taken stays credit.
        """

    def page(self, payment: Payment) -> str:
        """The address where the customer goes on after a payment that was taken; empty: the page of the payment itself."""


class OfTopUps:
    """Credit; and what is owed is settled from it."""

    def carry_on(self, payment: Payment, *, actor: Actor, at: datetime) -> None:
        settle_owed_by(payment.customer, actor=actor, at=at)

    def page(self, payment: Payment) -> str:
        return ""


class OfInvoices:
    """What is still due of the invoices that were chosen: from the money itself, or, of a top-up for them, from all of the wallet."""

    def carry_on(self, payment: Payment, *, actor: Actor, at: datetime) -> None:
        if payment.kind == Payment.Kind.TOP_UP:
            pay_chosen_from_wallet(payment.customer, [UUID(pk) for pk in payment.invoice_ids], actor=actor, at=at)
            settle_owed_by(payment.customer, actor=actor, at=at)
            return
        invoices = hold_open(payment.customer, [UUID(pk) for pk in payment.invoice_ids], may_be_empty=True)
        by_itself = payment.consent is not None and payment.consent.scope == Consent.Scope.INVOICES
        most = chargeable(invoices) if by_itself else {invoice.pk: invoice.due for invoice in invoices}
        amount = min(payment.received, sum(most.values()))
        if amount:
            spend(
                payment.customer_id,
                amount,
                into=Kind.SALES,
                kind=Fact.INVOICE_PAYMENT,
                source=payment.pk,
                at=at,
                reference=payment.description,
                bought_only=True,
            )
            allocate(payment, invoices, amount, most=most, at=at)
        payment.refresh_from_db()
        payment.refunded = payment.received - amount
        payment.save()
        collect_debts(payment.customer_id, at=at)

    def page(self, payment: Payment) -> str:
        return ""


class OnBehalf:
    """What the request was for, as if its customer had paid; the payer hears what became of their money."""

    def carry_on(self, payment: Payment, *, actor: Actor, at: datetime) -> None:
        assert payment.request_id is not None
        request = PaymentRequest.objects.lock(payment.request_id)
        request.customer = payment.customer
        purpose_of(request.pays).carry_on(payment, actor=actor, at=at)
        payment.refresh_from_db()
        if request.state != PaymentRequest.State.PAID and not due_on_behalf([request], at=payment.collected_at or at):
            request.pay(at=at)
            request.save()
        tell_payer(
            request, Letter.Kind.PAYER_THANKED, payment.pk, at=at, amount=payment.received, kept=kept_of(payment)
        )

    def page(self, payment: Payment) -> str:
        return ""


def kept_of(payment: Payment) -> int:
    """What of a payment was not needed for what it was meant for, and is credit."""
    return payment.kept or (payment.refunded if payment.kind == Payment.Kind.INVOICE else 0)


_purposes: dict[str, Purpose] = {PaidFor.TOP_UP: OfTopUps(), PaidFor.INVOICES: OfInvoices(), PaidFor.BEHALF: OnBehalf()}


def serves(name: PaidFor, purpose: Purpose) -> None:
    """An app tells what takes the money of payments that are for `name`."""
    _purposes[name] = purpose


def purpose_of(payable: str) -> Purpose:
    """:raises KeyError: nobody would take the money of such a payment"""
    return _purposes[paid_for(payable)]
