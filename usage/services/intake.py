"""
Taking what product teams report: thousands of records in one transaction and a handful of statements.

Each record is answered by itself. It is taken once for good, by its key in its resource and item: whoever sends it again is told
so, and nothing is added. Two who send the same at the same time are told by the database, and the slower one reads again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from catalog.meters import Aggregation
from catalog.models import Item, Product
from kernel.actors import Actor
from kernel.errors import InvalidInput
from kernel.ids import new_id
from kernel.periods import CalendarMonth, truncate
from kernel.shapes import SqlArguments
from lifecycle.models import Resource, State
from store.bulk import array_of
from usage.models import Batch, Outcome, RefusedRecord
from usage.models.intake import REFUSED
from usage.models.records import DIGEST, FACTS
from usage.reading import Said, read_record
from usage.services.closing import closed_until, hold_open
from usage.services.parts import make_parts

MOST = 10_000
"""Records in one batch."""
FROM_THE_FUTURE = timedelta(minutes=5)
"""Clocks differ: so far ahead of ours a use may lie."""
LOOKS = 3
SHOWN = 500
"""Characters of what was refused that are kept."""

COLUMNS = (
    "place",
    "resource_id",
    "customer_id",
    "item_id",
    "used_at",
    "quantity",
    "subject",
    "key",
    "corrects",
    "is_late",
)
KEEP = f"""
WITH sent AS MATERIALIZED (
    SELECT *, {DIGEST} AS digest, {FACTS} AS facts FROM (
        SELECT place, resource_id, customer_id, item_id, used_at, quantity::numeric(18, 6) AS quantity, subject, key, corrects, is_late
        FROM unnest(%(place)s::integer[], %(resource_id)s::uuid[], %(customer_id)s::uuid[], %(item_id)s::uuid[],
            %(used_at)s::timestamptz[], %(quantity)s::numeric[], %(subject)s::text[], %(key)s::text[], %(corrects)s::text[],
            %(is_late)s::boolean[]
        ) AS u (place, resource_id, customer_id, item_id, used_at, quantity, subject, key, corrects, is_late)
    ) s
), decided AS MATERIALIZED (
    SELECT s.*, CASE
        WHEN k.facts = s.facts THEN 'duplicate'
        WHEN k.digest IS NOT NULL THEN 'key-taken'
        WHEN s.corrects = '' THEN NULL
        WHEN NOT EXISTS (SELECT FROM usage_record c WHERE c.resource_id = s.resource_id AND c.item_id = s.item_id
            AND c.used_at = s.used_at AND c.key = s.corrects) THEN 'unknown-correction'
        WHEN EXISTS (SELECT FROM usage_record c WHERE c.resource_id = s.resource_id AND c.item_id = s.item_id
            AND c.used_at = s.used_at AND c.corrects = s.corrects) THEN 'corrected-already'
    END AS why_not
    FROM sent s LEFT JOIN usage_recordkey k USING (digest)
), answered AS MATERIALIZED (
    SELECT *, CASE WHEN why_not IS NULL AND corrects <> '' AND 1 < row_number() OVER (
        PARTITION BY resource_id, item_id, used_at, corrects, why_not IS NULL ORDER BY place) THEN 'corrected-already' ELSE why_not END AS answer
    FROM decided
), written AS (
    INSERT INTO usage_record (resource_id, item_id, customer_id, batch_id, used_at, quantity, subject, key, corrects, is_late)
    SELECT resource_id, item_id, customer_id, %(batch)s, used_at, quantity, subject, key, corrects, is_late FROM answered
    WHERE answer IS NULL ORDER BY resource_id, item_id, used_at
), batch AS (
    INSERT INTO usage_batch (id, product_id, source, actor, received_at, records, accepted, late, duplicates, refused)
    SELECT %(batch)s, %(product)s, %(source)s, %(actor)s, %(at)s, %(records)s, accepted, late, known, %(records)s - accepted - known
    FROM (SELECT count(*) FILTER (WHERE answer IS NULL) AS accepted, count(*) FILTER (WHERE answer IS NULL AND is_late) AS late,
              count(*) FILTER (WHERE answer = 'duplicate') + %(known)s AS known FROM answered) counted
)
SELECT place, answer FROM answered WHERE answer IS NOT NULL
"""
"""All of a batch in one statement: what is known, what corrects nothing or what another corrects, the records, and what became of them."""


class TooManyRecords(InvalidInput):
    code = "too-many-records"
    message = _("Send at most %(most)s records at once, and at least one.")


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: an outcome for each record, in the order in which they were sent."""

    batch: Batch
    outcomes: list[Outcome]


@dataclass(frozen=True, slots=True)
class Known:
    """What is asked of a resource; its ids as they are sent to the database, thousands of times."""

    pk: str
    customer_id: str
    product_id: UUID
    since: datetime
    until: datetime | None


