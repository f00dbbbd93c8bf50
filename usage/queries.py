"""
What was used of a month, put together: records become one quantity for each resource and metered item.

A record counts where its resource was in postpaid service, the last minute of it included; what was corrected counts no more. Levels
that count by their time last until the next one, within the month and the service.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from kernel.periods import MINUTE, CalendarMonth, Period
from kernel.shapes import SqlArguments
from usage.models import ClosedMonth, Record

KNOWN = "{record}.id <= coalesce(%(through)s, {record}.id)"
USED = f"""
WITH service AS MATERIALIZED (
    SELECT resource_id, starts_at, coalesce(ends_at, 'infinity') AS ends_at FROM lifecycle_serviceperiod
    WHERE resource_id = ANY(%(resources)s) AND billing_mode = 'postpaid' AND starts_at < %(end)s
        AND (ends_at IS NULL OR ends_at > greatest(starts_at, %(start)s))
), used AS MATERIALIZED (
    SELECT r.resource_id, r.item_id, i.aggregation, r.id, date_trunc('minute', r.used_at) AS used_at, r.quantity, r.subject
    FROM usage_record r JOIN catalog_item i ON i.id = r.item_id
    WHERE r.resource_id = ANY(%(resources)s) AND r.used_at >= %(start)s AND r.used_at < %(known_until)s AND r.quantity IS NOT NULL
        AND {KNOWN.format(record="r")}
        AND NOT EXISTS (SELECT FROM usage_record c WHERE c.resource_id = ANY(%(resources)s) AND c.resource_id = r.resource_id
            AND c.item_id = r.item_id AND c.used_at = r.used_at AND c.corrects = r.key AND c.corrects <> '' AND {KNOWN.format(record="c")})
), levels AS (
    SELECT *, lead(used_at, 1, %(end)s) OVER (PARTITION BY resource_id, item_id ORDER BY used_at, id) AS until FROM used
    WHERE aggregation = 'time_weighted'
)
SELECT resource_id, item_id, min(used_at), CASE min(aggregation)
        WHEN 'sum' THEN sum(quantity)
        WHEN 'max' THEN max(quantity)
        WHEN 'last' THEN (array_agg(quantity ORDER BY used_at DESC, id DESC) FILTER (WHERE aggregation = 'last'))[1]
        WHEN 'unique' THEN count(DISTINCT subject) FILTER (WHERE aggregation = 'unique')
    END
FROM used u WHERE aggregation <> 'time_weighted' AND EXISTS (
    SELECT FROM service s WHERE s.resource_id = u.resource_id AND u.used_at BETWEEN s.starts_at AND s.ends_at)
GROUP BY 1, 2
UNION ALL
SELECT l.resource_id, l.item_id, min(greatest(l.used_at, s.starts_at)),
    round(sum(l.quantity * extract(epoch FROM least(l.until, s.ends_at) - greatest(l.used_at, s.starts_at))) / 3600, 6)
FROM levels l JOIN service s ON s.resource_id = l.resource_id AND s.starts_at < l.until AND s.ends_at > l.used_at
GROUP BY 1, 2
ORDER BY 1, 2
"""


class Used(NamedTuple):
    """How much of an item a resource used in a month, and since when."""

    resource_id: UUID
    item_id: UUID
    since: datetime
    quantity: Decimal


def used(resources: Collection[UUID], window: Period, *, through: int | None = None) -> list[Used]:
    """
    What these resources used in `window`, the beginning of a month or all of it: a row for each item of which there was anything.

    :param through: what came after the record of this number is not looked at; None: all that is there
    """
    if not resources:
        return []
    month = CalendarMonth.of(window.starts_at).period
    arguments: SqlArguments = {
        "resources": list(resources),
        "start": window.starts_at,
        "end": window.ends_at,
        "known_until": min(window.ends_at + MINUTE, month.ends_at),
        "through": through,
    }
    with connection.cursor() as cursor:
        cursor.execute(USED, arguments)
        return [Used(*row) for row in cursor.fetchall() if row[3]]


def with_late_uses(month: CalendarMonth) -> list[tuple[UUID, UUID]]:
    """(resource, customer) of what was reported after the month was closed; see the index `uses_that_came_late`."""
    late = Record.objects.filter(is_late=True, used_at__gte=month.period.starts_at, used_at__lt=month.period.ends_at)
    return list(late.order_by("resource").values_list("resource", "customer").distinct())


def months_with_more(since: datetime) -> list[CalendarMonth]:
    """Closed months, ended after `since`, of which something came that is on no bill yet."""
    found = []
    for key, through in ClosedMonth.objects.order_by("month").values_list("month", "through"):
        month = CalendarMonth.parse(key)
        within = {"used_at__gte": month.period.starts_at, "used_at__lt": month.period.ends_at}
        if month.period.ends_at > since and Record.objects.filter(is_late=True, pk__gt=through, **within).exists():
            found.append(month)
    return found


def closed_through(month: CalendarMonth) -> int | None:
    """The number of the last record that is on the bills of the month; None while it is open."""
    return ClosedMonth.objects.filter(month=month.key).values_list("through", flat=True).first()
