"""Offers and quotes in the words of a page: lines with their explanation, what is saved, what is to pay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.models import Item, Price, Product
from catalog.price_words import term_words
from catalog.pricing import Line, Rate, price_line
from catalog.taxes import Taxes
from catalog.units import counted
from invoices.explain import Explanation, explain_line
from invoices.models import Invoice, InvoiceLine
from kernel import display
from kernel.display import percent
from kernel.periods import MONTH_MINUTES
from kernel.shapes import Json
from orders.deal import Deal, Part


def priced(deal: Deal, *, at: datetime, explained: bool = False) -> Json:
    """
    What `components/price_summary.html` and the table of a quote show of a deal.

    `groups` holds resources that cost the same side by side (quantity 5 is one group), each with its lines.
    """
    prices = _versions(deal)
    names = _names(deal)
    refundable = refundable_of(deal)
    groups = [_group(parts, prices if explained else {}, names, refundable, at) for parts in _alike(deal.parts)]
    gross, net = (sum(group[key] for group in groups) for key in ("list_total", "subtotal"))
    coupon, unused, total = deal.coupon, deal.unused_total, deal.total
    postpaid = all(part.postpaid for part in deal.parts)
    shown: Json = {
        "groups": groups,
        "lines": [line for group in groups for line in group["summary"]],
        "list_total": gross if gross > net else None,
        "saving": gross - net,
        "coupon": {"code": deal.coupon_code, "amount": coupon} if coupon else None,
        "tax": sum(part.charge.tax for part in deal.parts),
        "tax_note": _tax_note(deal, prices, at),
        "total": total,
        "postpaid": postpaid,
        "unused": unused,
        "poc": deal.paid_with_poc,
    }
    if deal.paid_with_poc:
        shown["lines"].append({"label": _("Paid with POC credit"), "note": "", "amount": -deal.paid_with_poc})
        shown["total_label"] = _("To pay now")
    if unused:
        shown["lines"].append({"label": _("Unused part of what you paid"), "note": "", "amount": -unused})
    if postpaid:
        shown["total"], shown["total_label"] = net, _("Estimate for 30 days")
        shown["total_note"] = _("billed by the minute after the end of the month")
    elif total < 0:
        shown |= _in_favour(deal)
    elif unused:
        shown["total_label"] = _("To pay now")
    return shown


def _in_favour(deal: Deal) -> dict[str, object]:
    """Where a difference in the customer's favour goes: what is owed of the time that is given back comes first."""
    given_back: Counter[UUID] = Counter()
    for part in deal.parts:
        for one in part.unused:
            given_back[one.invoice_id] += one.amount
    owed = {invoice: min(given_back[invoice.pk], invoice.due) for invoice in Invoice.objects.filter(pk__in=given_back)}
    lowered = min(sum(owed.values()), -deal.total)
    to_wallet = -deal.total - lowered
    if not lowered:
        return {"total": to_wallet, "total_label": _("Back to your wallet")}
    numbers = ", ".join(invoice.number for invoice, due in owed.items() if due)
    if not to_wallet:
        return {"total": lowered, "total_label": _("Less to pay of what you owe"), "total_note": numbers}
    note = _("%(amount)s more lower what you owe: %(numbers)s")
    return {
        "total": to_wallet,
        "total_label": _("Back to your wallet"),
        "total_note": note % {"amount": display.money(lowered), "numbers": numbers},
    }


def _alike(parts: Iterable[Part]) -> list[list[Part]]:
    """Parts side by side that are the same but for their name and share of a coupon."""
    groups: list[list[Part]] = []
    for part in parts:
        if groups and _kernel(groups[-1][0]) == _kernel(part):
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def _kernel(part: Part) -> tuple[object, ...]:
    return (part.charge.lines, part.period, part.unused, part.months)


def refundable_of(deal: Deal) -> frozenset[UUID]:
    """Products of which unused time comes back, asked for where a term may be left early."""
    by_term = {part.product_id for part in deal.parts if part.saved_by_term}
    if not by_term:
        return frozenset()
    return frozenset(Product.objects.filter(pk__in=by_term, is_refundable=True).values_list("pk", flat=True))


def _group(
    parts: list[Part],
    prices: Mapping[UUID, Price],
    names: Mapping[UUID, str],
    refundable: Collection[UUID],
    at: datetime,
) -> Json:
    first, count = parts[0], len(parts)
    lines = [_line(line, prices, names, at) for line in first.charge.lines]
    name = first.name if count == 1 else f"{first.name} … {parts[-1].name}"
    return {
        "name": name,
        "count": count,
        "starts_at": first.period.starts_at,
        "ends_at": first.period.ends_at,
        "months": first.months,
        "saved": first.saved_by_term * count,
        "is_refundable": first.product_id in refundable,
        "left_early": first.left_early if first.product_id in refundable else [],
        "auto_renew_months": first.auto_renew_months,
        "lines": lines,
        "unused": first.unused,
        "unused_total": first.unused_total * count,
        "subtotal": first.charge.subtotal * count,
        "coupon": sum(part.charge.coupon for part in parts),
        "list_total": sum(line["list_total"] for line in lines) * count,
        "summary": [_summary_line(line, name, count) for line in lines],
    }


