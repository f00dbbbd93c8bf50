"""
What lacks to a commitment: decided once for each month that is over, when all of its use is billed.

Set-based, like the month end that it follows: some hundred customers at a time, each step one statement for all of them. Who is
held back waits: a month of which something is not billed says nothing about what was spent in it.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby, islice
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Max, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Greatest

from accounts.models import Customer
from catalog.commitments import shortfall_item
from catalog.models import Commitment, Item
from catalog.models.commitments import first_day
from catalog.pricing import Charge, price_line
from catalog.queries import NoPrice, PriceBook
from invoices.models import IN_PAID_TIME, BillingRun, CommittedMonth, CreditNote, Invoice, ParkedBilling
from invoices.services.held import Cause, hold_back
from invoices.services.issue import Billed, Draft, issue_invoices
from invoices.services.running import priced
from invoices.services.unbilled import unbilled
from kernel.errors import noted
from kernel.periods import CalendarMonth
from store.bulk import check_as_we_go
from store.tally import Tally, for_each_group

logger = logging.getLogger(__name__)

AT_ONCE = 500

DUE = """
SELECT due.key, c.customer_id
FROM catalog_commitment c CROSS JOIN LATERAL (
    SELECT to_char(first, 'YYYY-MM') AS key FROM generate_series(c.starts_on, least(c.ends_on, %(until)s) - 1, interval '1 month') first
) due
WHERE NOT EXISTS (SELECT FROM invoices_committedmonth d WHERE d.commitment_id = c.id AND d.month = due.key)
    AND NOT EXISTS (SELECT FROM invoices_parkedbilling p WHERE p.customer_id = c.customer_id AND p.month = due.key AND p.state = 'parked')
    AND due.key <> ALL (%(unfinished)s)
ORDER BY 1, 2
"""


CAME_LATE = """
SELECT i.customer_id, sum(i.total - i.credited),
    max(greatest(i.issued_at, (SELECT max(n.issued_at) FROM invoices_creditnote n WHERE n.invoice_id = i.id)))
FROM unnest(%(customers)s::uuid[]) one (customer_id)
CROSS JOIN LATERAL (SELECT coalesce(
    (SELECT max(d.decided_at) FROM invoices_committedmonth d WHERE d.customer_id = one.customer_id AND d.decided_at <= %(until)s),
    (SELECT (min(c.starts_on) + interval '1 month') AT TIME ZONE billing_zone() FROM catalog_commitment c
        WHERE c.customer_id = one.customer_id AND c.ends_on > c.starts_on)) AS at
) decided
JOIN invoices_invoice i ON i.customer_id = one.customer_id AND i.is_late AND i.issued_at > decided.at AND i.issued_at <= %(until)s
JOIN invoices_invoice f ON f.resource_id = i.resource_id AND f.kind = i.kind
    AND f.period_key = regexp_replace(i.period_key, '(/again)+$', '') AND f.issued_at > decided.at
CROSS JOIN LATERAL (SELECT left(i.period_key, 7) AS key) own
WHERE own.key <> %(month)s AND CASE
    WHEN EXISTS (SELECT FROM catalog_commitment c WHERE c.customer_id = i.customer_id
        AND (own.key || '-01')::date >= c.starts_on AND (own.key || '-01')::date < c.ends_on)
    THEN EXISTS (SELECT FROM invoices_committedmonth d
        WHERE d.customer_id = i.customer_id AND d.month = own.key AND d.decided_at < f.issued_at)
    ELSE position(%(use)s IN i.period_key) = 0 END
GROUP BY 1
"""
FOREVER = datetime.max.replace(tzinfo=UTC)


class Spent(NamedTuple):
    """VND with VAT that count, and when the latest of the bills and credit notes in it was issued; None without any."""

    total: int
    known_at: datetime | None

    def and_also(self, other: Spent) -> Spent:
        return Spent(self.total + other.total, max(filter(None, (self.known_at, other.known_at)), default=None))


NOTHING = Spent(0, None)


class Due(NamedTuple):
    """A month of a customer's commitment."""

    month: str
    customer: UUID


