"""
One resource in two months, side by side, in exact fractions of a đồng. Pure: what the causes of a change compute with.

What goes by time is `rate x quantity x minutes`: the month has so many minutes, the resource was in service in a part of them, its
items had some quantity on the average of that time, at some price. From the one month to the other these change one after the other, in
this order, each at what the ones before have become; so the steps make the whole way.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from uuid import UUID

from catalog.pricing import Component, price_line
from kernel.money import round_half_up
from kernel.periods import CalendarMonth, Period, minutes_between

ROUNDED_AWAY = 3
"""VND: more than what rounding an amount, its VAT and the share of a month can make of one line."""
FINEST = Decimal("0.000001")
NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class Charged:
    """
    One item over one stretch of a month: what was charged for it, net of credit notes and before coupons.

    Of what is metered, `quantity` is what was billed beyond what was billed `before` of the same month.
    """

    component: Component
    period: Period
    total: int

    @property
    def is_metered(self) -> bool:
        return self.component.rate.meter is not None

    @property
    def exact(self) -> Fraction:
        """What goes by time, before anything is rounded, as its price says."""
        return per_minute(self.component) * Fraction(self.component.quantity) * self.period.minutes

    @property
    def full(self) -> Fraction:
        """The same without the discount of a commitment."""
        return (
            replace(self, component=without_commitment(self.component)).exact
            if self.component.committed
            else self.exact
        )


def per_minute(component: Component) -> Fraction:
    """What a minute of one unit costs, with VAT and the discounts."""
    rate = component.rate
    vat = Fraction(1) if rate.includes_vat else 1 + Fraction(rate.vat_rate)
    return Fraction(rate.unit_price) * (1 - Fraction(component.discount)) * vat / rate.per_minutes


def without_commitment(component: Component) -> Component:
    """As if there were none: with the negotiated discount alone."""
    return replace(component, discount=component.discount - component.committed, committed=Decimal(0))


@dataclass(frozen=True, slots=True)
class Mean:
    """
    An item on the average of the time in service: how many, and what a minute of one costs; `full` is that without the discount of a
    commitment.
    """

    quantity: Fraction
    price: Fraction
    full: Fraction


NONE = Mean(NOTHING, NOTHING, NOTHING)


@dataclass
class Used:
    """What was used of a metered item in a month, at each rate of VAT that it had in it, and what it was charged."""

    parts: list[Component] = field(default_factory=list)
    total: int = 0

    def add(self, one: Charged) -> None:
        component, self.total = one.component, self.total + one.total
        if self.parts and self.parts[-1].rate.vat_rate == component.rate.vat_rate:
            last = self.parts.pop()
            component = replace(last, quantity=last.quantity + component.quantity)
        self.parts.append(component)

    @property
    def quantity(self) -> Decimal:
        return sum((part.quantity for part in self.parts), Decimal(0))

    def at(self, quantity: Decimal, period: Period) -> int:
        """What another quantity would have come to at this month's price, used at its rates of VAT in the same proportion."""
        worth, passed, before, whole = 0, Decimal(0), Decimal(0), self.quantity
        for part in self.parts:
            passed += part.quantity
            until = quantity if passed == whole else (quantity * passed / whole).quantize(FINEST)
            worth += price_line(replace(part, quantity=until - before, before=before), period).total
            before = until
        return worth

    def full(self, quantity: Decimal, period: Period) -> int:
        """The same without the discount of a commitment."""
        return Used([without_commitment(part) for part in self.parts]).at(quantity, period)


