"""
What was used of a month, put together: records become one quantity for each resource and metered item.

A record counts where its resource was in service in its month, paid ahead or afterwards, the last minute of it included; what was
corrected counts no more. Levels that count by their time last until the next one, within the month and the service.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef

from kernel.periods import MINUTE, CalendarMonth, Period
from kernel.shapes import SqlArguments
from usage.models import ClosedMonth, Record

ROOT = """
WITH RECURSIVE chain (id, corrects) AS (
    SELECT r.id, r.corrects UNION ALL SELECT e.id, e.corrects FROM chain JOIN usage_record e ON e.resource_id = r.resource_id
        AND e.item_id = r.item_id AND e.used_at = r.used_at AND e.key = chain.corrects WHERE chain.corrects <> ''
) SELECT min(id) FROM chain
"""
"""The number of the record in whose place a correction stands, however often it was corrected."""
THAT_COUNT = """
used AS MATERIALIZED (
    SELECT {key} AS key, {begins_at} AS begins_at, {over_at} AS over_at, i.aggregation, r.resource_id, r.item_id, r.quantity, r.subject,
        r.used_at, date_trunc('minute', r.used_at) AS minute,
        CASE WHEN r.corrects <> '' AND i.aggregation IN ('last', 'time_weighted') THEN ({root}) ELSE r.id END AS place
    FROM {records} JOIN catalog_item i ON i.id = r.item_id
    WHERE r.quantity IS NOT NULL AND NOT EXISTS (
        SELECT FROM usage_record c WHERE c.resource_id = r.resource_id AND c.item_id = r.item_id AND c.used_at = r.used_at
            AND c.corrects = r.key AND c.corrects <> '' AND {corrected})
), levels AS (
    SELECT *, lead(minute, 1, over_at) OVER (PARTITION BY key, resource_id, item_id ORDER BY used_at, place) AS until FROM used
    WHERE aggregation = 'time_weighted'
)"""
"""The records that count, and of levels until when each lasts."""
PUT_TOGETHER = (
    THAT_COUNT
    + """, in_service AS NOT MATERIALIZED (
    SELECT * FROM used u WHERE aggregation <> 'time_weighted' AND EXISTS (
        SELECT FROM service s WHERE s.resource_id = u.resource_id
            AND u.minute BETWEEN s.starts_at AND s.ends_at AND s.ends_at > u.begins_at)
), quantities AS (
    SELECT key, resource_id, item_id, min(minute) AS since,
        CASE min(aggregation) WHEN 'sum' THEN sum(quantity) ELSE max(quantity) END AS quantity
    FROM in_service WHERE aggregation IN ('sum', 'max') GROUP BY resource_id, item_id, key
    UNION ALL
    SELECT key, resource_id, item_id, min(minute), (array_agg(quantity ORDER BY used_at DESC, place DESC))[1]
    FROM in_service WHERE aggregation = 'last' GROUP BY resource_id, item_id, key
    UNION ALL
    SELECT key, resource_id, item_id, min(minute), count(DISTINCT subject)
    FROM in_service WHERE aggregation = 'unique' GROUP BY resource_id, item_id, key
    UNION ALL
    SELECT l.key, l.resource_id, l.item_id, min(greatest(l.minute, s.starts_at)),
        round(sum(l.quantity * extract(epoch FROM least(l.until, s.ends_at) - greatest(l.minute, s.starts_at))) / 3600, 6)
    FROM levels l JOIN service s ON s.resource_id = l.resource_id AND s.starts_at < l.until AND s.ends_at > l.minute
    GROUP BY l.resource_id, l.item_id, l.key
)
"""
)


def put_together(*, key: str, begins_at: str, over_at: str, records: str, corrected: str) -> str:
    """
    Steps of a statement, after one that is called `service`: the last is `quantities`, by `key`, resource and item.

    Service that ends with a month is none of the next. Records are in the order of their instants, a correction in the place of what
    it corrects. Bills and the auditor both ask this.

    :param records: where the records `r` are from
    :param corrected: which of those `c` that correct them are known
    """
    return _filled(PUT_TOGETHER, key=key, begins_at=begins_at, over_at=over_at, records=records, corrected=corrected)


def _filled(steps: str, **parts: str) -> str:
    return steps.format(root=ROOT, **parts)


SERVICE = """
WITH service AS MATERIALIZED (
    SELECT resource_id, starts_at, coalesce(ends_at, 'infinity') AS ends_at FROM lifecycle_serviceperiod
    WHERE resource_id = ANY(%(resources)s) AND starts_at < %(end)s
        AND (ends_at IS NULL OR ends_at > greatest(starts_at, %(start)s))
), """
OF_A_WINDOW = {
    "key": "%(start)s::timestamptz",
    "begins_at": "%(start)s::timestamptz",
    "over_at": "%(end)s::timestamptz",
    "records": "(SELECT * FROM usage_record WHERE resource_id = ANY(%(resources)s) AND used_at >= %(start)s"
    " AND used_at < %(known_until)s AND id <= coalesce(%(through)s, id)) r",
    "corrected": "c.resource_id = ANY(%(resources)s) AND c.id <= coalesce(%(through)s, c.id)",
}
USED = f"""{SERVICE}{put_together(**OF_A_WINDOW)}
SELECT resource_id, item_id, since, quantity FROM quantities ORDER BY 1, 2
"""
REACHED = f"""{SERVICE}{_filled(THAT_COUNT, **OF_A_WINDOW)}, counted AS (
    SELECT width_bucket(used_at, %(instants)s::timestamptz[]) AS step, resource_id, item_id, aggregation, quantity, used_at, place,
        aggregation = 'unique' AND 1 = row_number() OVER (
            PARTITION BY aggregation, resource_id, item_id, subject ORDER BY used_at, place) AS is_new
    FROM used u WHERE aggregation <> 'time_weighted' AND EXISTS (
        SELECT FROM service s WHERE s.resource_id = u.resource_id
            AND u.minute BETWEEN s.starts_at AND s.ends_at AND s.ends_at > u.begins_at)
), steps AS (
    SELECT step, resource_id, item_id, min(aggregation) AS aggregation, sum(quantity) AS added, max(quantity) AS most,
        (array_agg(quantity ORDER BY used_at DESC, place DESC))[1] AS last, count(*) FILTER (WHERE is_new) AS new
    FROM counted GROUP BY 1, 2, 3
    UNION ALL
    SELECT t.step, l.resource_id, l.item_id, 'time_weighted', NULL, NULL, NULL, sum(l.quantity * extract(
        epoch FROM least(l.until, s.ends_at, t.until) - greatest(l.minute, s.starts_at, t.since)))
    FROM levels l JOIN service s ON s.resource_id = l.resource_id AND s.starts_at < l.until AND s.ends_at > l.minute
        JOIN (SELECT ordinality AS step, since, lead(since, 1, %(end)s) OVER (ORDER BY ordinality) AS until
            FROM unnest(%(instants)s::timestamptz[]) WITH ORDINALITY AS i (since, ordinality)) t
        ON t.since < least(l.until, s.ends_at) AND t.until > greatest(l.minute, s.starts_at)
    GROUP BY 1, 2, 3
)
SELECT resource_id, item_id, step - 1, CASE aggregation
        WHEN 'sum' THEN sum(added) OVER so_far
        WHEN 'max' THEN max(most) OVER so_far
        WHEN 'last' THEN last
        WHEN 'unique' THEN sum(new) OVER so_far
        ELSE round(sum(new) OVER so_far / 3600, 6)
    END
