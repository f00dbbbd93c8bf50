"""
What customers have paid ahead, in a month: the app that knows what they ordered says where it stands.

It gives relations of SQL with the columns customer_id, product_id, actor, tags (of the resource, or those that it will have), at, amount
(negative: given back), is_waiting (ordered, and not paid yet), is_new (what a cap may refuse) and source (what was paid for, and what is
given back of it). They take `%(customers)s`, `%(start)s` and `%(end)s`.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from kernel.periods import Period
from kernel.shapes import SqlArguments
from kernel.tags import Tags

_relations: list[str] = []


def counts(*relations: str) -> None:
    """What of it counts as spent."""
    _relations.extend(relations)


class Paid(NamedTuple):
    """
    What was paid ahead of one product by one actor for what is tagged alike: VND with VAT, and what is ordered beside it and not paid
    yet. Of `tags` those that were asked about.
    """

    customer_id: UUID
    product_id: UUID
    actor: str
    tags: Tags | None
    spent: int
    waiting: int


class Movement(NamedTuple):
    """One of the amounts that such a sum adds up."""

    customer_id: UUID
    product_id: UUID
    actor: str
    tags: Tags | None
    at: datetime
    amount: int
    is_new: bool
    source: UUID | None


ASKED = """
(SELECT jsonb_object_agg(b.tag_key, b.tag_value)::text FROM budgets_budget b
 WHERE b.id = ANY(%(budgets)s) AND b.customer_id = paid.customer_id AND lower(tag_value(paid.tags, b.tag_key)) = lower(b.tag_value))
"""
SUMS = """
SELECT customer_id, product_id, actor, {tags}, coalesce(sum(amount) FILTER (WHERE NOT is_waiting), 0)::bigint,
       coalesce(sum(amount) FILTER (WHERE is_waiting), 0)::bigint
FROM ({paid}) paid GROUP BY 1, 2, 3, 4
"""
ROWS = "SELECT customer_id, product_id, actor, tags::text, at, amount, is_new, source FROM ({paid}) paid WHERE NOT is_waiting ORDER BY at, source"


def paid_of(customers: Collection[UUID], period: Period, *, by_tags: Collection[UUID] = ()) -> list[Paid]:
    """
    In one query, however many they are.

    :param by_tags: ids of budgets; of all tags those alone are told that these are about
    """
    if not customers:
        return []
    statement = SUMS.format(paid=_paid(), tags=ASKED if by_tags else "NULL")
    with connection.cursor() as cursor:
        cursor.execute(statement, {**_arguments(customers, period), "budgets": list(by_tags)})
        return [
            Paid(customer, product, actor, _tags(tags), spent, waiting)
            for customer, product, actor, tags, spent, waiting in cursor.fetchall()
        ]


def movements_of(customer_id: UUID, period: Period) -> list[Movement]:
    """In the order of time."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS.format(paid=_paid()), _arguments([customer_id], period))
        return [
            Movement(customer, product, actor, _tags(tags), *rest)
            for customer, product, actor, tags, *rest in cursor.fetchall()
        ]


def _tags(text: str | None) -> Tags | None:
    return None if text is None else json.loads(text)


def _paid() -> str:
    return " UNION ALL ".join(_relations)


def _arguments(customers: Collection[UUID], period: Period) -> SqlArguments:
    return {"customers": list(customers), "start": period.starts_at, "end": period.ends_at}
