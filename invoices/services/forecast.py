"""What a month-end run would bill, without writing anything."""

from __future__ import annotations

from dataclasses import dataclass
from heapq import nlargest
from uuid import UUID

from accounts.models import Customer
from invoices.services.held import billed_so_far, passed_bounds, totals_of
from invoices.services.month_end import drafts_of, ranges_with
from invoices.services.shortfalls import NOTHING, spent_in, undecided
from invoices.services.usage import billed_afterwards
from kernel.periods import CalendarMonth


@dataclass(frozen=True, slots=True)
class Forecast:
    """
    What a run would bill: invoices, VND in total, and the customers whose bill changes most: (customer, before, now).

    And what it would hold back: bills far above the usual, and resources that lack a price, with the sentence that says which. The
    largest shortfalls of commitments that follow are in the sums with all others.
    """

    month: str
    invoices: int
    total: int
    top_movers: list[tuple[Customer, int, int]]
    held_back: list[tuple[Customer, int]]
    unpriced: list[tuple[Customer, str]]
    shortfalls: list[tuple[Customer, int]]


def dry_run(month: CalendarMonth, *, movers: int = 10) -> Forecast:
    """
    What the run of `month` would bill now, without writing anything. An unfinished month is priced up to its end.

    Read range by range, as the run does it: the memory that it takes does not grow with the number of customers.
    """
    invoices = total = 0
    moves: list[tuple[Customer, int, int]] = []
    held: list[tuple[Customer, int]] = []
    unpriced: list[tuple[Customer, str]] = []
    committed = dict(undecided(month).values_list("customer", "amount"))
    drafts_of_committed: dict[UUID, int] = {}
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
        drafts_of_committed |= {pk: total for pk, total in totals.items() if pk in committed}
        invoices += len(drafted.drafts)
        total += sum(totals.values())
    waiting = {customer.pk for customer, _why in (*held, *unpriced)}
    lacking = _lacking(month, {pk: one for pk, one in committed.items() if pk not in waiting}, drafts_of_committed)
    most = Customer.objects.in_bulk(nlargest(movers, lacking, key=lambda pk: lacking[pk]))
    return Forecast(
        month.key,
        invoices + len(lacking),
        total + sum(lacking.values()),
        moves,
        held,
        unpriced,
        sorted(((most[pk], lacking[pk]) for pk in most), key=lambda row: -row[1]),
    )


def _lacking(month: CalendarMonth, committed: dict[UUID, int], drafts: dict[UUID, int]) -> dict[UUID, int]:
    """What would lack to each commitment once these drafts are billed; nothing where nothing lacks."""
    counted = spent_in(month, committed) if committed else {}
    left = {pk: amount - counted.get(pk, NOTHING).total - drafts.get(pk, 0) for pk, amount in committed.items()}
    return {pk: lacking for pk, lacking in left.items() if lacking > 0}