FROM steps WINDOW so_far AS (PARTITION BY resource_id, item_id ORDER BY step) ORDER BY 1, 2, 3
"""


IS_ATTACHED = """
EXISTS (SELECT FROM pg_inherits JOIN pg_class part ON part.oid = inhrelid WHERE inhparent = 'usage_record'::regclass
    AND NOT inhdetachpending AND part.relname = 'usage_record_' || replace({month}, '-', ''))
"""


class Used(NamedTuple):
    """How much of an item a resource used in a month, and since when."""

    resource_id: UUID
    item_id: UUID
    since: datetime
    quantity: Decimal


def used(
    resources: Collection[UUID], window: Period, *, through: int | None = None, is_cut: bool = False
) -> list[Used]:
    """
    What these resources used in `window`, the beginning of a month or all of it: a row for each item of which there was anything.

    :param through: what came after the record of this number is not looked at; None: all that is there
    :param is_cut: the window ends where use goes on; else what is stamped in the minute after it is of service that ends with it
    """
    if not resources:
        return []
    arguments = _arguments(resources, window, through)
    if is_cut:
        arguments["known_until"] = window.ends_at
    with connection.cursor() as cursor:
        cursor.execute(USED, arguments)
        return [Used(*row) for row in cursor.fetchall() if row[3]]


class Reached(NamedTuple):
    """What a month's quantity of an item of a resource had come to by the end of a step, if anything happened in it."""

    resource_id: UUID
    item_id: UUID
    step: int
    quantity: Decimal


