"""What a month-end run would bill, without writing anything."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import nlargest

from accounts.models import Customer
from invoices.services.held import billed_so_far, passed_bounds, totals_of
from invoices.services.month_end import drafts_of, ranges_with
from invoices.services.usage import billed_afterwards
from kernel.periods import CalendarMonth


@dataclass(frozen=True, slots=True)
class Forecast:
    """
    What a run would bill: invoices, VND in total, and the customers whose bill changes most: (customer, before, now).

    And what it would hold back: bills far above the usual, and resources that lack a price, with the sentence that says which.
    """

    month: str
    invoices: int
    total: int
    top_movers: list[tuple[Customer, int, int]]
    held_back: list[tuple[Customer, int]]
    unpriced: list[tuple[Customer, str]]


def dry_run(month: CalendarMonth, *, movers: int = 10) -> Forecast:
    """
    What the run of `month` would bill now, without writing anything. An unfinished month is priced up to its end.

    Read range by range, as the run does it: the memory that it takes does not grow with the number of customers.
    """
    invoices = total = 0
    moves: list[tuple[Customer, int, int]] = []
    held: list[tuple[Customer, int]] = []
    unpriced: list[tuple[Customer, str]] = []
    for first, last in ranges_with(billed_afterwards().overlapping(month.period)):
        customers = list(Customer.objects.filter(pk__gte=first, pk__lte=last).order_by("pk"))
        drafted = drafts_of(month, customers)
        totals = totals_of(drafted.drafts)
        before, passed = billed_so_far(month.previous, list(totals)), passed_bounds(month, totals)
        billed = [customer for customer in customers if customer.pk in totals]
        moves += [(customer, before.get(customer.pk, 0), totals[customer.pk]) for customer in billed]
        moves = nlargest(movers, moves, key=lambda move: abs(move[2] - move[1]))
        held += [(customer, totals[customer.pk]) for customer in billed if customer.pk in passed]
        names = {customer.pk: customer for customer in customers}
        unpriced += [(names[usage.customer_id], str(lacking)) for usage, lacking in drafted.unpriced]
        invoices += len(drafted.drafts)
        total += sum(totals.values())
    return Forecast(month.key, invoices, total, moves, held, unpriced)
