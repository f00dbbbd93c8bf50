"""Geometry of the small charts, so that templates hold no arithmetic. Sizes are SVG user units."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import accumulate
from typing import NotRequired, TypedDict

from django.utils.translation import gettext as _

from kernel import display
from kernel.money import split

HEIGHT = 100
WIDTH = 1000
COLOURS = 5


class Month(TypedDict):
    """What a bar shows, in whole đồng."""

    label: str
    paid: int
    unpaid: int
    url: NotRequired[str]


class Part(TypedDict):
    label: str
    amount: int
    url: NotRequired[str]


def bars(months: Collection[Month]) -> list[dict[str, object]]:
    """One stacked bar a month, paid below and unpaid above, as parts of the highest month; none is invisible."""
    highest = max((month["paid"] + month["unpaid"] for month in months), default=0) or 1
    return [_bar(month, highest) for month in months]


def _bar(month: Month, highest: int) -> dict[str, object]:
    paid, unpaid = _height(month["paid"], highest), _height(month["unpaid"], highest)
    total = month["paid"] + month["unpaid"]
    return {
        **month,
        "total": total,
        "compact": display.compact_money(total) if total else "",
        "paid_height": paid,
        "paid_y": HEIGHT - paid,
        "unpaid_height": unpaid,
        "unpaid_y": HEIGHT - paid - unpaid,
    }


def _height(amount: int, highest: int) -> int:
    return max(1, amount * HEIGHT // highest) if amount > 0 else 0


def shares(parts: Iterable[Part]) -> list[dict[str, object]]:
    """Parts of a whole, the largest first; what does not fit into five colours is added up as "Other". The percentages make 100."""
    rows = sorted((part for part in parts if part["amount"] > 0), key=lambda part: -part["amount"])
    if len(rows) > COLOURS:
        rest = sum(row["amount"] for row in rows[COLOURS - 1 :])
        rows = [*rows[: COLOURS - 1], {"label": _("Other"), "amount": rest}]
    amounts = [row["amount"] for row in rows]
    total = sum(amounts) or 1
    ends = [reached * WIDTH // total for reached in accumulate(amounts)]
    return [
        {
            **row,
            "number": number,
            "x": start,
            "width": end - start,
            "percent": f"{percent} %" if percent else "< 1 %",
        }
        for number, (row, percent, start, end) in enumerate(
            zip(rows, split(100, amounts), [0, *ends], ends, strict=False), start=1
        )
    ]
