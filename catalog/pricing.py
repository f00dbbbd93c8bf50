"""
The arithmetic of money over time, and nothing else: no query, no clock, no model.

Every amount of the portal comes from here. A quote, the charge, the invoice line, the refund and the forecast hand in
the same values and therefore get the same đồng:

    amount = unit price x quantity x (1 - discount) x minutes / minutes per unit price, rounded half-up per line

Whoever pays for longer may have a term price: its line says what the term has `saved`, which is lost again by leaving early.
What is metered has no time in its price: its quantity is that of a calendar month, see `meters`.

A `Line` is its own explanation: it keeps every input, so it can be shown, computed again and compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from uuid import UUID

from catalog.meters import Meter
from kernel.money import round_half_up, split
from kernel.periods import Period


@dataclass(frozen=True, slots=True)
class Rate:
    """
    One version of a price: `unit_price` VND for one unit over `per_minutes` minutes, or (0) for each unit that is metered.

    It is for at least so many `months`; a term price knows what the same would cost `without_term`.
    """

    price_id: UUID
    unit_price: Decimal
    per_minutes: int
    includes_vat: bool = True
    vat_rate: Decimal = Decimal("0.1")
    meter: Meter | None = None
    months: int = 1
    without_term: Rate | None = None

    @property
    def of_a_minute(self) -> Fraction:
        """What a unit costs for a minute, VAT and all, so that prices of time can be compared whatever they say."""
        vat = 1 if self.includes_vat else 1 + Fraction(self.vat_rate)
        return Fraction(self.unit_price) * vat / self.per_minutes


@dataclass(frozen=True, slots=True)
class Component:
    """
    One item of a configuration, with the rate and the negotiated discount (0..1) in force.

    Of a metered item, `quantity` comes on top of what was billed `before` of the same calendar month: tiers, the minimum and the
    cap are those of the whole month. Of the discount, `committed` is what a commitment gives.
    """

    item_id: UUID
    name: str
    unit: str
    quantity: Decimal
    rate: Rate
    discount: Decimal = Decimal(0)
    before: Decimal = Decimal(0)
    committed: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Line:
    """
    One component over one period.

    `amount` is the rounded price before anything is said about tax; `tax` is the part of it (VAT included) or what
    comes on top (VAT excluded); `total` is what is owed. `before` is what the month had cost already, of what is metered.
    `saved` is what more it would be without the term of its price.
    """

    component: Component
    period: Period
    minutes: int
    amount: int
    tax: int
    total: int
    before: int = 0
    saved: int = 0


@dataclass(frozen=True)
class Charge:
    """What one resource costs over one period: lines, less its share of a coupon."""

    lines: Sequence[Line]
    coupon: int = 0

    @cached_property
    def subtotal(self) -> int:
        return sum(line.total for line in self.lines)

    @cached_property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines)

    @cached_property
    def saved(self) -> int:
        return sum(line.saved for line in self.lines)

    @property
    def total(self) -> int:
        return self.subtotal - self.coupon


def price(components: Iterable[Component], period: Period, *, coupon: int = 0) -> Charge:
    """What `components` cost over `period`, less `coupon` đồng."""
    return Charge([price_line(component, period) for component in components], coupon)


def price_line(component: Component, period: Period) -> Line:
    """
    One line, rounded half-up once for the amount and once for the tax.

    VAT included: tax = amount - amount / (1 + rate). VAT excluded: tax = amount x rate, and it is added. What is metered is worth the
    month with it less the month before it, and so is its tax: lines of a month add up to the month, to the đồng, however it was cut.
    """
    minutes = period.minutes
    rate = component.rate
    if rate.meter:
        before = rate.meter.amount(component.before, component.discount) if component.before else 0
        amount = rate.meter.amount(component.before + component.quantity, component.discount) - before
    else:
        before = 0
        amount = _amount((rate.unit_price, component.quantity, 1 - component.discount), minutes, rate.per_minutes)
    tax = _tax(before + amount, rate) - (_tax(before, rate) if before else 0)
    total = amount if rate.includes_vat else amount + tax
    saved = 0
    if rate.without_term:
        saved = max(price_line(replace(component, rate=rate.without_term), period).total - total, 0)
    return Line(component, period, minutes, amount, tax, total, before, saved)


def unused_part(charged: int, *, minutes_left: int, minutes_charged: int, saved: int = 0, saved_before: int = 0) -> int:
    """
    What goes back of `charged` đồng when `minutes_left` of the `minutes_charged` were not used.

    Whoever leaves a term early pays for the time that was used what it costs without it: of what the term has `saved` over
    `minutes_charged` the part of the time that was used stays here, and all that it had `saved_before` those. Never less than nothing.
    """
    if not minutes_charged:
        return 0
    left = min(minutes_left, minutes_charged)
    worth = charged * left - saved * (minutes_charged - left)
    return max(round_half_up(worth, minutes_charged) - saved_before, 0)


def saved_so_far(saved: int, *, minutes_left: int, minutes_charged: int, saved_before: int = 0) -> int:
    """What a term has saved of the time that was used, and before it: it goes on with a resize."""
    if not minutes_charged:
        return saved_before
    used = minutes_charged - min(minutes_left, minutes_charged)
    return round_half_up(saved * used, minutes_charged) + saved_before


def reduction(subtotal: int, *, amount: int | None, share: Decimal | None) -> int:
    """What a coupon takes off `subtotal`: a fixed amount or a share, never more than the subtotal."""
    taken = amount if amount is not None else _amount((Decimal(subtotal), share or Decimal(0)), 1, 1)
    return min(taken, subtotal)


@dataclass(frozen=True, slots=True)
class AtRate:
    """What of a document is at one rate of VAT: `total` VND for it, of which `tax` is its VAT."""

    rate: Decimal
    total: int
    tax: int


def owed_at_rates(lines: Iterable[AtRate], payable: int) -> list[AtRate]:
    """
    What is `payable` of a document at each rate, the lowest first.

    A coupon comes off the total after tax: it lowers what is payable of each rate in proportion, and the VAT of none.
    """
    sums = _by_rate(lines)
    parts = split(payable, [one.total for one in sums.values()])
    return [AtRate(rate, part, one.tax) for (rate, one), part in zip(sums.items(), parts, strict=True)]


def taken_back(
    owed: Sequence[AtRate], earlier: Iterable[AtRate], amount: int, *, of: Decimal | None = None
) -> list[AtRate]:
    """
    What a credit note over `amount` takes back of each rate of what was `owed`, after `earlier` ones took some.

    Of the rate `of` what it is about, where that is known, as far as anything of it is left; of the others in proportion to what is
    left of them. The VAT of a rate is rounded over all that was taken back of it, so that in full it is all of its VAT.
    """
    gone = _by_rate(earlier)
    before = [gone.get(one.rate, AtRate(one.rate, 0, 0)) for one in owed]
    left = [max(one.total - less.total, 0) for one, less in zip(owed, before, strict=True)]
    its_own = [min(rest, amount) if one.rate == of else 0 for one, rest in zip(owed, left, strict=True)]
    rest = split(amount - sum(its_own), [has - own for has, own in zip(left, its_own, strict=True)])
    found = []
    for one, less, part in zip(owed, before, map(sum, zip(its_own, rest, strict=True)), strict=True):
        if part:
            tax = round_half_up(one.tax * (less.total + part), one.total) - less.tax
            found.append(AtRate(one.rate, part, max(tax, 0)))
    return found


def _by_rate(parts: Iterable[AtRate]) -> dict[Decimal, AtRate]:
    """Added up, the lowest rate first."""
    sums: dict[Decimal, AtRate] = {}
    for part in sorted(parts, key=lambda one: one.rate):
        before = sums.get(part.rate, AtRate(part.rate, 0, 0))
        sums[part.rate] = AtRate(part.rate, before.total + part.total, before.tax + part.tax)
    return sums


def _tax(amount: int, rate: Rate) -> int:
    vat, whole = rate.vat_rate.as_integer_ratio()
    return round_half_up(amount * vat, whole + vat if rate.includes_vat else whole)


def _amount(factors: Sequence[Decimal], minutes: int, per_minutes: int) -> int:
    numerator, denominator = minutes, per_minutes
    for factor in factors:
        top, bottom = factor.as_integer_ratio()
        numerator *= top
        denominator *= bottom
    return round_half_up(numerator, denominator)
