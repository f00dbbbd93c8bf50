"""Offers and quotes in the words of a page: lines with their explanation, what is saved, what is to pay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.models import Item, Price
from catalog.pricing import Component, Rate, price_line
from catalog.units import counted
from invoices.explain import Explanation, explain_line, percent
from invoices.models import InvoiceLine
from kernel import display
from kernel.periods import MONTH_MINUTES, Period
from orders.models import Action

Content = Mapping[str, Any]


def priced(content: Content, action: str, *, explained: bool = False) -> dict[str, Any]:
    """
    What `components/price_summary.html` and the table of a quote show of an offer's JSON content.

    `groups` holds resources that cost the same side by side (quantity 5 is one group), each with its lines.
    """
    prices = _versions(content) if explained else {}
    names = _names(content)
    groups = [_group(items, prices, names) for items in _alike(content["items"])]
    gross, net = (sum(group[key] for group in groups) for key in ("list_total", "subtotal"))
    coupon = sum(item["coupon"] for item in content["items"])
    unused = sum(item["unused_total"] for item in content["items"])
    postpaid = all(item["postpaid"] for item in content["items"])
    shown: dict[str, Any] = {
        "groups": groups,
        "lines": [line for group in groups for line in group["summary"]],
        "list_total": gross if gross > net else None,
        "saving": gross - net,
        "coupon": {"code": content["coupon_code"], "amount": coupon} if coupon else None,
        "tax": sum(item["tax"] for item in content["items"]),
        "tax_note": _tax_note(content, coupon),
        "total": content["total"],
        "postpaid": postpaid,
        "unused": unused,
    }
    if unused:
        shown["lines"].append({"label": _("Unused part of what you paid"), "note": "", "amount": -unused})
    if postpaid:
        shown["total"], shown["total_label"] = net, _("Estimate for 30 days")
        shown["total_note"] = _("billed by the minute after the end of the month")
    elif content["total"] < 0:
        shown["total"], shown["total_label"] = -content["total"], _("Back to your wallet")
    elif action == Action.RESIZE:
        shown["total_label"] = _("To pay now")
    return shown


def _alike(items: Iterable[Content]) -> list[list[Content]]:
    """Items side by side that are the same but for their name and share of a coupon."""
    groups: list[list[Content]] = []
    for item in items:
        if groups and _kernel(groups[-1][0]) == _kernel(item):
            groups[-1].append(item)
        else:
            groups.append([item])
    return groups


def _kernel(item: Content) -> tuple[Any, ...]:
    return (item["lines"], item["starts_at"], item["ends_at"], item["unused"], item["months"])


def _group(items: list[Content], prices: Mapping[str, Price], names: Mapping[str, str]) -> dict[str, Any]:
    first, count = items[0], len(items)
    starts_at, ends_at = datetime.fromisoformat(first["starts_at"]), datetime.fromisoformat(first["ends_at"])
    lines = [_line(line, Period(starts_at, ends_at), prices, names) for line in first["lines"]]
    name = first["name"] if count == 1 else f"{first['name']} … {items[-1]['name']}"
    return {
        "name": name,
        "count": count,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "months": first["months"],
        "auto_renew_months": first["auto_renew_months"],
        "lines": lines,
        "unused": first["unused"],
        "unused_total": first["unused_total"] * count,
        "subtotal": first["subtotal"] * count,
        "coupon": sum(item["coupon"] for item in items),
        "list_total": sum(line["list_total"] for line in lines) * count,
        "summary": [_summary_line(line, name, count) for line in lines],
    }


def _summary_line(line: Mapping[str, Any], name: str, count: int) -> dict[str, Any]:
    note = line["note"] if count == 1 else f"{line['note']} · {_times(count)}"
    return {
        "label": line["name"],
        "note": f"{name} · {note}",
        "amount": line["amount"] * count,
        "list_amount": line["list_amount"] * count,
    }


def _times(count: int) -> str:
    return ngettext("%(count)d resource", "%(count)d resources", count) % {"count": count}


def _line(line: Content, period: Period, prices: Mapping[str, Price], names: Mapping[str, str]) -> dict[str, Any]:
    component = component_of(line)
    listed = price_line(replace(component, discount=Decimal(0)), period)
    return {
        "name": names.get(line["item"], line["name"]),
        "note": _note(component, line),
        "quantity": component.quantity,
        "unit": line["unit"],
        "unit_price": unit_price(component.rate),
        "amount": line["amount"],
        "tax": line["tax"],
        "total": line["total"],
        "list_amount": listed.amount,
        "list_total": listed.total,
        "discount": percent(component.discount) if component.discount else "",
        "explanation": _explain(line, period, prices[line["price"]]) if line["price"] in prices else None,
    }


def _explain(line: Content, period: Period, version: Price) -> Explanation:
    """As the line of the invoice that will be issued explains itself."""
    component = component_of(line)
    return explain_line(
        InvoiceLine(
            item_id=component.item_id,
            price=version,
            name=line["name"],
            unit=line["unit"],
            starts_at=period.starts_at,
            ends_at=period.ends_at,
            minutes=line["minutes"],
            quantity=component.quantity,
            unit_price=component.rate.unit_price,
            per_minutes=component.rate.per_minutes,
            discount=component.discount,
            includes_vat=component.rate.includes_vat,
            vat_rate=component.rate.vat_rate,
            amount=line["amount"],
            tax=line["tax"],
            total=line["total"],
        )
    )


def component_of(line: Content) -> Component:
    """A sealed line's inputs, as the pricing function takes them."""
    rate = Rate(
        UUID(line["price"]),
        Decimal(line["unit_price"]),
        line["per_minutes"],
        line["includes_vat"],
        Decimal(line["vat_rate"]),
    )
    quantity, discount = Decimal(line["quantity"]), Decimal(line["discount"])
    return Component(UUID(line["item"]), line["name"], line["unit"], quantity, rate, discount)


