"""
The auditor: what must be true of the books at every instant, as queries that find whatever is not.

The database refuses most violations by itself; this finds the ones that span tables, and would find a hole in the rest. It has
two speeds: everything every night (job "audit"), and every few minutes the customers with whom something has happened since (job
"audit-touched"), by the claims that can be asked of some customers alone. Each claim is one statement, so it sees the books at
one instant while business goes on. Tests ask all of them after each test.

What it finds is written down for staff (`Finding`), and money is not taken by itself from the customers concerned until they end
that hold.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from billing_portal.auditor.bills import BILLS
from billing_portal.auditor.caps import CAPS
from billing_portal.auditor.claim import Claim, array_of, kept
from billing_portal.auditor.committed import COMMITTED
from billing_portal.auditor.history import HISTORY, close_the_books
from billing_portal.auditor.leavers import LEAVERS
from billing_portal.auditor.lives import LIVES
from billing_portal.auditor.money import MONEY
from billing_portal.auditor.people import PEOPLE
from billing_portal.auditor.touched import note_look, touched_customers
from billing_portal.models import Finding
from billing_portal.totals import TOTALS
from invoices.models import Hold
from invoices.services.holds import LONGEST, place_hold
from kernel.actors import Actor
from store.tally import Tally

logger = logging.getLogger(__name__)

PATIENCE_MINUTES = 5
EACH = 5
"""So many rows of one claim are named."""
CLAIMS: tuple[Claim, ...] = (
    *(kept(total) for total in TOTALS),
    *(*MONEY, *BILLS, *COMMITTED, *LIVES, *CAPS, *LEAVERS, *HISTORY, *PEOPLE),
)
NIGHTLY = tuple(claim for claim in CLAIMS if claim.nightly)
QUICK = tuple(claim for claim in CLAIMS if claim.is_quick)


@dataclass(frozen=True, slots=True)
class Violation:
    """A row that contradicts a claim, and the customer whose it is."""

    claim: str
    label: str
    customer: UUID | None = None

    def __str__(self) -> str:
        return f"not true: {self.claim} ({self.label})"


class BooksBroken(Exception):
    """Something that must always be true is not; the message says what."""


def audit_the_books(*, at: datetime) -> int:
    """
    Everything; returns how many claims hold: all of them.

    :raises BooksBroken: some do not
    """
    found = contradictions(NIGHTLY, at=at)
    _write_down(found, everything=True, at=at)
    close_the_books(claims=len(NIGHTLY), found=len(found), at=at)
    if found:
        raise BooksBroken("; ".join(map(str, found)))
    return len(NIGHTLY)


def audit_the_touched(*, at: datetime) -> Tally:
    """
    The customers with whom something has happened since the look before the last, so that none slips through in between.

    :raises BooksBroken: some claims do not hold for them
    """
    customers, since, reached = touched_customers()
    found = contradictions(QUICK, customers=customers, since=since, at=at) if customers else []
    _write_down(found, at=at)
    note_look(reached, customers=len(customers), found=len(found), at=at)
    if found:
        raise BooksBroken("; ".join(map(str, found)))
    return Tally(done=len(customers))


def next_look(after: datetime) -> None:
    """A moving clock does not stop for it: each night of the way looks at everything."""
    del after


def violations() -> list[str]:
    """What is wrong with the books, one sentence each; empty when all is well. Age is no fault here: it takes a clock."""
    return [str(violation) for violation in contradictions([claim for claim in NIGHTLY if not claim.is_timed])]


def contradictions(
    claims: Iterable[Claim], *, customers: Sequence[UUID] | None = None, since: int = 0, at: datetime | None = None
) -> list[Violation]:
    """What contradicts these claims: of everybody, or of some customers."""
    if connection.in_atomic_block:
        connection.check_constraints()  # what the commit would do has been done
    found = []
    these = None if customers is None else array_of(customers)
    for claim in claims:
        query, arguments = claim.asked(these, at, since)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE_MINUTES}min'")
            cursor.execute(f"{query} LIMIT {EACH}", arguments)
            found += [Violation(claim.sentence, str(label), customer) for label, customer in cursor.fetchall()]
    for violation in found:
        logger.critical("auditor: %s", violation)
    return found


def _write_down(found: Sequence[Violation], *, everything: bool = False, at: datetime) -> None:
    """For staff: what is found is there until it is gone, and whose it is pays nothing by itself meanwhile."""
    for violation in found:
        Finding.note(violation.claim, violation.label, violation.customer, at=at)
        if violation.customer:
            _park(violation.customer, violation.claim, at=at)
    if everything:
        Finding.objects.open().exclude(seen_at=at).update(gone_at=at)


def _park(customer: UUID, claim: str, *, at: datetime) -> None:
    held = Hold.objects.in_force(at).filter(customer=customer, kind=Hold.Kind.BOOKS_IN_DOUBT)
    if not held.exists():
        reason = f"not true: {claim}"[:500]
        place_hold(
            customer, Hold.Kind.BOOKS_IN_DOUBT, until=at + LONGEST, reason=reason, actor=Actor.job("audit"), at=at
        )
