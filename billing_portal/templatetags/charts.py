"""Geometry of the small charts, so that templates hold no arithmetic. Sizes are SVG user units."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
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


# Stacks: sizes are parts of the whole picture, so that nothing is distorted at any width.

TOP, FOOT = 8, 88
"""Between them the bars stand, in per cent of the height; the words are below."""
SCALE = 9
"""Per cent of the width, for the words of the scale."""
MOST_WORDS = 13


class Step(TypedDict):
    """`parts` of each series, from the foot upwards: (what is certain, what is not yet). `before`: of the period before."""

    label: str
    parts: Sequence[tuple[int, int]]
    before: int


def stacks(steps: Sequence[Step]) -> dict[str, object]:
    """A stacked bar for each step, and a mark at what it was before. What is below zero is drawn as nothing; the table has it."""
    totals = [sum(max(0, amount) for part in step["parts"] for amount in part) for step in steps]
    highest = max([*totals, *(step["before"] for step in steps)], default=0)
    wide = (100 - SCALE) / max(1, len(steps))
    every = -(-len(steps) // MOST_WORDS)
    return {
        "bars": [
            _stack(step, SCALE + number * wide, wide, highest or 1, number % every == 0)
            for number, step in enumerate(steps)
        ],
        "highest": display.compact_money(highest) if highest > 0 else "",
        "half": display.compact_money(highest // 2) if highest > 0 else "",
        "top": _percent(TOP),
        "middle": _percent((TOP + FOOT) / 2),
        "foot": _percent(FOOT),
    }


def _stack(step: Step, left: float, wide: float, highest: int, is_named: bool) -> dict[str, object]:
    box = {"x": _percent(left + wide * 0.14), "width": _percent(wide * 0.72)}
    rects, reached = [], 0
    for number, part in enumerate(step["parts"], start=1):
        for amount, is_open in zip(part, (False, True), strict=True):
            if amount > 0:
                tall = amount * (FOOT - TOP) / highest
                y = FOOT - (reached + amount) * (FOOT - TOP) / highest
                rects.append({**box, "y": _percent(y), "height": _percent(tall), "number": number, "is_open": is_open})
                reached += amount
    return {
        "rects": rects,
        "label": step["label"] if is_named else "",
        "middle": _percent(left + wide / 2),
        "from": _percent(left + wide * 0.06),
        "to": _percent(left + wide * 0.94),
        "before": _percent(FOOT - step["before"] * (FOOT - TOP) / highest) if step["before"] > 0 else "",
    }


def _percent(part: float) -> str:
    return f"{part:.2f}%"


def band(so_far: int, low: int, expected: int, high: int) -> dict[str, str]:
    """One bar: until now, what is expected by the end, and from where to where that may lie; as parts of its width."""
    whole = max(so_far, expected, high, 1) * 1.04
    reached, end, left, right = (_percent(100 * max(0, amount) / whole) for amount in (so_far, expected, low, high))
    return {"so_far": reached, "expected": end, "low": left, "high": right}


class Rung(TypedDict):
    label: str
    amount: int


def waterfall(before: Rung, changes: Sequence[Rung], after: Rung) -> list[dict[str, object]]:
    """From one amount to another, change by change: a bar each, from where the last one ended; as parts of the width."""
    ends = [*accumulate((one["amount"] for one in changes), initial=before["amount"]), after["amount"]]
    low, high = min(0, *ends), max(0, *ends)
    whole = (high - low) or 1

    def drawn(rung: Rung, start: int, end: int, kind: str) -> dict[str, object]:
        left, right = (100 * (edge - low) / whole for edge in (min(start, end), max(start, end)))
        return {
            **rung,
            "kind": kind,
            "x": _percent(left),
            "width": _percent(max(right - left, 0.3) if start != end else 0),
        }

    rows, reached = [drawn(before, 0, before["amount"], "whole")], before["amount"]
    for one in changes:
        rows.append(drawn(one, reached, reached + one["amount"], "more" if one["amount"] > 0 else "less"))
        reached += one["amount"]
    return [*rows, drawn(after, 0, after["amount"], "whole")]
