"""Owing a message, and paying that debt once."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts.models import Customer
from kernel.bulk import copy_rows
from notifications.models import Notice


def tell(customer: Customer, kind: Notice.Kind, event: str, *, at: datetime, **facts: Any) -> None:
    """
    Owe `customer` a message about `event`; telling the same again changes nothing.

    :param facts: JSON-ready values for the text: amounts as int, instants as ISO strings.
    """
    tell_all([notice_of(customer, kind, event, at=at, **facts)])


def notice_of(customer: Customer, kind: Notice.Kind, event: str, *, at: datetime, **facts: Any) -> Notice:
    """The unsaved notice, for callers that write many at once."""
    return Notice(
        customer=customer, kind=kind, event=event, recipient=customer.email, facts=facts, at=at, next_attempt_at=at
    )


def tell_all(notices: Iterable[Notice]) -> None:
    """Write many notices in one statement; those that are owed already are skipped."""
    Notice.objects.bulk_create(list(notices), ignore_conflicts=True, batch_size=1000)


COPY = """
COPY notifications_notice (customer_id, kind, event, recipient, facts, at, state, attempts, next_attempt_at, error) FROM STDIN
"""


def tell_news(news: Iterable[tuple[Customer, Notice.Kind, str, dict[str, Any]]], *, at: datetime) -> None:
    """
    Write many notices (customer, kind, event, facts) of events that cannot have been told yet, the fastest way.

    :raises IntegrityError: one of them has been told
    """
    pending = Notice.State.PENDING.value
    copy_rows(
        COPY,
        (
            (
                customer.pk,
                kind.value,
                event,
                customer.email,
                json.dumps(facts, ensure_ascii=False),
                at,
                pending,
                0,
                at,
                "",
            )
            for customer, kind, event, facts in news
        ),
    )


def mark_read(notice: Notice, *, at: datetime) -> None:
    """The customer has seen it; the first time counts."""
    Notice.objects.filter(pk=notice.pk, read_at=None).update(read_at=at)


def mark_all_read(customer: Customer, *, at: datetime) -> None:
    Notice.objects.filter(customer=customer, read_at=None, at__lte=at).update(read_at=at)