def _summary_line(line: Json, name: str, count: int) -> Json:
    note = line["note"] if count == 1 else f"{line['note']} · {_times(count)}"
    return {
        "label": line["name"],
        "note": f"{name} · {note}",
        "amount": line["amount"] * count,
        "list_amount": line["list_amount"] * count,
    }


def _times(count: int) -> str:
    return ngettext("%(count)d resource", "%(count)d resources", count) % {"count": count}


def _line(line: Line, prices: Mapping[UUID, Price], names: Mapping[UUID, str], at: datetime) -> Json:
    component = line.component
    rate = component.rate
    listed = price_line(replace(component, discount=Decimal(0), rate=rate.without_term or rate), line.period)
    version = prices.get(rate.price_id)
    return {
        "name": names.get(component.item_id, component.name),
        "note": _note(line),
        "quantity": component.quantity,
        "unit": component.unit,
        "unit_price": unit_price(rate),
        "term": _term(rate),
        "amount": line.amount,
        "tax": line.tax,
        "total": line.total,
        "list_amount": listed.amount,
        "list_total": listed.total,
        "discount": percent(component.discount) if component.discount else "",
        "explanation": _explain(line, version, at) if version else None,
    }


def _term(rate: Rate) -> str:
    """Of a term price: whom it is for, and what it would be without."""
    if rate.months == 1:
        return ""
    if rate.without_term is None:
        return term_words(rate.months)
    words = {"term": term_words(rate.months), "price": unit_price(rate.without_term)}
    return _("%(term)s; without a term %(price)s") % words


def _explain(line: Line, version: Price, taxed_at: datetime) -> Explanation:
    """As the line of the invoice that will be issued explains itself."""
    component = line.component
    return explain_line(
        InvoiceLine(
            item_id=component.item_id,
            price=version,
            name=component.name,
            unit=component.unit,
            starts_at=line.period.starts_at,
            ends_at=line.period.ends_at,
            minutes=line.minutes,
            quantity=component.quantity,
            unit_price=component.rate.unit_price,
            per_minutes=component.rate.per_minutes,
            discount=component.discount,
            committed=component.committed,
            includes_vat=component.rate.includes_vat,
            vat_rate=component.rate.vat_rate,
            taxed_at=taxed_at,
            amount=line.amount,
            tax=line.tax,
            total=line.total,
        )
    )


def unit_price(rate: Rate) -> str:
    """ "90,000 ₫ / 30 days"."""
    per = _("30 days") if rate.per_minutes == MONTH_MINUTES else _("hour")
    return f"{display.rate(rate.unit_price)}{display.NBSP}{display.SIGN} / {per}"


def _note(line: Line) -> str:
    component = line.component
    parts = [unit_price(component.rate)]
    if component.quantity != 1:
        parts.append(f"× {counted(component.quantity, component.unit)}")
    return " ".join([*parts, "×", display.duration(line.minutes)])


def _tax_note(deal: Deal, prices: Mapping[UUID, Price], at: datetime) -> str:
    """
    At which rate, and which is known to come: what is paid then is taxed at that.

    A coupon is taken off what is charged, tax and all; the VAT stays that of the lines.
    """
    rates = [line.component.rate for part in deal.parts for line in part.charge.lines]
    kinds = {(rate.vat_rate, rate.includes_vat, str(prices[rate.price_id].tax_category_id)) for rate in rates}
    if len(kinds) != 1:
        return ""
    ((_rate, included, category),) = kinds
    words = (_("%(rate)s, included") if included else _("%(rate)s, on top")) % {
        "rate": Taxes.read().words(category, at)
    }
    return _("%(vat)s; before the coupon") % {"vat": words} if deal.coupon else words


def _versions(deal: Deal) -> dict[UUID, Price]:
    """The price versions of a quote's lines, by id, in one query."""
    return Price.objects.in_bulk({line.component.rate.price_id for part in deal.parts for line in part.charge.lines})


def _names(deal: Deal) -> dict[UUID, str]:
    """Items by id, called as the reader's language calls them."""
    items = Item.objects.in_bulk({line.component.item_id for part in deal.parts for line in part.charge.lines})
    return {pk: str(item) for pk, item in items.items()}


def changes_between(old: Deal, new: Deal) -> list[Json]:
    """What differs between two offers for the same wish: (what, was, now), amounts in đồng."""
    found, names = [], _names(new)
    before = {(part.name, line.component.item_id): line for part in old.parts for line in part.charge.lines}
    for part in new.parts:
        for line in part.charge.lines:
            was = before.get((part.name, line.component.item_id))
            if was and was.total != line.total:
                what = f"{part.name} · {names.get(line.component.item_id, line.component.name)}"
                found.append({"what": what, "was": was.total, "now": line.total})
    vat = [sum(part.charge.tax for part in deal.parts) for deal in (old, new)]
    sums = [
        (_("VAT"), *vat),
        (_("Coupon"), old.coupon, new.coupon),
        (_("Unused part of what you paid"), old.unused_total, new.unused_total),
        (_("Total"), old.total, new.total),
    ]
    return found + [{"what": what, "was": was, "now": now} for what, was, now in sums if was != now]
