"""Other prices, negotiated discounts and rates of VAT: what a commitment gives is a cause of its own."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.pricing import Component
from foresight.causes.cause import Cause
from foresight.compared import NOTHING, Pair, Side, without_commitment
from kernel import display
from kernel.display import percent


def _amount(pair: Pair) -> Fraction:
    return (_of_time(pair) if pair.goes_on else NOTHING) + (0 if pair.is_new or pair.is_gone else _of_use(pair))


def _of_time(pair: Pair) -> Fraction:
    changes = (old.quantity * (new.full - old.full) for _item, old, new in pair.items())
    return pair.after.served * sum(changes, NOTHING)


def _of_use(pair: Pair) -> int:
    """Of what was used in both months: what the later quantity costs, less what it would have cost before."""
    old, new = pair.before.used, pair.after.used
    return sum(
        new[item].full(new[item].quantity, pair.after.month.period)
        - old[item].full(new[item].quantity, pair.before.month.period)
        for item in new
        if item in old
    )


def _facts(pair: Pair) -> Iterator[str]:
    for item in dict.fromkeys(one.component.item_id for one in pair.after.charged):
        was, now = _last(pair.before, item), _last(pair.after, item)
        if was and now:
            yield from (f"{now.name}: {words}" for words in _changes(was, now))


def _last(side: Side, item: UUID) -> Component | None:
    found = [one for one in side.charged if one.component.item_id == item]
    return max(found, key=lambda one: one.period.starts_at).component if found else None


def _changes(was: Component, now: Component) -> Iterator[str]:
    if was.rate.unit_price != now.rate.unit_price:
        yield f"{display.rate(was.rate.unit_price)} → {display.rate(now.rate.unit_price)} ₫"
    elif was.rate.meter != now.rate.meter:
        yield _("other terms of use")
    negotiated, then = (without_commitment(one).discount for one in (now, was))
    if then != negotiated:
        yield _("discount %(was)s → %(now)s") % {"was": percent(then), "now": percent(negotiated)}
    if was.rate.vat_rate != now.rate.vat_rate and not now.rate.includes_vat:
        yield _("VAT %(was)s → %(now)s") % {"was": percent(was.rate.vat_rate), "now": percent(now.rate.vat_rate)}


CAUSE = Cause(
    "price",
    gettext_lazy("Price"),
    gettext_lazy("Other prices, negotiated discounts or rates of VAT for the same."),
    _amount,
    _facts,
)