@dataclass(frozen=True)
class Side:
    """
    A resource in one month. `coupon` is what coupons took off it. `lacking` is what is billed for no resource: what lacks to a
    commitment, which has nothing else.
    """

    month: CalendarMonth
    charged: Sequence[Charged] = ()
    coupon: int = 0
    lacking: int = 0

    @property
    def total(self) -> int:
        return sum(one.total for one in self.charged) - self.coupon + self.lacking

    @cached_property
    def minutes(self) -> int:
        return self.month.period.minutes

    @cached_property
    def by_time(self) -> list[Charged]:
        return [one for one in self.charged if not one.is_metered]

    @cached_property
    def used(self) -> dict[UUID, Used]:
        """Item -> all that was billed of it of this month."""
        found: dict[UUID, Used] = {}
        for one in sorted(self.charged, key=lambda one: one.period.starts_at):
            if one.is_metered:
                found.setdefault(one.component.item_id, Used()).add(one)
        return found

    @cached_property
    def worth_of_use(self) -> int:
        """What its prices say of what was used."""
        return sum(used.at(used.quantity, self.month.period) for used in self.used.values())

    @cached_property
    def exact(self) -> Fraction:
        """Of what goes by time."""
        return sum((one.exact for one in self.by_time), NOTHING)

    @cached_property
    def out_of_service(self) -> tuple[int, int, int]:
        """Minutes of the month before the first service in it, between, and after the last."""
        whole = self.month.period
        spans = sorted((one.period.starts_at, one.period.ends_at) for one in self.by_time)
        if not spans:
            return self.minutes, 0, 0
        reached, between = spans[0][1], 0
        for start, end in spans:
            between += max(0, minutes_between(reached, start))
            reached = max(reached, end)
        return minutes_between(whole.starts_at, spans[0][0]), between, minutes_between(reached, whole.ends_at)

    @cached_property
    def served(self) -> int:
        return self.minutes - sum(self.out_of_service)

    @cached_property
    def means(self) -> dict[UUID, Mean]:
        """Of each item that goes by time."""
        quantities: dict[UUID, Fraction] = defaultdict(Fraction)
        costs: dict[UUID, Fraction] = defaultdict(Fraction)
        full: dict[UUID, Fraction] = defaultdict(Fraction)
        for one in self.by_time:
            quantities[one.component.item_id] += Fraction(one.component.quantity) * one.period.minutes
            costs[one.component.item_id] += one.exact
            full[one.component.item_id] += one.full
        return {
            item: Mean(quantity / self.served, costs[item] / quantity, full[item] / quantity)
            for item, quantity in quantities.items()
            if quantity
        }

    @cached_property
    def otherwise(self) -> int:
        """What was charged otherwise than by time and use: credit notes took something back, or time was not refunded."""
        by_time = [one.total - one.exact for one in self.by_time]
        by_use = [Fraction(used.total - used.at(used.quantity, self.month.period)) for used in self.used.values()]
        off = sum((one for one in (*by_time, *by_use) if abs(one) >= ROUNDED_AWAY), NOTHING)
        return round_half_up(off.numerator, off.denominator)

    def name_of(self, item: UUID) -> str:
        return next((one.component.name for one in self.charged if one.component.item_id == item), "")


@dataclass(frozen=True)
class Pair:
    """A resource in the month `before` and in the one `after`; without one, what lacks to a commitment."""

    resource: UUID | None
    name: str
    before: Side
    after: Side

    @property
    def difference(self) -> int:
        return self.after.total - self.before.total

    @property
    def is_new(self) -> bool:
        return not self.before.charged

    @property
    def is_gone(self) -> bool:
        return not self.after.charged

    @property
    def goes_on(self) -> bool:
        """By time, in both months."""
        return bool(self.before.by_time and self.after.by_time)

    @cached_property
    def usual(self) -> Fraction:
        """What a minute in service cost before."""
        return self.before.exact / self.before.served if self.before.served else NOTHING

    def service(self) -> Iterator[Fraction]:
        """What was more or (below zero) less in service, at the beginning, between and at the end: at what it cost before."""
        if self.goes_on:
            for old, new in zip(self.before.out_of_service, self.after.out_of_service, strict=True):
                share = Fraction(old, self.before.minutes) - Fraction(new, self.after.minutes)
                yield self.usual * self.after.minutes * share

    def items(self) -> Iterator[tuple[UUID, Mean, Mean]]:
        """Each item that goes by time, before and after; where there is none, none of it at the other month's price."""
        old, new = self.before.means, self.after.means
        for item in dict.fromkeys([*old, *new]):
            was, now = old.get(item), new.get(item)
            yield (
                item,
                was or (replace(now, quantity=NOTHING) if now else NONE),
                now or (replace(was, quantity=NOTHING) if was else NONE),
            )