def take_records(
    product: Product, records: Sequence[object], *, source: Batch.Source, actor: Actor, at: datetime
) -> Taken:
    """
    Take what a team of `product` reports, see `Outcome`.

    :raises TooManyRecords: none, or more than fit into a batch
    """
    if not 0 < len(records) <= MOST:
        raise TooManyRecords(most=MOST)
    for look in range(LOOKS):
        try:
            with transaction.atomic():
                return _take(product, records, source=source, actor=actor, at=at)
        except IntegrityError:  # somebody sent the same meanwhile
            if look == LOOKS - 1:
                raise
    raise AssertionError("every look returns or raises")


def _take(product: Product, records: Sequence[object], *, source: Batch.Source, actor: Actor, at: datetime) -> Taken:
    hold_open()
    outcomes, rows = _sort_out(product, records, at=at)
    if rows["used_at"]:
        make_parts(_months_between(min(rows["used_at"]), max(rows["used_at"])))
    pk = new_id()
    facts: SqlArguments = {
        "batch": pk,
        "product": product.pk,
        "source": source.value,
        "actor": actor.name,
        "at": at,
        "records": len(records),
        "known": outcomes.count(Outcome.DUPLICATE),
    }
    with connection.cursor() as cursor:
        cursor.execute(KEEP, {**{name: array_of(values) for name, values in rows.items()}, **facts})
        for place, why_not in cursor.fetchall():
            outcomes[place] = Outcome(why_not)
    batch = Batch.objects.get(pk=pk)
    if batch.refused:
        RefusedRecord.objects.bulk_create(
            RefusedRecord(
                batch=batch, product=product, position=place, outcome=outcome, record=shown(records[place]), at=at
            )
            for place, outcome in enumerate(outcomes)
            if outcome in REFUSED
        )
    return Taken(batch, outcomes)


def _sort_out(
    product: Product, records: Sequence[object], *, at: datetime
) -> tuple[list[Outcome], dict[str, list[Any]]]:
    """What can be said without looking at what was taken before: outcomes, and the columns of what may be taken."""
    said = [read_record(record) for record in records]
    resources = _resources({one.resource for one in said if isinstance(one, Said)})
    items = {
        item.code: (str(item.pk), item.aggregation == Aggregation.UNIQUE)
        for item in Item.objects.filter(product=product, kind=Item.Kind.METERED)
    }
    oldest, latest = truncate(at - timedelta(days=settings.USAGE_OLDEST_DAYS)), at + FROM_THE_FUTURE
    outcomes: list[Outcome] = []
    rows: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    first: dict[tuple[str, str, str], Said] = {}
    closed = closed_until()
    for place, one in enumerate(said):
        if isinstance(one, Outcome):
            outcomes.append(one)
            continue
        known, item = resources.get(one.resource), items.get(one.item)
        before = first.get(one[:3])
        if known is None:
            outcomes.append(Outcome.UNKNOWN_RESOURCE)
        elif known.product_id != product.pk:
            outcomes.append(Outcome.NOT_YOURS)
        elif item is None:
            outcomes.append(Outcome.UNKNOWN_ITEM)
        elif item[1] != bool(one.subject):
            outcomes.append(Outcome.MALFORMED)
        elif not max(oldest, known.since) <= one.used_at <= latest or (
            known.until is not None and one.used_at > known.until
        ):
            outcomes.append(Outcome.OUT_OF_RANGE)
        elif before is not None:
            outcomes.append(Outcome.DUPLICATE if before == one else Outcome.KEY_TAKEN)
        else:
            first[one[:3]] = one
            is_late = (closed is not None and one.used_at < closed) or known.until is not None
            outcomes.append(Outcome.LATE if is_late else Outcome.ACCEPTED)
            values = (place, known.pk, known.customer_id, item[0], *one[3:6], one.key, one.corrects, is_late)
            for name, value in zip(COLUMNS, values, strict=True):
                rows[name].append(value)
    return outcomes, rows


def _months_between(earliest: datetime, latest: datetime) -> Iterator[CalendarMonth]:
    month, last = CalendarMonth.of(earliest), CalendarMonth.of(latest)
    while month <= last:
        yield month
        month = month.following


def _resources(texts: set[str]) -> dict[str, Known]:
    ids: dict[UUID, str] = {}
    for text in texts:
        try:
            ids[UUID(text)] = text
        except ValueError:
            continue
    rows = Resource.objects.filter(pk__in=list(ids)).values_list(
        "pk", "customer_id", "product_id", "created_at", "state", "changed_at"
    )
    return {
        ids[pk]: Known(str(pk), str(customer), product, truncate(created), changed if state == State.DELETED else None)
        for pk, customer, product, created, state, changed in rows
    }


def shown(record: object) -> object:
    """As it was sent, but no longer than what people read, and without what a database cannot keep."""
    text = json.dumps(record, ensure_ascii=False)
    if len(text) <= SHOWN and record is not None and r"\u0000" not in text:
        return record
    return text[:SHOWN]