def unit_price(rate: Rate) -> str:
    """ "90,000 ₫ / 30 days"."""
    per = _("30 days") if rate.per_minutes == MONTH_MINUTES else _("hour")
    return f"{display.rate(rate.unit_price)}{display.NBSP}{display.SIGN} / {per}"


def _note(component: Component, line: Content) -> str:
    parts = [unit_price(component.rate)]
    if component.quantity != 1:
        parts.append(f"× {counted(component.quantity, component.unit)}")
    return " ".join([*parts, "×", display.duration(line["minutes"])])


def _tax_note(content: Content, coupon: int) -> str:
    """A coupon is taken off what is charged, tax and all; the VAT stays that of the lines."""
    kinds = {(Decimal(line["vat_rate"]), line["includes_vat"]) for item in content["items"] for line in item["lines"]}
    if len(kinds) != 1:
        return ""
    ((rate, included),) = kinds
    words = (_("%(rate)s, included") if included else _("%(rate)s, on top")) % {"rate": percent(rate)}
    return _("%(vat)s; before the coupon") % {"vat": words} if coupon else words


def _versions(content: Content) -> dict[str, Price]:
    """The price versions of a quote's lines, by id as text, in one query."""
    pks = {line["price"] for item in content["items"] for line in item["lines"]}
    return {str(price.pk): price for price in Price.objects.filter(pk__in=pks)}


def _names(content: Content) -> dict[str, str]:
    """Items by id as text, called as the reader's language calls them."""
    pks = {line["item"] for item in content["items"] for line in item["lines"]}
    return {str(item.pk): str(item) for item in Item.objects.filter(pk__in=pks)}


def changes_between(old: Content, new: Content) -> list[dict[str, Any]]:
    """What differs between two offers for the same wish: (what, was, now), amounts in đồng."""
    found = []
    before = {_key(item, line): line for item in old["items"] for line in item["lines"]}
    for item in new["items"]:
        for line in item["lines"]:
            was = before.get(_key(item, line))
            if was and was["total"] != line["total"]:
                found.append({"what": f"{item['name']} · {line['name']}", "was": was["total"], "now": line["total"]})
    pairs = [
        (_("Coupon"), "coupon"),
        (_("Unused part of what you paid"), "unused_total"),
    ]
    for label, key in pairs:
        was, now = (sum(item[key] for item in content["items"]) for content in (old, new))
        if was != now:
            found.append({"what": label, "was": was, "now": now})
    if old["total"] != new["total"]:
        found.append({"what": _("Total"), "was": old["total"], "now": new["total"]})
    return found


def _key(item: Content, line: Content) -> tuple[str, str]:
    return item["name"], line["item"]
