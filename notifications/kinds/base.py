"""What a kind of notice is: whom it concerns, what it says, and until when that is so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from kernel.periods import local_day
from kernel.shapes import Wording
from notifications.events import Subject, stamp
from notifications.kinds.together import Together

Facts = Mapping[str, Any]
Rule = Callable[[Facts, Facts, datetime], bool]
"""Whether what was told (the notice's facts) is still so (the subject's facts of today) at an instant."""


class If(NamedTuple):
    """A sentence that stands when a fact is there, not nothing and not zero, or has one of some values."""

    fact: str
    sentence: Wording
    values: tuple[str, ...] = ()


class Unless(NamedTuple):
    """A sentence that stands when a fact is missing, nothing or zero."""

    fact: str
    sentence: Wording


class Row(NamedTuple):
    """A line of the table below the sentences."""

    label: Wording
    text: str


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """
    A sentence or row stands only when every fact that it names is there and is not nothing or zero, so that one wording
    serves prepaid and postpaid, paid and free. Of several subjects the first one that stands is taken.

    `page` is the URL name of what the notice leads to, `button` the label of that link. `current` names facts that are
    taken from the subject as it is when the notice is read. What does not hold any more is not sent.

    `together` says what else it is told with: the first rule that finds something. `with_files`: the documents of what it is
    about go along. `is_owed`: whoever reads it cannot stop it by a link in the mail, for it says that a debt is due or that
    something is stopped; the customer's team decides who gets it. `only_informs`: it tells of what somebody of theirs did, or what went as it
    should, asks for nothing and warns of nothing, so that the customer may do without the mail. `asks_for_transfer`: the mail says how
    to pay it by bank, with a code to scan.
    """

    about: Subject
    subjects: tuple[object, ...]
    sentences: tuple[object, ...]
    link: tuple[str, object]
    rows: tuple[Row, ...] = ()
    holds: Rule | None = None
    current: tuple[str, ...] = ()
    together: tuple[Together, ...] = ()
    with_files: bool = False
    is_owed: bool = False
    only_informs: bool = False
    asks_for_transfer: bool = False


SEE_RESOURCE = ("resource", _("See the resource"))
SEE_INVOICE = ("invoice", _("See the invoice"))
SEE_PAYMENT = ("payment", _("See the payment"))
SEE_WALLET = ("wallet", _("See your wallet"))
SEE_LINKS = ("linked-accounts", _("See your linked accounts"))
SEE_CREDIT = ("credit-history", _("See your credit history"))
SEE_REQUESTS = ("payment-requests", _("See whom you asked to pay"))
SEE_BUDGETS = ("budgets", _("See your budgets"))
SEE_SETTINGS = ("settings", _("See your settings"))
SEE_COMMITMENTS = ("commitments", _("See your commitments"))

WHAT_IT_IS = (Row(_("Product"), "%(product)s"), Row(_("Configuration"), "%(configuration)s"))
WHAT_WAS_BOUGHT = (
    *WHAT_IT_IS,
    Row(_("Period"), "%(from)s – %(until)s"),
    Row(_("Total"), "%(total)s"),
    Row(_("Paid"), "%(paid)s"),
    Row(_("Paid with POC credit"), "%(poc)s"),
    Row(_("Invoice"), "%(invoice)s"),
    Row(_("Returned to your wallet"), "%(returned)s"),
)


# Rules: (told, now, at). A subject's facts are those that its app gives, see `truth.py`.


def everything(*rules: Rule) -> Rule:
    return lambda told, now, at: all(rule(told, now, at) for rule in rules)


def one_of(fact: str, *values: object) -> Rule:
    return lambda told, now, at: now.get(fact) in values


def same(*facts: str) -> Rule:
    """These facts are as they were told."""
    return lambda told, now, at: all(now.get(fact) == told.get(fact) for fact in facts)


def ahead(fact: str) -> Rule:
    """The instant that was told has not come."""
    return lambda told, now, at: stamp(at) < str(told.get(fact))


def not_past(fact: str) -> Rule:
    """The day that was told is not over."""
    return lambda told, now, at: local_day(at).isoformat() <= str(told.get(fact))


def among(fact: str, facts: str) -> Rule:
    """What was told is one of several that are so."""
    return lambda told, now, at: told.get(fact) in now.get(facts, ())


def not_among(fact: str, facts: str) -> Rule:
    """What was told is none of several that are so."""
    return lambda told, now, at: told.get(fact) not in now.get(facts, ())


def above_zero(fact: str) -> Rule:
    return lambda told, now, at: now.get(fact, 0) > 0


def is_zero(fact: str) -> Rule:
    return lambda told, now, at: now.get(fact) == 0


def is_(fact: str) -> Rule:
    return lambda told, now, at: bool(now.get(fact))


def is_not(fact: str) -> Rule:
    return lambda told, now, at: not now.get(fact)


IS_RUNNING = one_of("state", "active", "stop")
"""Of a resource: not in the trash, not deleted."""
