"""
Prices by use, in words of the active language: what they are, and how an amount came about, tier by tier.

Every figure comes from the meter itself, see `catalog.meters`.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from catalog.meters import MICRO, SHARE, Kind, Meter, Part, Tier, Tiering
from catalog.pricing import Component, price_line
from catalog.units import counted, unit_words
from kernel import display
from kernel.periods import Period

EXACT = Decimal("0.0001")
Said = tuple[str, str]
"""What it is, and what it comes to."""


def dong(price: Decimal) -> str:
    """A unit price: "7.7 ₫"; the space does not break."""
    return f"{display.rate(price)}{display.NBSP}{display.SIGN}"


def term_words(months: int) -> str:
    """Of a term price: whom it is for."""
    return ngettext("paid for %(count)d month or more ahead", "paid for %(count)d months or more ahead", months) % {
        "count": months
    }


def share_words(share: str) -> str:
    """A discount, kept as a number: "10 %"."""
    return display.percent(Decimal(share))


def meter_words(meter: Meter, unit: str) -> list[str]:
    """What a price by use is, in a few phrases: what is included, the tiers, the least and the most."""
    found = (
        [_("%(quantity)s included each month") % {"quantity": counted(meter.included, unit)}] if meter.included else []
    )
    found += _tiers_in_words(meter, unit)
    if meter.minimum:
        sentence = (
            _("at least %(amount)s in a month with more than that")
            if meter.included
            else _("at least %(amount)s in a month of use")
        )
        found.append(sentence % {"amount": display.money(meter.minimum)})
    if meter.cap is not None:
        found.append(_("at most %(amount)s a month") % {"amount": display.money(meter.cap)})
    return found


def _tiers_in_words(meter: Meter, unit: str) -> Iterator[str]:
    one = unit_words(unit)
    match meter.tiering:
        case Tiering.FLAT:
            yield _("%(price)s per %(unit)s") % {"price": dong(meter.tiers[0].unit_price), "unit": one}
        case Tiering.PACKAGE:
            size = counted(meter.package or 0, unit)
            yield _("%(price)s for each begun package of %(size)s") % {
                "price": dong(meter.tiers[0].unit_price),
                "size": size,
            }
        case Tiering.GRADUATED | Tiering.VOLUME:
            for tier in meter.tiers:
                yield f"{span_words(meter, tier, unit)}: " + _("%(price)s per %(unit)s") % {
                    "price": dong(tier.unit_price),
                    "unit": one,
                }
            if meter.tiering == Tiering.VOLUME:
                yield _("the tier that a month reaches is the price of all its units")


def span_words(meter: Meter, tier: Tier, unit: str) -> str:
    """Where a tier lies: "0 to 100 GB", "above 100 GB"; counted beyond what is included."""
    following = dict(pairwise([*meter.tiers, None])).get(tier)
    if following is None:
        return _("above %(quantity)s") % {"quantity": counted(tier.above, unit)}
    return _("%(least)s to %(most)s") % {"least": display.rate(tier.above), "most": counted(following.above, unit)}


def discount_words(component: Component) -> list[Said]:
    """What is taken off, by what gives it."""
    negotiated, committed = component.discount - component.committed, component.committed
    said = [(_("Negotiated discount"), negotiated), (_("Discount of the commitment"), committed)]
    return [(label, display.percent(share)) for label, share in said if share]


def how_it_came(component: Component, period: Period) -> list[Said]:
    """How the amount of a metered component came about: part by part, then discount, rounding, bounds, and what was billed before."""
    meter, unit, discount = component.rate.meter, component.unit, component.discount
    assert meter is not None
    quantity = component.before + component.quantity
    parts = meter.parts(quantity)
    found = [(_part_label(meter, part, unit), _part_value(part, unit)) for part in parts]
    worth = sum(part.worth for part in parts) * (SHARE - int(discount * SHARE))
    if discount:
        labels = " + ".join(label for label, _share in discount_words(component))
        share = display.percent(discount)
        found.append((labels, _("%(share)s: %(left)s is left") % {"share": share, "left": _exact(worth)}))
    rounded = meter.rounded(quantity, discount)
    if rounded * MICRO * MICRO * SHARE != worth:
        words = {"exact": _exact(worth), "amount": display.money(rounded)}
        found.append((_("Rounding"), _("%(exact)s, half up to %(amount)s") % words))
    bounded = meter.bounded(rounded, quantity)
    if bounded != rounded:
        label = _("Least of a month") if bounded > rounded else _("Most of a month")
        found.append(
            (
                label,
                _("%(bound)s instead of %(amount)s")
                % {"bound": display.money(bounded), "amount": display.money(rounded)},
            )
        )
    if component.before:
        before = bounded - price_line(component, period).amount
        words = {"quantity": counted(component.before, unit), "amount": display.money(before)}
        found.append((_("Billed before"), _("%(quantity)s of the same month: less %(amount)s") % words))
    return found


def _part_label(meter: Meter, part: Part, unit: str) -> str:
    match part.kind:
        case Kind.INCLUDED:
            return _("Included")
        case Kind.PACKAGES:
            return _("Packages of %(size)s") % {"size": counted(meter.package or 0, unit)}
        case Kind.NO_DEARER:
            return _("No more than where the next tier begins")
        case Kind.UNITS:
            several = part.tier is not None and len(meter.tiers) > 1
            return span_words(meter, part.tier, unit) if several and part.tier else _("Units")


def _part_value(part: Part, unit: str) -> str:
    if part.kind == Kind.INCLUDED:
        return _("%(quantity)s at no charge") % {"quantity": counted(part.quantity, unit)}
    quantity = display.rate(part.quantity) if part.kind == Kind.PACKAGES else counted(part.quantity, unit)
    return f"{quantity} × {dong(part.unit_price)} = {_exact(part.worth * SHARE)}"


def _exact(worth: int) -> str:
    """What is counted in 10^-16 đồng, to the tenth of a thousandth."""
    value = Decimal(worth) / (MICRO * MICRO * SHARE)
    return dong(value.quantize(EXACT, ROUND_HALF_UP))
