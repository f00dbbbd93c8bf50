"""
What customers have paid ahead, in a month: the app that knows what they ordered says where it stands.

It gives relations of SQL with the columns customer_id, product_id, actor, at, amount (negative: given back), is_waiting (ordered, and
not paid yet), is_new (what a cap may refuse) and source (what was paid for, and what is given back of it). They take `%(customers)s`,
`%(start)s` and `%(end)s`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from kernel.periods import Period
from kernel.shapes import SqlArguments

_relations: list[str] = []


def counts(*relations: str) -> None:
    """What of it counts as spent."""
    _relations.extend(relations)


class Paid(NamedTuple):
    """What was paid ahead of one product by one actor: VND with VAT, and what is ordered beside it and not paid yet."""

    customer_id: UUID
    product_id: UUID
    actor: str
    spent: int
    waiting: int


class Movement(NamedTuple):
    """One of the amounts that such a sum adds up."""

    customer_id: UUID
    product_id: UUID
    actor: str
    at: datetime
    amount: int
    is_new: bool
    source: UUID | None


SUMS = """
SELECT customer_id, product_id, actor, coalesce(sum(amount) FILTER (WHERE NOT is_waiting), 0)::bigint,
       coalesce(sum(amount) FILTER (WHERE is_waiting), 0)::bigint
FROM ({paid}) paid GROUP BY customer_id, product_id, actor
"""
ROWS = "SELECT customer_id, product_id, actor, at, amount, is_new, source FROM ({paid}) paid WHERE NOT is_waiting ORDER BY at, source"


def paid_of(customers: Collection[UUID], period: Period) -> list[Paid]:
    """In one query, however many they are."""
    if not customers:
        return []
    with connection.cursor() as cursor:
        cursor.execute(SUMS.format(paid=_paid()), _arguments(customers, period))
        return [Paid(*row) for row in cursor.fetchall()]


def movements_of(customer_id: UUID, period: Period) -> list[Movement]:
    """In the order of time."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS.format(paid=_paid()), _arguments([customer_id], period))
        return [Movement(*row) for row in cursor.fetchall()]


def _paid() -> str:
    return " UNION ALL ".join(_relations)


def _arguments(customers: Collection[UUID], period: Period) -> SqlArguments:
    return {"customers": list(customers), "start": period.starts_at, "end": period.ends_at}
