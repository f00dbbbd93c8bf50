"""What a measure is given, and what it yields."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.server import Server

RESOURCES_PER_CUSTOMER = 10  # as in the data


@dataclass(frozen=True, slots=True)
class Result:
    """`limit` is what `ratio` (or, without a baseline, `value`) may be at most; negative: must be at least."""

    name: str
    value: float
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    limit: float | None = None

    @property
    def target(self) -> str:
        if self.limit is None:
            return ""
        of = "x" if self.ratio is not None else f" {self.unit}"
        return f"{'>=' if self.limit < 0 else '<='} {abs(self.limit):g}{of}"

    @property
    def is_met(self) -> bool | None:
        if self.limit is None:
            return None
        measured = self.value if self.ratio is None else self.ratio
        return measured >= -self.limit if self.limit < 0 else measured <= self.limit


@dataclass(frozen=True, slots=True)
class Setting:
    """How much, how often, on what."""

    server: Server
    resources: int
    times: int
    full: bool


Results = Iterator[Result]