def reached(
    resources: Collection[UUID], window: Period, instants: Sequence[datetime], *, through: int | None = None
) -> list[Reached]:
    """
    How the quantities of `used` came together, in the order of time: step by step.

    :param instants: when the steps begin, the first of them with the window; the last ends with it
    """
    if not resources:
        return []
    assert instants[0] == window.starts_at, "the steps are of the window"
    with connection.cursor() as cursor:
        cursor.execute(REACHED, _arguments(resources, window, through) | {"instants": list(instants)})
        return [Reached(*row) for row in cursor.fetchall()]


def _arguments(resources: Collection[UUID], window: Period, through: int | None) -> SqlArguments:
    month = CalendarMonth.of(window.starts_at).period
    return {
        "resources": list(resources),
        "start": window.starts_at,
        "end": window.ends_at,
        "known_until": min(window.ends_at + MINUTE, month.ends_at),
        "through": through,
    }


def has_records(month: CalendarMonth) -> bool:
    """Whether its part of the table is there. Of a month that was detached nobody knows what was used."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {IS_ATTACHED.format(month='%s')}", [month.key])
        return bool(cursor.fetchone()[0])


def has_uses(month: CalendarMonth) -> Exists:
    """Whether anything was reported of the `resource` of a row in a month; see the index `uses_of_a_resource`."""
    return Exists(Record.objects.filter(resource=OuterRef("resource"), **_within(month)))


def with_late_uses(month: CalendarMonth) -> list[tuple[UUID, UUID]]:
    """(resource, customer) of what came late since the month was billed before; see the index `uses_that_came_late`."""
    before = ClosedMonth.objects.filter(month=month.key).values_list("before", flat=True).first() or 0
    late = Record.objects.filter(is_late=True, pk__gt=before, **_within(month))
    return list(late.order_by("resource").values_list("resource", "customer").distinct())


def _within(month: CalendarMonth) -> dict[str, datetime]:
    return {"used_at__gte": month.period.starts_at, "used_at__lt": month.period.ends_at}


def months_with_more(since: datetime) -> list[CalendarMonth]:
    """Closed months, ended after `since`, of which something came that is on no bill yet."""
    found = []
    for key, through in ClosedMonth.objects.order_by("month").values_list("month", "through"):
        month = CalendarMonth.parse(key)
        late = Record.objects.filter(is_late=True, pk__gt=through, **_within(month))
        if month.period.ends_at > since and late.exists():
            found.append(month)
    return found


def closed_through(month: CalendarMonth) -> int | None:
    """The number of the last record that is on the bills of the month; None while it is open."""
    return ClosedMonth.objects.filter(month=month.key).values_list("through", flat=True).first()
