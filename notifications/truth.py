"""
Whether notices are still true: what was told, held against what is so now.

The rule of each kind stands beside its wording (`kinds/`). What is so now is known to the app that the subject belongs to:
it says how to read the facts of many rows at once, when the portal starts (`knows`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from accounts.models import Customer
from notifications.events import Subject, subject_of
from notifications.kinds import KINDS
from notifications.models import Notice

FactsOfMany = Callable[[set[UUID]], dict[UUID, dict[str, object]]]
_known: dict[str, FactsOfMany] = {}


def knows(subject: Subject, facts_of_many: FactsOfMany) -> None:
    """An app tells how the facts of its rows are read: JSON-ready, by id, in one query; instants as `stamp` writes them."""
    _known[subject] = facts_of_many


def facts_now(notices: Iterable[Notice]) -> dict[int, dict[str, object]]:
    """The facts of today of what each notice is about, by the notice's key; nothing of what nobody knows."""
    wanted: dict[str, dict[UUID, list[int]]] = defaultdict(lambda: defaultdict(list))
    for notice in notices:
        subject, pk = subject_of(notice.event)
        if subject == KINDS[notice.kind].about and subject in _known and (row := _uuid(pk)):
            wanted[subject][row].append(notice.pk)
    found = {}
    for subject, rows in wanted.items():
        for row, facts in _known[subject](set(rows)).items():
            found.update(dict.fromkeys(rows[row], facts))
    return found


def holds(notice: Notice, now: dict[str, object] | None, *, at: datetime) -> bool:
    """Whether what `notice` tells is so at `at`; of what nothing is known, it is."""
    rule = KINDS[notice.kind].holds
    return rule is None or not now or rule(notice.facts, now, at)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _customers(pks: set[UUID]) -> dict[UUID, dict[str, object]]:
    rows = Customer.objects.filter(pk__in=pks).values_list("pk", "billing_mode")
    return {pk: {"mode": mode} for pk, mode in rows}


knows(Subject.CUSTOMER, _customers)
