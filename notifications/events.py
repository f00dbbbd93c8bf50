"""
What notices are about, and the key by which a cause is told once.

An event is "subject:id" or "subject:id:mark", the mark telling occurrences apart: "resource:<id>:2026-04-09T05:00Z:T-7".
It is built and read here alone, in Python for one, in SQL for many.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

STAMP_SQL = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI\"Z\"')"
"""As `stamp`, of the SQL expression that is put in."""


class Subject(StrEnum):
    """The kinds of rows that notices are about."""

    RESOURCE = "resource"
    INVOICE = "invoice"
    PAYMENT = "payment"
    CREDIT_NOTE = "credit-note"
    ADJUSTMENT = "adjustment"
    CUSTOMER = "customer"
    COMMITMENT = "commitment"
    ACT = "act"
    DUNNING = "dunning"
    SHORTAGE = "shortage"
    LINK = "link"
    REQUEST = "request"
    BUDGET = "budget"
    BALANCE = "balance"
    POC = "poc"


def event_key(subject: Subject, pk: UUID | int | str, *marks: object) -> str:
    """The event of a row; `marks` are instants or words without a colon at the ends of the key."""
    assert ":" not in str(pk), f"the id of a {subject} is wanted, not an event: {pk}"
    return ":".join([subject, str(pk), *(stamp(mark) if isinstance(mark, datetime) else str(mark) for mark in marks)])


def subject_of(event: str) -> tuple[str, str]:
    """What an event is about: (subject, id)."""
    subject, _, rest = event.partition(":")
    return subject, rest.partition(":")[0]


def event_sql(subject: Subject, pk: str, *marks: str) -> str:
    """As `event_key`, an SQL expression of SQL expressions; instants are put through `STAMP_SQL` before."""
    return " || ':' || ".join([f"'{subject}'", f"{pk}", *marks])


def stamp(instant: datetime) -> str:
    """An instant to the minute, as facts and events hold it: "2026-04-09T05:00Z"."""
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
