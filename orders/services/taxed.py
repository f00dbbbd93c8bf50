"""Whether what was offered is still taxed as it was: the tax point of what is paid ahead is its payment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from catalog.models import Price
from catalog.taxes import Taxes
from orders.deal import Part
from orders.models import Order


def taxed_otherwise(parts: Iterable[Part], *, at: datetime) -> bool:
    """Whether one of what is to be paid has another rate of VAT at `at` than it was offered with."""
    lines = [line for part in parts if not part.postpaid for line in part.charge.lines]
    if not lines:
        return False
    taxes = Taxes.read()
    named = Price.objects.filter(pk__in={line.component.rate.price_id for line in lines})
    categories = dict(named.values_list("pk", "tax_category"))
    rates = (line.component.rate for line in lines)
    return any(taxes.rate_at(categories[rate.price_id], at) != rate.vat_rate for rate in rates)


def overtaken_orders(*, at: datetime, at_most: int) -> list[UUID]:
    """Orders that wait for a payment that would be taxed otherwise by now; none but just after a change."""
    changed = Taxes.read().changed_at(at)
    waiting = Order.objects.filter(state=Order.State.AWAITING_PAYMENT).select_related("quote").order_by("pk")
    before = waiting.filter(created_at__lt=changed)[:at_most] if changed else ()
    return [order.pk for order in before if taxed_otherwise(order.quote.deal.parts, at=at)]
