"""Finding kept totals that differ from their rows, and mending them one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, connection, transaction

from accounts.services import record_audit
from billing_portal.audit import Did
from billing_portal.totals import TOTALS, Total
from kernel.actors import Actor


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that keeps something else than its total says. `key` is JSON, `label` is how people know the row."""

    total: Total
    label: str
    key: str
    kept: dict[str, int]
    counted: dict[str, int]

    def __str__(self) -> str:
        columns = [name for name in self.kept if self.kept[name] != self.counted[name]]
        said = ", ".join(f"{name} is {self.kept[name]}, its rows say {self.counted[name]}" for name in columns)
        return f"{self.total.name}: {self.label}: {said}"


def differences() -> Iterator[Difference]:
    """Every total, looked for one after the other: what one mends, the next sees mended."""
    for total in TOTALS:
        with connection.cursor() as cursor:
            cursor.execute(total.differences)
            rows = cursor.fetchall()
        for label, key, kept, counted in rows:
            yield Difference(total, label, key, json.loads(kept), json.loads(counted))


def mend(difference: Difference, *, actor: Actor, at: datetime) -> str:
    """
    Count the row anew, in a transaction of its own, so that it waits for nobody while somebody waits for it.

    :returns: why it is not mended, empty otherwise
    """
    if not difference.total.mended:
        return "not mended: people decide whether the total or its rows are wrong"
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO billing_portal_recount (total, key, kept, counted, actor, at)"
                " VALUES (%s, %s, '{}', '{}', %s, %s)",
                [difference.total.name, difference.key, actor.name, at],
            )
            if cursor.rowcount:
                record_audit(Did.RECOUNT, difference.label, actor=actor, at=at, reason="", total=difference.total.name)
    except DatabaseError as refusal:
        return f"not mended: {str(refusal).splitlines()[0]}"
    return ""
