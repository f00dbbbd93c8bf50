"""Billing a voided invoice again: the same usage or shortfall, under today's default buyer of the customer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from catalog.models import Coupon
from catalog.pricing import Charge, Line, price_line
from catalog.queries import PriceBook
from invoices.audit import Did
from invoices.explain import component_of, period_of
from invoices.models import Invoice
from invoices.services.credit import end_cover
from invoices.services.issue import Billed, Draft, issue_invoice
from invoices.services.metered import NOTHING, lines_of, price_use
from invoices.services.usage import draft_usage, in_service
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.money import round_half_up
from kernel.periods import CalendarMonth, Period
from kernel.shapes import Json
from usage.queries import closed_through, has_records, used


class NotVoid(DomainError):
    code = "not-void"
    message = _("Only usage invoices that credit notes have taken back in full are billed again.")


class BilledAgainAlready(DomainError):
    code = "billed-again-already"
    message = _("The usage of this invoice has been billed again already.")


class StillHeld(DomainError):
    code = "still-held"
    message = _("Usage of this month is held back: release it first.")


class NothingLeft(DomainError):
    code = "nothing-left"
    message = _("Nothing of this invoice was used: there is nothing to bill again.")


class UseTakenAway(DomainError):
    code = "use-taken-away"
    message = _(
        "What was used in that month is not in the database any more, so its bill cannot be cut where the rate of VAT changes."
    )


@transaction.atomic
def bill_again(invoice_id: UUID, *, buyer: Json | None = None, reason: str, actor: Actor, at: datetime) -> Invoice:
    """
    Issue a new invoice for what a void one billed, once: from then on the void one covers nothing.

    :param buyer: whom it names; without it, the customer's buyer of today
    :raises NotVoid: prepaid, or something of it stands
    :raises BilledAgainAlready: somebody did
    :raises StillHeld: something of that month waits for staff
    :raises NothingLeft: it billed use alone, and all of that was taken back
    :raises UseTakenAway: a rate of VAT that came late changes within its use, and the records of that were detached
    :raises NoPrice: an item has no price for all of the time
    """
    customer = Customer.objects.lock(Invoice.objects.values_list("customer", flat=True).get(pk=invoice_id))
    void = Invoice.objects.lock_all([invoice_id])[0]
    if void.kind != Invoice.Kind.USAGE or void.status != Invoice.Status.VOID:
        raise NotVoid
    if void.covered_until == void.period_start:
        raise BilledAgainAlready
    draft = _use_again(void, customer) if void.resource else _shortfall_again(void, customer)
    invoice = issue_invoice(replace(draft, buyer=buyer), Invoice.Kind.USAGE, at=at)
    record_audit(
        Did.BILL_AGAIN,
        void.number,
        actor=actor,
        at=at,
        reason=reason,
        customer=customer,
        invoice=invoice.number,
        total=invoice.total,
    )
    return invoice


def _shortfall_again(void: Invoice, customer: Customer) -> Draft:
    """What lacked to a commitment, at the rate of VAT that the end of its month has by now."""
    line = void.lines.select_related("price").get()
    taxed = PriceBook([customer.pk]).taxed(component_of(line), customer.language, at=line.taxed_at)
    end_cover(void, void.period_start)
    return Draft(
        customer,
        Billed(void.pk, void.resource_name, void.product_id, "{}"),
        f"{void.period_key}/again",
        period_of(line),
        Charge([price_line(taxed, period_of(line))]),
        is_shortfall=True,
    )


def _use_again(void: Invoice, customer: Customer) -> Draft:
    """:raises StillHeld, NothingLeft, NoPrice:"""
    assert void.resource
    window = Period(void.period_start, void.covered_until)
    if not in_service(window).filter(resource=void.resource_id).exists():
        raise StillHeld
    uses = list(_uses_again(void, customer))
    end_cover(void, void.period_start)
    key = f"{void.period_key}/again"
    drafted = draft_usage([customer], Q(resource=void.resource_id), window, key, with_uses=False)
    for _usage, lacking in drafted.unpriced:
        raise lacking
    time = [line for draft in drafted.drafts for line in draft.charge.lines]
    if not time and not uses:
        raise NothingLeft
    return Draft(customer, Billed.of(void.resource), key, window, Charge([*time, *uses]), is_late=void.is_late)


def draft_prepaid_again(old: Invoice) -> Draft:
    """
    What a prepaid invoice said, at the rates of VAT that its tax point has by now. It covers what that covers.

    What a share took off and what a term saved are so much of the new amount; a coupon over an amount stays that.
    """
    assert old.resource_id, "what is paid ahead is a resource"
    said = list(old.lines.select_related("price").order_by("position"))
    book = PriceBook([old.customer_id])
    lines = [
        price_line(book.taxed(component_of(line), old.customer.language, at=line.taxed_at), period_of(line))
        for line in said
    ]
    charge = Charge(lines)
    is_share = bool(old.coupon) and Coupon.objects.filter(code=old.coupon_code, share__isnull=False).exists()
    saved, off = (round_half_up(amount * charge.subtotal, old.subtotal or 1) for amount in (old.saved, old.coupon))
    lines[0] = replace(lines[0], saved=saved)
    return Draft(
        old.customer,
        Billed(old.resource_id, old.resource_name, old.product_id, json.dumps(said[0].tags, ensure_ascii=False)),
        f"{old.period_key}/again",
        Period(old.period_start, old.period_end),
        Charge(lines, off if is_share else min(old.coupon, charge.subtotal)),
        coupon_code=old.coupon_code,
        term_months=old.term_months,
        saved_before=old.saved_before,
        taxed_at=said[0].taxed_at,
        buyer=old.buyer,
        covered_until=old.covered_until,
    )


def _uses_again(void: Invoice, customer: Customer) -> Iterator[Line]:
    """What it billed of metered items and was not taken back, in its place in the month, at the rates of VAT that are known by now."""
    month = CalendarMonth.of(void.period_start)
    lines = [line for line in lines_of(Q(invoice=void), month).select_related("price") if line.quantity > line.taken]
    if not lines:
        return
    book = PriceBook([customer.pk])
    for line in lines:
        component, period = replace(component_of(line), quantity=line.quantity - line.taken), period_of(line)
        cuts = [part.ends_at for part in book.parts_of_use(component, period)[:-1]]
        assert void.resource_id
        used_by = _used_by(void.resource_id, line.item_id, month, cuts)
        due_by = {cut: used_by.get(cut, NOTHING) - line.quantity_before for cut in cuts}
        yield from price_use(book, component, customer, period, due_by)


def _used_by(resource_id: UUID, item_id: UUID, month: CalendarMonth, cuts: list[datetime]) -> dict[datetime, Decimal]:
    """How much of an item had been used by some instants; asked only where a rate that came late changed within a line."""
    through, begin = closed_through(month), month.period.starts_at
    if cuts and not has_records(month):
        raise UseTakenAway
    return {
        cut: row.quantity
        for cut in cuts
        for row in used([resource_id], Period(begin, cut), through=through, is_cut=True)
        if row.item_id == item_id
    }
