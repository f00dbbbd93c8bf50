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


def cause_address(movement: Transaction) -> str:
    """The page of what moved the money, or nothing where there is none."""
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
