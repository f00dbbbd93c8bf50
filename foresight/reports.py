"""The columns of what was spent, for files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from foresight.explorer import Explored
from invoices.columns import Column, Form

COSTS = [
    Column("starts_at", _("From"), Form.INSTANT, 17),
    Column("ends_at", _("Until"), Form.INSTANT, 17),
    Column("name", _("Name"), Form.TEXT, 28),
    Column("code", _("Code"), Form.TEXT, 28),
    Column("billed", _("Billed"), Form.MONEY, 14),
    Column("provisional", _("Not billed yet"), Form.MONEY, 14),
    Column("total", _("Total"), Form.MONEY, 14),
    Column("before", _("Period before"), Form.MONEY, 14),
]


@dataclass(frozen=True, slots=True)
class Spent:
    """One product, resource or item in one step. `before`: in the step of the same number of the period before."""

    starts_at: datetime
    ends_at: datetime
    name: str
    code: str
    billed: int
    provisional: int
    total: int
    before: int


def spent(found: Explored) -> Iterator[Spent]:
    """Step by step, the dearest first; what costs nothing in either period is left out."""
    for number, step in enumerate(found.span.steps):
        for row in found.rows:
            amounts = row.steps[number]
            if amounts.billed or amounts.provisional or amounts.before:
                yield Spent(
                    step.starts_at,
                    step.ends_at,
                    row.named.name,
                    row.named.code,
                    amounts.billed,
                    amounts.provisional,
                    amounts.total,
                    amounts.before,
                )
