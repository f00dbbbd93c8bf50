"""
What was done for a customer, as the customer reads it.

Of members and keys everything that the audit trail has; of staff what they are to know (`accounts.audit.tell_customers`), without
who it was, on which of our rows, and why: those are ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.audit import acts_among, spellings_of, told_to_customers, words_of
from accounts.may import Role
from accounts.models import AuditEntry, Customer, Membership
from kernel import display
from kernel.actors import ActorKind, who
from kernel.shapes import Wording

OURS = "staff"
"""How the filter calls everybody who is not the customer's."""
MOST_NAMES = 100


class Told(NamedTuple):
    """A column of the download."""

    title: Wording
    width: int


COLUMNS = [Told(_("Date"), 17), Told(_("Who"), 30), Told(_("What"), 45), Told(_("Details"), 40)]


@dataclass(frozen=True, slots=True)
class Act:
    """One line: `who` and `what` in words, `details` as far as they are the customer's own."""

    pk: int
    at: datetime
    who: str
    what: str
    details: str


def activity_of(customer: Customer, *, who: str = "", what: str = "") -> QuerySet[AuditEntry]:
    """
    :param who: an actor's name as it is kept ("lan@example.vn", "key:import"), or `OURS`
    :param what: the code of an act
    """
    own = Q(actor_kind=ActorKind.CUSTOMER)
    found = AuditEntry.objects.filter(own | Q(verb__in=told_to_customers()), customer=customer)
    if who == OURS:
        found = found.exclude(own)
    elif who:
        found = found.filter(own, actor=who)
    return found.filter(verb__in=spellings_of(what)) if what else found


def names_in(customer: Customer) -> list[tuple[str, str]]:
    """Who may be asked for: members and keys that did something, and our side."""
    own = activity_of(customer).filter(actor_kind=ActorKind.CUSTOMER)
    names = own.order_by("actor").values_list("actor", flat=True).distinct()[:MOST_NAMES]
    return [*((name, who(name)) for name in names), (OURS, gettext("our staff and the system"))]


def acts_in(customer: Customer) -> list[tuple[str, str]]:
    """What may be asked for: (code, words)."""
    verbs = activity_of(customer).order_by("verb").values_list("verb", flat=True).distinct()
    return list(acts_among(verbs))


def told(entries: Iterable[AuditEntry], customer: Customer) -> Iterator[Act]:
    """In the present language."""
    members = set(Membership.objects.filter(customer=customer).values_list("user__email", flat=True))
    for entry in entries:
        is_own = entry.actor_kind == ActorKind.CUSTOMER or (not entry.actor_kind and entry.actor in members)
        yield Act(
            entry.pk, entry.at, _who(entry, is_own=is_own), words_of(entry.verb), _details(entry) if is_own else ""
        )


def rows_of(entries: QuerySet[AuditEntry], customer: Customer) -> Iterator[list[object]]:
    """For a download."""
    for act in told(entries.iterator(500), customer):
        yield [display.instant(act.at), act.who, act.what, act.details]


def _who(entry: AuditEntry, *, is_own: bool) -> str:
    if is_own:
        return who(entry.actor)
    if entry.actor_kind == ActorKind.SYSTEM:
        return gettext("automatically")
    return gettext("the product's team") if entry.actor_kind == ActorKind.PRODUCT_TEAM else gettext("our staff")


def _details(entry: AuditEntry) -> str:
    """What it was done to, where that has a name."""
    role = entry.facts.get("role", "")
    parts = [
        "" if _is_id(entry.subject) else entry.subject,
        entry.reason,
        str(Role(role).label) if role in Role.values else "",
    ]
    return ", ".join(filter(None, parts))


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return text.isdigit()
    return True
