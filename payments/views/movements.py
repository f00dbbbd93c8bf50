"""What moved the money of a wallet, as its pages say it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from ledger.models import Entry, Transaction
from payments.models import Payment
from payments.queries import means_words
from store.places import address_of

Fact = Transaction.Kind
PAGES = {
    Fact.TOP_UP: "payment",
    Fact.BANK_TRANSFER: "payment",
    Fact.INVOICE_PAYMENT: "payment",
    Fact.ORDER_PAYMENT: "order",
    Fact.RENEWAL: "invoice",
    Fact.CREDIT_NOTE_REFUND: "credit-note-pdf",
}


OF_A_PAYMENT = frozenset({Fact.REFUND, Fact.REFUND_DONE, Fact.REFUND_FAILED, Fact.REVERSAL, Fact.GIVEN_BACK, Fact.DEBT})
"""What moved money of an earlier payment, and names it by its reference."""


def payments_behind(movements: Iterable[Transaction]) -> dict[int, Payment]:
    """By movement, the payment by whose reference it goes; one query, or none."""
    named = {movement.pk: _payment_named(movement) for movement in movements}
    ids = {name for name in named.values() if isinstance(name, UUID)}
    references = {name for name in named.values() if isinstance(name, str)}
    if not ids and not references:
        return {}
    found = Payment.objects.filter(Q(pk__in=ids) | Q(reference__in=references)).select_related("linked")
    known: dict[UUID | str | None, Payment] = {
        name: payment for payment in found for name in (payment.pk, payment.reference)
    }
    return {pk: known[name] for pk, name in named.items() if name in known}


def _payment_named(movement: Transaction) -> UUID | str | None:
    if movement.kind == Fact.TOP_UP:
        return UUID(movement.source)
    return movement.reference if movement.kind in OF_A_PAYMENT else None


def cause_address(movement: Transaction, payment: Payment | None) -> str:
    """The page of what moved the money, or nothing where there is none; `payment` is the one behind it."""
    if payment:
        return address_of("payment", payment.pk)
    page = PAGES.get(Fact(movement.kind))
    return address_of(page, UUID(movement.source)) if page else ""


def what_for(movement: Transaction, payment: Payment | None) -> str:
    """What it was for. The reference of a payment says nothing to people: how it was paid stands in its place."""
    return means_words(payment) if payment else movement.reference


def in_short(entries: Iterable[Entry]) -> list[tuple[Entry, str]]:
    """Each with what it was for."""
    entries = list(entries)
    behind = payments_behind(entry.transaction for entry in entries)
    return [(entry, what_for(entry.transaction, behind.get(entry.transaction_id))) for entry in entries]
