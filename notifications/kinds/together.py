"""
What belongs together is told together: one mail and one row of the page for the notices of a run, a day, a payment, an order.

Each notice keeps the key of what it belongs to, written with it by the rule that stands beside the wording of its kind. It
stays a notice of its own, held against the facts by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from kernel.periods import billing_zone, local_day
from kernel.shapes import Json, Wording
from notifications.events import STAMP_SQL, stamp


class By(StrEnum):
    """What makes notices belong together: the same job at the same minute, the same local day, the fact of this name."""

    RUN = "run"
    DAY = "day"
    PAYMENT = "payment"
    ORDER = "order"


GATHERS = {By.ORDER: timedelta(minutes=10)}
"""So long what has happened waits for the rest, unless somebody says that all has happened (`services.tell_gathered`)."""


class Figure(NamedTuple):
    """
    What the notices come to: the sum of a fact, or without one their number; of some kinds, or of all. In a line of the table
    it is the notice's own part.
    """

    name: str
    fact: str = ""
    kinds: tuple[str, ...] = ()


class Column(NamedTuple):
    """Of the table that says each notice in a line: a fact, a figure, or `told`, the notice's own subject."""

    label: Wording
    name: str
    is_amount: bool = False


@dataclass(frozen=True, slots=True)
class Together:
    """
    How several notices are said in one. The sentences know `count`, the figures, and every fact that all of them share; as
    with a single notice, the first subject that stands is taken, and a sentence without its facts is left out.
    """

    by: By
    subjects: tuple[object, ...]
    columns: tuple[Column, ...]
    link: tuple[str, object]
    sentences: tuple[object, ...] = ()
    figures: tuple[Figure, ...] = ()

    def key(self, kind: str, facts: Json, at: datetime) -> str:
        """What a notice of a kind belongs to; empty: it stands alone."""
        match self.by:
            case By.RUN:
                return ":".join(filter(None, [kind, str(facts.get("month") or ""), stamp(at)]))
            case By.DAY:
                return f"{kind}:{local_day(at)}"
            case _:
                return f"{self.by}:{facts[self.by]}" if facts.get(self.by) else ""

    def key_sql(self, kind: str) -> str:
        """As `key`, in a statement that takes `%(at)s`."""
        at = "%(at)s::timestamptz"
        if self.by == By.DAY:
            return f"'{kind}:' || to_char({at} AT TIME ZONE '{billing_zone().key}', 'YYYY-MM-DD')"
        assert self.by == By.RUN, "statements tell what a job did"
        return f"'{kind}:' || {STAMP_SQL.format(at)}"

    def made(self, key: str) -> bool:
        return key.partition(":")[0] == self.by if self.by in {By.PAYMENT, By.ORDER} else True


SEE_RESOURCES = ("resources", _("See your resources"))
PAY_INVOICES = ("pay-invoices", _("Pay the invoices"))
SEE_PAYMENTS = ("payment-history", _("See your payments"))

RESOURCE = Column(_("Resource"), "resource")
TOLD = Column(_("What has happened"), "told")


def of_resources(
    subject: Wording,
    *columns: Column,
    sentences: tuple[object, ...] = (),
    figures: tuple[Figure, ...] = (),
    link: tuple[str, object] = SEE_RESOURCES,
) -> Together:
    """What a job does with many resources in a day."""
    return Together(By.DAY, (subject,), (RESOURCE, *columns), link, sentences, figures)
