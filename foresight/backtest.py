"""How far the outlook was off: for each day of months that are over, what it would have said then beside what was billed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean, median

from django.db.models import F, Max, Sum

from accounts.models import Customer
from catalog.queries import PriceBook
from invoices.models import Invoice, ParkedBilling
from invoices.services.outlook import Outlook, outlook
from kernel.periods import CalendarMonth
from usage.models import Record

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Guess:
    """What was said of a customer's month at the end of its `day`, beside what was `billed` in the end."""

    day: int
    said: Outlook
    billed: int

    @property
    def off(self) -> float:
        """As a share of what was billed; below zero: too little was said."""
        return (self.said.expected - self.billed) / self.billed

    @property
    def is_within(self) -> bool | None:
        """Whether it lies in the band; None: there was none."""
        band = self.said.band
        return None if band is None else band[0] <= self.billed <= band[1]


@dataclass(frozen=True, slots=True)
class DayOfMonth:
    """All guesses of one day of the month. Shares: of the mean and the middle distance, of the mean, of those within the band."""

    day: int
    count: int
    distance: float
    middle: float
    bias: float
    within: float | None

    @classmethod
    def of(cls, day: int, guesses: Collection[Guess]) -> DayOfMonth:
        distances = [abs(guess.off) for guess in guesses]
        within = [guess.is_within for guess in guesses if guess.is_within is not None]
        return cls(
            day,
            len(guesses),
            fmean(distances),
            median(distances),
            fmean(guess.off for guess in guesses),
            fmean(within) if within else None,
        )


def by_day(guesses: Iterator[Guess]) -> list[DayOfMonth]:
    found: dict[int, list[Guess]] = defaultdict(list)
    for guess in guesses:
        found[guess.day].append(guess)
    return [DayOfMonth.of(day, some) for day, some in sorted(found.items())]


def guesses(months: Collection[CalendarMonth], customers: Collection[Customer]) -> Iterator[Guess]:
    """
    Of each month that is billed, customer by customer. What is held back for staff is not billed, and left out.

    Each guess knows the service, the bills and the records of use of its instant, and no later ones.
    """
    for customer in customers:
        book = PriceBook([customer.pk])
        for month in months:
            billed = _billed(customer, month)
            if not billed:
                continue
            for day in range(1, (month.period.ends_at - month.period.starts_at) // DAY + 1):
                at = month.period.starts_at + day * DAY
                if at < month.period.ends_at:  # then it is over
                    said = outlook(customer, at=at, book=book, through=_known(customer, month, at))
                    yield Guess(day, said, billed)


def _billed(customer: Customer, month: CalendarMonth) -> int:
    if ParkedBilling.objects.holding(month.key).filter(customer=customer).exists():
        return 0
    period = month.period
    bills = Invoice.objects.filter(
        customer=customer,
        kind=Invoice.Kind.USAGE,
        period_start__gte=period.starts_at,
        period_start__lt=period.ends_at,
    )
    found: int | None = bills.aggregate(sum=Sum(F("total") - F("credited")))["sum"]
    return found or 0


def _known(customer: Customer, month: CalendarMonth, at: datetime) -> int:
    """The last record of use that had been received."""
    records = Record.objects.filter(
        customer=customer,
        used_at__gte=month.previous.period.starts_at,
        used_at__lt=month.period.ends_at,
        batch__received_at__lte=at,
    )
    found: int | None = records.aggregate(last=Max("pk"))["last"]
    return found or 0
