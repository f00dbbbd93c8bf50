"""
The life-and-bill ruler: what a resource was, and what was paid or billed for it, over one axis of time.

Pure: stretches and pins in, positions out (per mille of the width), so that templates hold no arithmetic. Where running
time and cover do not match, a gap stretch says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from kernel.periods import MINUTE, truncate

WIDTH = 1000
PIN_WIDTH = 22
"""Pins that would touch each other become one with a number."""
SHORTEST = 3
SHORT = timedelta(days=2)


@dataclass(slots=True)
class Stretch:
    """[starts_at, ends_at) on a lane; `kind` is how it looks, `label` what it says."""

    starts_at: datetime
    ends_at: datetime
    kind: str
    label: str
    x: str = ""
    width: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """Something at an instant: an order, an invoice, a refund, a notice."""

    at: datetime
    kind: str
    label: str
    url: str = ""


@dataclass(slots=True)
class Pin:
    """One or more facts so close together that they share a place."""

    x: str
    kind: str
    facts: list[Fact]

    @property
    def count(self) -> int:
        return len(self.facts)


@dataclass(frozen=True, slots=True)
class Tick:
    x: str
    at: datetime
    anchor: str
    is_minor: bool = False


@dataclass(slots=True)
class Ruler:
    starts_at: datetime
    ends_at: datetime
    service: list[Stretch]
    cover: list[Stretch]
    gaps: list[Stretch]
    pins: list[Pin]
    ticks: list[Tick]
    now: str
    facts: list[Fact]

    @property
    def is_short(self) -> bool:
        """So short that days say little: the axis shows the time of day."""
        return self.ends_at - self.starts_at < SHORT


def draw(
    service: Sequence[Stretch],
    cover: Sequence[Stretch],
    facts: Iterable[Fact],
    *,
    billable: Sequence[Stretch],
    now: datetime,
    grace: timedelta = timedelta(0),
) -> Ruler:
    """
    Place everything on an axis from the first to the last instant.

    `billable` are the stretches that should be covered by paid or billed time: gaps are what is left of them up to now.
    A gap at the end of such a stretch that is no longer than `grace` is cover of its own kind.
    """
    facts = sorted(facts, key=lambda fact: fact.at)
    everything = [*service, *cover]
    instants = [now, *(s.starts_at for s in everything), *(s.ends_at for s in everything), *(f.at for f in facts)]
    start, end = truncate(min(instants)), max(instants)
    end = max(end, start + timedelta(hours=1))
    gaps, graces = _without_grace(gaps_between(billable, cover, until=now), billable, grace=grace, until=now)
    cover = sorted([*cover, *graces], key=lambda stretch: stretch.starts_at)
    for stretch in (*service, *cover, *gaps):
        left, right = _at(stretch.starts_at, start, end), _at(stretch.ends_at, start, end)
        stretch.x, stretch.width = _percent(left), _percent(max(right - left, SHORTEST))
    return Ruler(
        starts_at=start,
        ends_at=end,
        service=list(service),
        cover=cover,
        gaps=gaps,
        pins=_pins(facts, start, end),
        ticks=_ticks(start, end),
        now=_percent(_at(now, start, end)),
        facts=facts,
    )


def gaps_between(billable: Sequence[Stretch], cover: Sequence[Stretch], *, until: datetime) -> list[Stretch]:
    """What of `billable` before `until` no cover of kind paid, unpaid or open reaches."""
    gaps = []
    covering = sorted((c for c in cover if c.kind != "credited"), key=lambda c: c.starts_at)
    for stretch in billable:
        reached, end = stretch.starts_at, min(stretch.ends_at, until)
        for part in covering:
            if part.ends_at <= reached:
                continue
            if part.starts_at >= end:
                break
            if part.starts_at - reached >= MINUTE:
                gaps.append(Stretch(reached, part.starts_at, "gap", stretch.label))
            reached = max(reached, part.ends_at)
        if end - reached >= MINUTE:
            gaps.append(Stretch(reached, end, "gap", stretch.label))
    return gaps


def _without_grace(
    gaps: Sequence[Stretch], billable: Sequence[Stretch], *, grace: timedelta, until: datetime
) -> tuple[list[Stretch], list[Stretch]]:
    """Gaps that are gaps, and those that are days of grace: the end of running time, not longer than `grace`."""
    ends = {min(stretch.ends_at, until) for stretch in billable}
    found: tuple[list[Stretch], list[Stretch]] = ([], [])
    for gap in gaps:
        is_grace = gap.ends_at in ends and gap.ends_at - gap.starts_at <= grace
        gap.kind = "grace" if is_grace else "gap"
        found[is_grace].append(gap)
    return found


def _pins(facts: Sequence[Fact], start: datetime, end: datetime) -> list[Pin]:
    groups: list[list[Fact]] = []
    for fact in facts:
        close = groups and _at(fact.at, start, end) - _at(groups[-1][0].at, start, end) < PIN_WIDTH
        if close:
            groups[-1].append(fact)
        else:
            groups.append([fact])
    return [
        Pin(_percent(_at(group[0].at, start, end)), group[0].kind if len(group) == 1 else "many", group)
        for group in groups
    ]


def _ticks(start: datetime, end: datetime) -> list[Tick]:
    """Five dates along the axis, the outer ones leaning inwards; narrow screens leave out the minor ones."""
    quarters = [start + (end - start) * part / 4 for part in range(5)]
    anchors = ("start", "middle", "middle", "middle", "end")
    return [
        Tick(_percent(part * WIDTH // 4), at, anchor, is_minor=part % 2 == 1)
        for part, (at, anchor) in enumerate(zip(quarters, anchors, strict=True))
    ]


def _at(instant: datetime, start: datetime, end: datetime) -> int:
    return int((instant - start) * WIDTH / (end - start))


def _percent(permille: int) -> str:
    """ "12.5%", whatever the language writes for a decimal point."""
    whole, tenth = divmod(permille, WIDTH // 100)
    return f"{whole}.{tenth}%"


def stretches(changes: Sequence[tuple[datetime, str]], *, until: datetime) -> list[tuple[datetime, datetime, str]]:
    """States from their beginnings: each lasts until the next one, the last one until `until`; moments are left out."""
    bounds = [*changes, (max(until, changes[-1][0]), "")] if changes else []
    return [(start, end, state) for (start, state), (end, _next) in pairwise(bounds) if end > start]
