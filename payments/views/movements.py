"""What moved the money of a wallet, as its pages say it."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from ledger.models import Entry, Transaction
from payments.models import Payment
from payments.queries import gateway_name
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


def cause_addresses(movements: Iterable[Transaction]) -> dict[int, str]:
    """By movement, the page of what moved the money, or nothing where there is none; at most one query."""
    movements = list(movements)
    named = {movement.reference for movement in movements if movement.kind in OF_A_PAYMENT}
    payments = dict(Payment.objects.filter(reference__in=named).values_list("reference", "pk")) if named else {}
    return {movement.pk: _address(movement, payments) for movement in movements}


def _address(movement: Transaction, payments: dict[str, UUID]) -> str:
    if movement.reference in payments:
        return address_of("payment", payments[movement.reference])
    page = PAGES.get(Fact(movement.kind))
    return address_of(page, UUID(movement.source)) if page else ""


def in_short(entries: Iterable[Entry]) -> list[tuple[Entry, str]]:
    """Each with what it was for; of a top-up who took the money, for its reference there says nothing to people."""
    entries = list(entries)
    top_ups = [UUID(entry.transaction.source) for entry in entries if entry.transaction.kind == Fact.TOP_UP]
    gateways = dict(Payment.objects.filter(pk__in=top_ups).values_list("pk", "gateway")) if top_ups else {}
    return [(entry, _words(entry.transaction, gateways)) for entry in entries]


def _words(movement: Transaction, gateways: dict[UUID, str]) -> str:
    return gateway_name(gateways[UUID(movement.source)]) if movement.kind == Fact.TOP_UP else movement.reference
