"""Rates of VAT over time. A price names a category; what a line is taxed at follows from the instant that is its tax point."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _

from catalog.models import TaxRate
from kernel.display import day, percent
from kernel.periods import MINUTE, Period, local_day, start_of_day

Said = tuple[str, date, Decimal]
"""That a category is taxed at a rate from a day on."""


@dataclass(frozen=True, slots=True)
class Step:
    """From the beginning of `since` on, `rate` is in force."""

    since: date
    rate: Decimal


class Taxes:
    """
    The rates of every category: read in one query, asked without any, for any instant past or to come.

    :param said: in the order in which it was said: of one day the last one counts. What says nothing new is no step.
    """

    def __init__(self, said: Iterable[Said]) -> None:
        self._said = list(said)
        by_day: dict[str, dict[date, Decimal]] = defaultdict(dict)
        for category, since, rate in self._said:
            by_day[category][since] = rate
        self._steps: dict[str, list[Step]] = {}
        self._instants: dict[str, list[datetime]] = {}
        for category, rates in by_day.items():
            steps: list[Step] = []
            for since, rate in sorted(rates.items()):
                if not steps or steps[-1].rate != rate:
                    steps.append(Step(since, rate))
            self._steps[category] = steps
            self._instants[category] = [start_of_day(step.since) for step in steps]
        self._every_change = sorted({instant for instants in self._instants.values() for instant in instants})

    @classmethod
    def read(cls) -> Taxes:
        return cls(TaxRate.objects.order_by("pk").values_list("category", "since", "rate"))

    def rate_at(self, category: str, at: datetime) -> Decimal | None:
        """None before the first day of its first rate."""
        passed = bisect_right(self._instants.get(category, ()), at)
        return self._steps[category][passed - 1].rate if passed else None

    def changes(self, category: str) -> list[datetime]:
        """The instants at which its rate changes, its first one included."""
        return self._instants.get(category, [])

    def coming(self, category: str, at: datetime) -> list[Step]:
        """The steps that begin after `at`."""
        return self._steps.get(category, [])[bisect_right(self.changes(category), at) :]

    def era(self, at: datetime) -> int:
        """Instants with the same number are taxed alike, whatever the category."""
        return bisect_right(self._every_change, at)

    def changed_at(self, at: datetime) -> datetime | None:
        """When a rate of any category changed last."""
        passed = self.era(at)
        return self._every_change[passed - 1] if passed else None

    def changes_after(self, at: datetime) -> datetime | None:
        """When one changes next."""
        return next(iter(self._every_change[self.era(at) :]), None)

    def cuts(self, period: Period, category: str | None = None) -> list[datetime]:
        """Where use in `period` is cut because a rate changes, of one category or of any; nowhere where the setting says so."""
        if not settings.TAX_SPLITS_USAGE:
            return []
        instants = self._every_change if category is None else self.changes(category)
        return [instant for instant in instants if period.starts_at < instant < period.ends_at]

    def with_rate(self, category: str, since: date, rate: Decimal) -> Taxes:
        """As if this were said, too."""
        return Taxes([*self._said, (category, since, rate)])

    def words(self, category: str, at: datetime) -> str:
        """ "10 %", or with what is to come: "10 % until 31 Dec 2026, 8 % from 1 Jan 2027"."""
        rate, coming = self.rate_at(category, at), self.coming(category, at)
        if rate is None:
            return ", ".join(self._begins(step) for step in coming)
        if not coming:
            return percent(rate)
        last = local_day(start_of_day(coming[0].since) - MINUTE)
        now = _("%(rate)s until %(day)s") % {"rate": percent(rate), "day": day(last)}
        return ", ".join([now, *(self._begins(step) for step in coming)])

    @staticmethod
    def _begins(step: Step) -> str:
        return _("%(rate)s from %(day)s") % {"rate": percent(step.rate), "day": day(step.since)}
