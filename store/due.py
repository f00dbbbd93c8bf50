"""What the calendar waits for."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Min, Model, QuerySet


def first_after(after: datetime, rows: QuerySet[Model], field: str) -> datetime | None:
    """The earliest `field` of `rows` that is later than `after`."""
    earliest: datetime | None = rows.filter(**{f"{field}__gt": after}).aggregate(at=Min(field))["at"]
    return earliest
