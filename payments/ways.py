"""Every way in which money can come from outside, to be read: gateways, linked accounts and how they stand, bank transfers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet, Sum

from accounts.models import Customer
from kernel.money import MAXIMUM
from kernel.periods import CalendarMonth
from kernel.seller import account_for_transfers
from payments import gateways
from payments.models import AutomaticCharge, LinkedAccount, Payment
from payments.queries import BY_TRANSFER, OpenGateway, open_gateways

LINKED = "linked:"
"""In front of the id of a linked account, where else the code of a gateway stands."""


def ways_to_pay(customer: Customer, *, at: datetime) -> list[OpenGateway]:
    """Every way in which money can come from outside: linked accounts, the gateways, and a bank transfer with a code."""
    by_transfer = [OpenGateway(BY_TRANSFER, 1, MAXIMUM)] if account_for_transfers() else []
    return [*linked_ways(customer, at=at), *open_gateways(), *by_transfer]


def ways_to_top_up(customer: Customer, *, at: datetime) -> list[OpenGateway]:
    """The same, within our own limits of one top-up."""
    least, most = settings.TOP_UP_MINIMUM, settings.TOP_UP_MAXIMUM
    return [
        replace(gate, minimum=max(gate.minimum, least), maximum=min(gate.maximum, most))
        for gate in ways_to_pay(customer, at=at)
        if max(gate.minimum, least) <= min(gate.maximum, most)
    ]


def linked_ways(customer: Customer, *, at: datetime) -> list[OpenGateway]:
    """The customer's linked accounts that can be charged now, the default one first, with what is left of their limits."""
    usable = list(LinkedAccount.objects.usable(at).filter(customer=customer).order_by("-is_default", "-linked_at"))
    gates = {gate.code: gate for gate in open_gateways()} if usable else {}
    spent = spent_this_month(usable, at=at)
    return [
        OpenGateway(
            f"{LINKED}{one.pk}",
            gates[one.gateway].minimum,
            max(min(one.most, one.month_limit - spent.get(one.pk, 0), gates[one.gateway].maximum), 0),
            one.known_as,
        )
        for one in usable
        if one.gateway in gates
    ]


def spent_this_month(links: Sequence[LinkedAccount], *, at: datetime) -> dict[UUID, int]:
    """
    What each was charged in the calendar month, what is under way included, and what was given up, until the gateway says that it
    took nothing.
    """
    month = CalendarMonth.of(at).period
    taken = Payment.objects.filter(linked__in=links, created_at__gte=month.starts_at, created_at__lt=month.ends_at)
    may_be_made = taken.exclude(state=Payment.State.FAILED).exclude(state=Payment.State.CANCELLED, failure__gt="")
    sums = may_be_made.order_by().values("linked")
    return dict(sums.annotate(total=Sum("amount")).values_list("linked", "total")) if links else {}


def gateways_that_link() -> list[OpenGateway]:
    """Those with which accounts can be linked, without calling any."""
    return [gate for gate in open_gateways() if gateways.gateway(gate.code).caps.link]


def open_links(customer: Customer) -> QuerySet[LinkedAccount]:
    """What is linked or waits for the confirmation, the default one first."""
    wanted = [LinkedAccount.State.PENDING, LinkedAccount.State.ACTIVE]
    return LinkedAccount.objects.filter(customer=customer, state__in=wanted).order_by("-is_default", "-created_at")


def automatic_charges_of(customer: Customer, *, at: datetime) -> dict[str, AutomaticCharge]:
    """By purpose, with `next_try`: the instant when it is tried next, as far as that is known."""
    rows = AutomaticCharge.objects.filter(customer=customer).select_related("linked")
    found: dict[str, AutomaticCharge] = {row.purpose: row for row in rows}
    for row in found.values():
        row.next_try = row.next_at if row.is_on and row.next_at and row.next_at > at else None
    return found


def paid_beside(payment: Payment) -> int:
    """
    What the wallet gave beside a top-up that was made for an order or for invoices, in VND; 0 where it gave nothing, or did not have to.

    Both are one act of the customer, so that the page of the top-up says both.
    """
    if payment.kind != Payment.Kind.TOP_UP or not (payment.order_id or payment.invoice_ids):
        return 0
    beside = Payment.objects.filter(
        customer=payment.customer_id,
        payable=payment.payable,
        means=Payment.Means.WALLET,
        state__in=[Payment.State.SUCCEEDED, Payment.State.REFUNDED],
        settled_at=payment.settled_at,
    ).first()
    return max(beside.amount - payment.received, 0) if beside else 0


def facts_of_links(pks: set[UUID]) -> dict[UUID, dict[str, object]]:
    """What notices about linked accounts are held against."""
    on = AutomaticCharge.objects.on().filter(linked=OuterRef("pk")).values("purpose")
    rows = LinkedAccount.objects.filter(pk__in=pks).annotate(charged_for=ArraySubquery(on))
    return {
        pk: {"state": state, "charged_for": charged_for}
        for pk, state, charged_for in rows.values_list("pk", "state", "charged_for")
    }
