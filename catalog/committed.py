"""What notices say of commitments, and hold against what is so now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from enum import StrEnum
from uuid import UUID

from catalog.models import Commitment
from catalog.models.commitments import month_of
from kernel.shapes import Json


class After(StrEnum):
    """What comes after a commitment."""

    FOLLOWS = "follows"
    """Another like it."""
    ANOTHER = "another"
    """Another that was agreed on."""
    NOTHING = "nothing"
    NEVER_WAS = "never-was"
    """It was called off before it began."""


def facts_of_commitments(pks: Collection[UUID]) -> dict[UUID, dict[str, object]]:
    """What notices about commitments are held against."""
    found = facts_of(Commitment.objects.filter(pk__in=pks))
    return {pk: dict(facts) for pk, facts in found.items()}


def facts_of(commitments: Iterable[Commitment]) -> dict[UUID, Json]:
    """Of each, JSON-ready: `after` it comes one of `After`, in `next_month` if that is known. In one query."""
    some = list(commitments)
    others: dict[UUID, list[Commitment]] = defaultdict(list)
    for one in (
        Commitment.objects.standing().filter(customer__in={one.customer_id for one in some}).order_by("starts_on")
    ):
        others[one.customer_id].append(one)
    return {one.pk: _facts(one, others[one.customer_id]) for one in some}


def _facts(commitment: Commitment, others: Iterable[Commitment]) -> Json:
    following = next((one for one in others if one.starts_on >= commitment.ends_on and one.pk != commitment.pk), None)
    if commitment.is_called_off:
        after = After.NEVER_WAS
    elif commitment.renews or (following and following.follows_id == commitment.pk):
        after = After.FOLLOWS
    else:
        after = After.ANOTHER if following else After.NOTHING
    return {
        "amount": commitment.amount,
        "share": f"{commitment.share:f}",
        "first_month": month_of(commitment.starts_on).key,
        "last_month": month_of(commitment.last_month).key,
        "next_month": month_of(following.starts_on).key if following and after == After.ANOTHER else "",
        "after": after.value,
    }
