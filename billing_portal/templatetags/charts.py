"""Geometry of the small charts, so that templates hold no arithmetic. Sizes are SVG user units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from kernel import display
from kernel.money import split

HEIGHT = 100
WIDTH = 1000
COLOURS = 5


def bars(months: Iterable[Mapping[str, Any]]) -> list[dict[str, object]]:
    """One stacked bar a month, paid below and unpaid above, as parts of the highest month; none is invisible."""
    rows = [dict(month) for month in months]
    highest = max((row["paid"] + row["unpaid"] for row in rows), default=0) or 1
    for row in rows:
        paid, unpaid = _height(row["paid"], highest), _height(row["unpaid"], highest)
        total = row["paid"] + row["unpaid"]
        row.update(
            total=total,
            compact=display.compact_money(total) if total else "",
            paid_height=paid,
            paid_y=HEIGHT - paid,
            unpaid_height=unpaid,
            unpaid_y=HEIGHT - paid - unpaid,
        )
    return rows


def _height(amount: int, highest: int) -> int:
    return max(1, amount * HEIGHT // highest) if amount > 0 else 0


def shares(parts: Iterable[Mapping[str, Any]]) -> list[dict[str, object]]:
    """Parts of a whole, the largest first; what does not fit into five colours is added up as "Other". The percentages make 100."""
    rows = sorted((dict(part) for part in parts if part["amount"] > 0), key=lambda part: -part["amount"])
    if len(rows) > COLOURS:
        rest = sum(row["amount"] for row in rows[COLOURS - 1 :])
        rows = [*rows[: COLOURS - 1], {"label": _("Other"), "amount": rest}]
    amounts = [row["amount"] for row in rows]
    total = sum(amounts) or 1
    reached = 0
    for number, (row, percent) in enumerate(zip(rows, split(100, amounts), strict=True), start=1):
        start = reached * WIDTH // total
        reached += row["amount"]
        row.update(
            number=number,
            x=start,
            width=reached * WIDTH // total - start,
            percent=f"{percent} %" if percent else "< 1 %",
        )
    return rows
