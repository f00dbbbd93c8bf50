"""
What somebody else can be asked to pay, by kind. An app above this one brings its own when the portal starts.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from accounts.models import Customer
from invoices.models import Invoice
from kernel import display
from payments.models import SETTLED, Payment, PaymentRequest
from payments.services.invoices import hold_open


@dataclass(frozen=True, slots=True)
class Part:
    """One line of what is to pay, in the active language and without any number of ours."""

    words: str
    note: str
    amount: int


class Shareable(Protocol):
    def hold(self, customer: Customer, pks: Collection[UUID], *, until: datetime, at: datetime) -> tuple[int, datetime]:
        """
        What is due on these of a held customer, in VND, and how long that stays payable: until then at most.

        :raises DomainError: not the customer's, or nothing is to pay
        """

    def due(self, requests: Sequence[PaymentRequest], *, at: datetime) -> dict[UUID, int]:
        """What is still due of each, by the request's id; what does not stand there has nothing left to pay."""

    def parts(self, request: PaymentRequest) -> list[Part]:
        """What is still due, line by line."""


class OfInvoices:
    def hold(self, customer: Customer, pks: Collection[UUID], *, until: datetime, at: datetime) -> tuple[int, datetime]:
        del at
        return sum(invoice.due for invoice in hold_open(customer, pks)), until

    def due(self, requests: Sequence[PaymentRequest], *, at: datetime) -> dict[UUID, int]:
        del at
        named = {request.pk: [UUID(pk) for pk in request.invoice_ids] for request in requests}
        every = {pk for pks in named.values() for pk in pks}
        dues = {invoice.pk: invoice.due for invoice in Invoice.objects.open().filter(pk__in=every)}
        return {pk: due for pk, pks in named.items() if (due := sum(dues.get(one, 0) for one in pks))}

    def parts(self, request: PaymentRequest) -> list[Part]:
        named = Invoice.objects.open().filter(customer=request.customer_id, pk__in=request.invoice_ids)
        return [
            Part(
                f"{invoice.product} {invoice.resource_name}",
                display.span(invoice.period_start, invoice.period_end),
                invoice.due,
            )
            for invoice in named.select_related("product").in_order_of_payment()
        ]


_kinds: dict[str, Shareable] = {PaymentRequest.Kind.INVOICE: OfInvoices()}


def can_be_shared(kind: str, what: Shareable) -> None:
    """An app tells how what it sells is paid on behalf."""
    _kinds[kind] = what


def shareable(kind: str) -> Shareable:
    return _kinds[kind]


def due_on_behalf(requests: Sequence[PaymentRequest], *, at: datetime) -> dict[UUID, int]:
    """What each could be paid at `at`, with what came no more than was asked for; nothing left: not there. A query per kind, and one."""
    found: dict[UUID, int] = {}
    for kind, what in _kinds.items():
        own = [request for request in requests if request.kind == kind]
        if own:
            found |= what.due(own, at=at)
    came = _came_for([request.pk for request in requests if request.kind != PaymentRequest.Kind.ORDER])
    left = {request.pk: request.amount - came.get(request.pk, 0) for request in requests}
    return {pk: most for pk, due in found.items() if (most := min(due, left[pk])) > 0}


def _came_for(requests: Collection[UUID]) -> dict[UUID, int]:
    """What their payers have paid in parts. An order is paid as a whole or not at all, so nothing of it is paid by a part."""
    settled = Payment.objects.filter(request__in=requests, state__in=SETTLED).order_by().values_list("request")
    return dict(settled.annotate(came=Sum(Coalesce(F("captured"), F("amount"))))) if requests else {}