@dataclass(frozen=True, slots=True)
class Progress:
    """A month of a commitment: what is counted by now, and what it comes to by the end of the month if nothing changes."""

    commitment: Commitment
    month: CalendarMonth
    counted: int
    expected: int

    @property
    def lacking(self) -> int:
        """What would be billed as the shortfall."""
        return max(self.commitment.amount - self.expected, 0)

    @property
    def percent(self) -> int:
        """How far it is, in whole hundredths, never more than all."""
        return min(self.counted * 100 // self.commitment.amount, 100)


def progress_of(customer: Customer, month: CalendarMonth | None = None, *, at: datetime) -> Progress | None:
    """
    A month of the customer's commitment that is not decided, the present one if nobody says; None without one.

    What was invoiced of the month already counts as invoiced.
    """
    month = month or CalendarMonth.of(at)
    undecided = Commitment.objects.of_month(month).filter(customer=customer).exclude(decided__month=month.key)
    commitment = undecided.first()
    if commitment is None:
        return None
    cost = priced(unbilled(customer, at=at, month=month), customer).total
    late = late_for(customer, month, at=at)
    return Progress(commitment, month, cost.so_far + late, cost.expected + late)


def bill_shortfalls(*, unfinished: Collection[CalendarMonth], at: datetime) -> Tally:
    """
    Decide each month of a commitment that is over and billed. Safe to run twice, late, or in parallel.

    :param unfinished: months that are over and not billed yet
    """
    with connection.cursor() as cursor:
        until = first_day(CalendarMonth.of(at))
        cursor.execute(DUE, {"until": until, "unfinished": [month.key for month in unfinished]})
        due = [Due(*row) for row in cursor.fetchall()]
    return for_each_group(_grouped(due), lambda some: _decide_or_park(some, at=at), what="commitments of customers")


def _grouped(due: Iterable[Due]) -> Iterator[list[Due]]:
    """Some of a month at a time."""
    for _month, theirs in groupby(due, key=attrgetter("month")):
        while some := list(islice(theirs, AT_ONCE)):
            yield some


def _decide_or_park(due: Sequence[Due], *, at: datetime) -> None:
    """Whose decision fails is held back for staff; of many each is tried alone."""
    month = CalendarMonth.parse(due[0].month)
    try:
        decide(month, [one.customer for one in due], at=at)
    except Exception as failure:
        if len(due) > 1:
            raise
        logger.exception("commitment of customer %s: %s is held back", due[0].customer, month.key)
        hold_back(due[0].customer, month, Cause.FAILED, reason=noted(failure), at=at)


def undecided(month: CalendarMonth) -> QuerySet[Commitment]:
    """Commitments with this month, of which nothing is decided, of customers of whom nothing is held back."""
    parked = ParkedBilling.objects.holding(month.key).values("customer")
    return Commitment.objects.of_month(month).exclude(decided__month=month.key).exclude(customer__in=parked)


@transaction.atomic
def decide(month: CalendarMonth, customer_ids: Sequence[UUID], *, at: datetime) -> int:
    """
    What was counted of a month that is billed, and the bill of what lacks; whoever did it first has done it.

    It waits while the run of an earlier month writes bills of what came late, which count as well. What others billed or credited
    since `at` counts too: then it is decided when that was issued.
    """
    check_as_we_go()
    held = Customer.objects.select_for_update(no_key=True).filter(pk__in=customer_ids).order_by("pk")
    customers = {customer.pk: customer for customer in held}
    if BillingRun.objects.filter(state=BillingRun.State.RUNNING, month__lt=month.key).exists():
        return 0
    commitments = list(undecided(month).filter(customer__in=customers).order_by("customer"))
    spent = spent_in(month, [one.customer_id for one in commitments])
    counted = {one.pk: spent.get(one.customer_id, NOTHING) for one in commitments}
    lacking = {one.pk: max(one.amount - counted[one.pk].total, 0) for one in commitments}
    drafts = {draft.resource.pk: draft for draft in _drafts(month, commitments, customers, lacking, at=at)}
    issue_invoices(list(drafts.values()), Invoice.Kind.USAGE, at=at)
    decided = [
        CommittedMonth(
            commitment=one,
            customer_id=one.customer_id,
            month=month.key,
            amount=one.amount,
            counted=counted[one.pk].total,
            shortfall=lacking[one.pk],
            invoice_id=drafts[one.pk].pk if lacking[one.pk] else None,
            decided_at=max(at, counted[one.pk].known_at or at),
        )
        for one in commitments
        if not lacking[one.pk] or one.pk in drafts
    ]
    return len(CommittedMonth.objects.bulk_create(decided))


def spent_in(month: CalendarMonth, customer_ids: Collection[UUID]) -> dict[UUID, Spent]:
    """What counts for a month that is not decided, by customer: the bills of its use that there are, and those that `came_late`."""
    bills = Invoice.objects.of_use().filter(
        customer__in=customer_ids,
        period_key__startswith=month.key,
        issued_at__gte=month.period.starts_at,  # after it was used: so the index by day of issue finds them
    )
    notes = CreditNote.objects.filter(invoice=OuterRef("pk")).order_by().values("invoice")
    credited_at = Subquery(notes.annotate(at=Max("issued_at")).values("at"))
    theirs = bills.annotate(known_at=Greatest("issued_at", credited_at)).order_by().values_list("customer")
    sums = theirs.annotate(sum=Sum(F("total") - F("credited")), latest=Max("known_at"))
    counted = {customer_id: Spent(total, at) for customer_id, total, at in sums}
    for customer_id, late in came_late(month, customer_ids).items():
        counted[customer_id] = counted.get(customer_id, NOTHING).and_also(late)
    return counted


def came_late(
    month: CalendarMonth, customer_ids: Collection[UUID], *, known_at: datetime | None = None
) -> dict[UUID, Spent]:
    """
    What counts for a month that is not decided besides the bills of its own use, by customer: those of what was reported late of
    other months. As every such bill counts once, it is one that came since a month was decided last, of a month that had been
    decided before it came, or never was committed. Of such a month what was used in paid time is not told from what is late: it
    does not count.

    One that was billed again came when the first was billed.

    :param known_at: what came later is not known; without it, all is
    """
    if not customer_ids:
        return {}
    until = known_at or FOREVER
    with connection.cursor() as cursor:
        cursor.execute(
            CAME_LATE,
            {"customers": list(customer_ids), "month": month.key, "until": until, "use": IN_PAID_TIME},
        )
        return {customer_id: Spent(int(total), at) for customer_id, total, at in cursor.fetchall()}


def late_for(customer: Customer, month: CalendarMonth, *, at: datetime) -> int:
    """What `came_late` and counts for the month of one customer, as it was known then, in VND."""
    return came_late(month, [customer.pk], known_at=at).get(customer.pk, NOTHING).total


def _drafts(
    month: CalendarMonth,
    commitments: Sequence[Commitment],
    customers: dict[UUID, Customer],
    lacking: dict[UUID, int],
    *,
    at: datetime,
) -> Iterator[Draft]:
    """A bill for each shortfall; what has no price is held back for staff."""
    short = [one for one in commitments if lacking[one.pk]]
    if not short:
        return
    item, period = shortfall_item(), month.period
    book = PriceBook([one.customer_id for one in short], [item.pk])
    for one in short:
        customer = customers[one.customer_id]
        try:
            component = book.component(
                item.pk, Decimal(lacking[one.pk]), customer.pk, period.last_minute, customer.language
            )
        except NoPrice as without:
            hold_back(customer.pk, month, Cause.NO_PRICE, reason=without.item, at=at)
            continue
        line = price_line(replace(component, discount=Decimal(0), committed=Decimal(0)), period)
        if line.total != lacking[one.pk]:  # staff gave it a price that is no đồng with VAT
            hold_back(customer.pk, month, Cause.NO_PRICE, reason=component.name, at=at)
            continue
        billed = Billed(one.pk, _name(item, customer), item.product_id, "{}")
        yield Draft(customer, billed, f"{month.key}/commitment", period, Charge([line]), is_shortfall=True)


def _name(item: Item, customer: Customer) -> str:
    return item.product.name_in(customer.language)
