"""Owing a message, and paying that debt once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accounts.models import Customer
from notifications.events import event_key, event_sql, stamp
from notifications.kinds import KINDS
from notifications.models import Notice
from store.bulk import copy_rows

COLUMNS = "customer_id, kind, event, recipient, facts, at, state, attempts, next_attempt_at, error"


def tell(
    customer: Customer, kind: Notice.Kind, about: UUID | int, *marks: object, at: datetime, **facts: object
) -> None:
    """
    Owe `customer` a message of a kind about a row; telling the same again changes nothing.

    :param marks: what tells occurrences apart, when the same can happen to the row again
    :param facts: JSON-ready values for the text: amounts as int, ids as str; instants are written as `stamp` does
    """
    tell_all([notice_of(customer, kind, about, *marks, at=at, **facts)])


def notice_of(
    customer: Customer, kind: Notice.Kind, about: UUID | int, *marks: object, at: datetime, **facts: object
) -> Notice:
    """The unsaved notice, for callers that write many at once."""
    return Notice(
        customer=customer,
        kind=kind,
        event=event_key(KINDS[kind].about, about, *marks),
        recipient=customer.email,
        facts=_json_ready(facts),
        at=at,
        next_attempt_at=at,
    )


def owed_again(notice: Notice, *, at: datetime) -> Notice:
    """The unsaved same notice to the customer's address of today."""
    return Notice(
        customer=notice.customer,
        kind=notice.kind,
        event=notice.event,
        recipient=notice.customer.email,
        facts=notice.facts,
        at=notice.at,
        next_attempt_at=at,
    )


def tell_all(notices: Iterable[Notice]) -> None:
    """Write many notices in one statement; those that are owed already are skipped."""
    Notice.objects.bulk_create(list(notices), ignore_conflicts=True, batch_size=1000)


class News(NamedTuple):
    """A notice of an event that cannot have been told yet."""

    customer: Customer
    kind: Notice.Kind
    about: UUID
    facts: dict[str, object]
    marks: tuple[object, ...] = ()


def tell_news(news: Iterable[News], *, at: datetime) -> None:
    """
    Write many notices the fastest way.

    :raises IntegrityError: one of them has been told
    """
    pending = Notice.State.PENDING.value
    copy_rows(
        f"COPY notifications_notice ({COLUMNS}) FROM STDIN",
        (
            (
                one.customer.pk,
                one.kind.value,
                event_key(KINDS[one.kind].about, one.about, *one.marks),
                one.customer.email,
                json.dumps(_json_ready(one.facts), ensure_ascii=False),
                at,
                pending,
                0,
                at,
                "",
            )
            for one in news
        ),
    )


def telling_sql(kind: Notice.Kind, *marks: str, facts: str, rows: str = "moved") -> str:
    """
    As `tell_all`, for the rows of a statement: an INSERT that owes a notice about each.

    :param rows: a relation with `id` and `customer_id`, called `m` in the expressions; the statement takes `%(at)s`
    """
    return f"""
    INSERT INTO notifications_notice ({COLUMNS})
    SELECT m.customer_id, '{kind}', {event_sql(KINDS[kind].about, "m.id", *marks)}, c.email, {facts}, %(at)s, 'pending', 0, %(at)s, ''
    FROM {rows} m JOIN accounts_customer c ON c.id = m.customer_id
    ON CONFLICT DO NOTHING"""


def _json_ready(facts: dict[str, object]) -> dict[str, object]:
    return {name: stamp(value) if isinstance(value, datetime) else value for name, value in facts.items()}


def mark_read(notice: Notice, *, at: datetime) -> None:
    """The customer has seen it; the first time counts."""
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=at)


def mark_all_read(customer: Customer, *, at: datetime) -> None:
    Notice.objects.filter(customer=customer, read_at=None, at__lte=at).update(read_at=at)
