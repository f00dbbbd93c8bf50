"""Who is told that a resource stops for lack of credit, since when, and when that day has come. Who lacks credit is decided above."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from lifecycle.models import CreditWarning


def standing_warnings(customer_ids: Collection[UUID]) -> dict[UUID, CreditWarning]:
    """Of these customers, by resource."""
    rows = CreditWarning.objects.standing().filter(customer__in=customer_ids)
    return {warning.resource_id: warning for warning in rows}


def warn(told: Iterable[tuple[UUID, UUID, datetime | None]], *, at: datetime) -> list[CreditWarning]:
    """
    From now on these were told; the caller tells them. None of them is warned already.

    :param told: resource, its customer, whom the caller holds, and when it stops, if at all
    :raises IntegrityError: the product gives more time than that
    """
    return CreditWarning.objects.bulk_create(
        CreditWarning(resource_id=resource, customer_id=customer, told_at=at, stops_at=stops_at)
        for resource, customer, stops_at in told
    )


def end_warnings(warnings: Collection[CreditWarning], *, at: datetime) -> None:
    """Their use is covered."""
    if warnings:
        CreditWarning.objects.filter(pk__in=[warning.pk for warning in warnings]).update(ended_at=at)


def days_that_came(customer_ids: Collection[UUID], *, at: datetime) -> set[UUID]:
    """The resources of these customers that are to be stopped by now, as was told."""
    standing = CreditWarning.objects.standing().filter(customer__in=customer_ids)
    standing.filter(came_at=None, stops_at__lte=at).update(came_at=at)
    return set(standing.exclude(came_at=None).values_list("resource", flat=True))
