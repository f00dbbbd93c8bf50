"""
What units cost that were used: what is included first, then tiers or packages, then the least and the most of a month.

Pure, like `pricing`, which asks here for items that are metered. All is whole numbers until the one place that rounds: quantities
and unit prices are counted in millionths, so their product in 10^-12 đồng.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from itertools import pairwise

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from kernel.money import round_half_up

MICRO = 10**6
SHARE = 10**4
NOTHING = Decimal(0)


class Aggregation(TextChoices):
    """How what was used in a month becomes one quantity."""

    SUM = "sum", _("all uses added up")
    MAX = "max", _("the highest level")
    LAST = "last", _("the last level")
    TIME_WEIGHTED = "time_weighted", _("each level times the hours that it lasted")
    UNIQUE = "unique", _("how many different ones")


class Tiering(TextChoices):
    FLAT = "flat", _("every unit alike")
    GRADUATED = "graduated", _("each unit at the price of its tier")
    VOLUME = "volume", _("all units at the price of the tier that they reach")
    PACKAGE = "package", _("by begun packages")


@dataclass(frozen=True, slots=True)
class Tier:
    """From what lies above `above` units (beyond those included) on, a unit costs this."""

    above: Decimal
    unit_price: Decimal


class Kind(Enum):
    INCLUDED = "included"
    UNITS = "units"
    PACKAGES = "packages"
    NO_DEARER = "no_dearer"
    """Of a volume price: what follows would cost less, so no more than where it begins is charged."""


@dataclass(frozen=True, slots=True)
class Part:
    """So many units (or packages) at one price; `worth` is in 10^-12 đồng."""

    kind: Kind
    quantity: Decimal
    unit_price: Decimal = NOTHING
    tier: Tier | None = None

    @property
    def worth(self) -> int:
        return _micro(self.quantity) * _micro(self.unit_price)


@dataclass(frozen=True, slots=True)
class Meter:
    """
    How units of a calendar month become an amount. `tiers` begin with one above 0; more of them are for graduated and volume prices.

    `minimum` and `cap` are đồng of a month, after the discount and in the price's own terms of VAT. The minimum is charged in a
    month in which more was used than is included.
    """

    tiers: tuple[Tier, ...]
    tiering: Tiering = Tiering.FLAT
    package: Decimal | None = None
    included: Decimal = NOTHING
    minimum: int = 0
    cap: int | None = None

    def beyond(self, quantity: Decimal) -> Decimal:
        """What of it is not included."""
        return max(quantity - self.included, NOTHING)

    def parts(self, quantity: Decimal) -> list[Part]:
        """Where the units of a month lie, in the order in which they are used up."""
        found = [Part(Kind.INCLUDED, min(quantity, self.included))] if self.included and quantity else []
        beyond = self.beyond(quantity)
        if not beyond:
            return found
        match self.tiering:
            case Tiering.FLAT:
                return [*found, Part(Kind.UNITS, beyond, self.tiers[0].unit_price, self.tiers[0])]
            case Tiering.GRADUATED:
                return [*found, *self._graduated(beyond)]
            case Tiering.VOLUME:
                return [*found, self._volume(beyond)]
            case Tiering.PACKAGE:
                assert self.package is not None
                begun = Decimal(-(-_micro(beyond) // _micro(self.package)))
                return [*found, Part(Kind.PACKAGES, begun, self.tiers[0].unit_price)]

    def amount(self, quantity: Decimal, discount: Decimal = NOTHING) -> int:
        """What the month's `quantity` costs: rounded half-up once, then lifted to the minimum or cut at the cap."""
        return self.bounded(self.rounded(quantity, discount), quantity)

    def rounded(self, quantity: Decimal, discount: Decimal = NOTHING) -> int:
        worth = sum(part.worth for part in self.parts(quantity))
        return round_half_up(worth * (SHARE - int(discount * SHARE)), MICRO * MICRO * SHARE)

    def bounded(self, amount: int, quantity: Decimal) -> int:
        if self.beyond(quantity):
            amount = max(amount, self.minimum)
        return amount if self.cap is None else min(amount, self.cap)

    def _graduated(self, beyond: Decimal) -> Iterator[Part]:
        for tier, following in pairwise([*self.tiers, None]):
            assert tier is not None
            if beyond > tier.above:
                until = beyond if following is None else min(beyond, following.above)
                yield Part(Kind.UNITS, until - tier.above, tier.unit_price, tier)

    def _volume(self, beyond: Decimal) -> Part:
        """Whoever uses more never pays less: at most what a later tier costs where it begins."""
        reached = max(index for index, tier in enumerate(self.tiers) if beyond > tier.above)
        own = Part(Kind.UNITS, beyond, self.tiers[reached].unit_price, self.tiers[reached])
        later = [Part(Kind.NO_DEARER, tier.above, tier.unit_price, tier) for tier in self.tiers[reached + 1 :]]
        return min([own, *later], key=lambda part: part.worth)


def _micro(value: Decimal) -> int:
    """
    In millionths: columns of quantities and prices hold no finer ones.

    :raises ValueError: it is finer, and would be cut
    """
    numerator, denominator = value.as_integer_ratio()
    counted, rest = divmod(numerator * MICRO, denominator)
    if rest:
        raise ValueError(f"{value} is finer than a millionth")
    return counted
