"""Prices and discounts of the time ahead: entered, one after another, and ended. Only ever by way of `acts`: what costs change takes two."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.db.models import F, Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.audit import edit_of
from accounts.services import record_audit
from catalog.models import Discount, Item, Price
from kernel import display
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.periods import truncate

Terms = TypeVar("Terms", Price, Discount)
ALONE: Mapping[type[Model], tuple[str, ...]] = {
    Price: ("item", "customer", "months"),
    Discount: ("product", "customer"),
}
"""Of what there is one at any time; what is named by a code of its own is not here."""


class TermsOverlap(DomainError):
    code = "terms-overlap"
    message = _("This overlaps with the terms valid from %(since)s. Give those an end first.")


class TermsOver(DomainError):
    code = "terms-over"
    message = _("The time for which this was asked for is over. Ask for it anew.")


def changes_costs(price: Price) -> bool:
    """The first price of an item changes what nothing costs."""
    return Price.objects.filter(item=price.item_id).exists()


def beside(terms: Terms) -> QuerySet[Terms]:
    """What is valid in the same time for the same; it begins with what begins first."""
    found: QuerySet[Terms] = type(terms)._default_manager.exclude(pk=terms.pk)
    if type(terms) not in ALONE:
        return found.none()
    same = {name: getattr(terms, f"{name}_id", None) or getattr(terms, name) for name in ALONE[type(terms)]}
    found = found.filter(**same)
    found = found.filter(Q(valid_until=None) | Q(valid_until__gt=terms.valid_from, valid_from__lt=F("valid_until")))
    if terms.valid_until:
        found = found.filter(valid_from__lt=terms.valid_until)
    return found.order_by("valid_from")


def in_the_way(terms: Terms) -> Terms | None:
    """The first of these that does not end where they begin, as what has no end does that began before: a gap follows neither."""
    return next((one for one in beside(terms) if not _is_followed_by(one, terms)), None)


def followed(terms: Terms) -> Terms | None:
    """What ends where these begin."""
    return next((one for one in beside(terms) if _is_followed_by(one, terms)), None)


def _is_followed_by(one: Terms, terms: Terms) -> bool:
    return one.valid_until is None and terms.valid_until is None and one.valid_from < terms.valid_from


@transaction.atomic
def enter_terms(terms: Terms, *, reason: str, actor: Actor, at: datetime) -> Terms:
    """
    A row that is not kept yet is valid from when it says, or from now on if that has passed; what is in force without an end ends there.

    :raises TermsOver: its own end has passed, too
    :raises TermsOverlap: with others that are
    """
    if isinstance(terms, Price):
        Item.objects.select_for_update().get(pk=terms.item_id)
    terms.valid_from = max(terms.valid_from, truncate(at))
    if terms.valid_until is not None and terms.valid_until <= terms.valid_from:
        raise TermsOver
    if other := in_the_way(terms):
        raise TermsOverlap(since=display.instant(other.valid_from))
    if before := followed(terms):
        end_terms(before, terms.valid_from, reason=reason, actor=actor, at=at)
    terms.save(force_insert=True)
    _record(terms, "add", reason=reason, actor=actor, at=at)
    return terms


@transaction.atomic
def end_terms(terms: Terms, ends_at: datetime | None, *, reason: str, actor: Actor, at: datetime) -> Terms:
    """
    They end then, or now if that has passed, or are withdrawn before they begin; without an instant they have no end.

    :raises TermsOver: they have ended meanwhile
    :raises TermsOverlap: others follow them
    """
    held = type(terms)._default_manager.select_for_update(of=("self",)).get(pk=terms.pk)
    now = truncate(at)
    if held.valid_until is not None and held.valid_until <= now:
        raise TermsOver
    held.valid_until = max(ends_at, now) if ends_at else None
    if other := beside(held).first():
        raise TermsOverlap(since=display.instant(other.valid_from))
    held.save(update_fields=["valid_until"])
    _record(held, "change", reason=reason, actor=actor, at=at)
    return held


def _record(terms: Terms, change: str, *, reason: str, actor: Actor, at: datetime) -> None:
    record_audit(
        edit_of(type(terms), change), f"{terms._meta.model_name} {terms.pk}", actor=actor, at=at, reason=reason,
        customer=getattr(terms, "customer", None), name=str(terms), starts=terms.valid_from.isoformat(),
        ends=terms.valid_until.isoformat() if terms.valid_until else "",
    )  # fmt: skip
