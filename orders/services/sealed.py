"""Item offers as JSON, and back: what a quote seals, an order item keeps, and an invoice is computed from again."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from catalog import pricing
from catalog.pricing import Charge, Component, Rate
from kernel.periods import Period
from orders.services.offers import ItemOffer


def item_json(item: ItemOffer) -> dict[str, Any]:
    """The sealed form of an item offer: everything that is shown, and all that is needed to compute it again."""
    return {
        "resource": str(item.resource_id) if item.resource_id else None,
        "product": str(item.product.pk),
        "name": item.name,
        "configuration": item.configuration,
        "months": item.months,
        "starts_at": item.period.starts_at.isoformat(),
        "ends_at": item.period.ends_at.isoformat(),
        "auto_renew_months": item.auto_renew_months,
        "postpaid": item.postpaid,
        "lines": [_line_json(line) for line in item.charge.lines],
        "subtotal": item.charge.subtotal,
        "tax": item.charge.tax,
        "coupon": item.charge.coupon,
        "total": item.charge.total,
        "unused": [
            {"invoice": str(invoice), "minutes": minutes, "amount": amount} for invoice, minutes, amount in item.unused
        ],
        "unused_total": item.unused_total,
        "due": item.due,
    }


def charge_from(content: Mapping[str, Any], *, period: Period) -> Charge:
    """The charge of a sealed item over `period`: the same inputs, hence the same amounts."""
    charge = pricing.price([_component(line) for line in content["lines"]], period, coupon=content["coupon"])
    assert charge.total == content["total"], "a charge differs from its quote"
    return charge


def _line_json(line: pricing.Line) -> dict[str, Any]:
    component, rate = line.component, line.component.rate
    return {
        "item": str(component.item_id),
        "price": str(rate.price_id),
        "name": component.name,
        "unit": component.unit,
        "quantity": str(component.quantity),
        "unit_price": str(rate.unit_price),
        "per_minutes": rate.per_minutes,
        "discount": str(component.discount),
        "includes_vat": rate.includes_vat,
        "vat_rate": str(rate.vat_rate),
        "minutes": line.minutes,
        "amount": line.amount,
        "tax": line.tax,
        "total": line.total,
    }


def _component(line: Mapping[str, Any]) -> Component:
    rate = Rate(
        UUID(line["price"]),
        Decimal(line["unit_price"]),
        line["per_minutes"],
        line["includes_vat"],
        Decimal(line["vat_rate"]),
    )
    return Component(
        UUID(line["item"]), line["name"], line["unit"], Decimal(line["quantity"]), rate, Decimal(line["discount"])
    )
