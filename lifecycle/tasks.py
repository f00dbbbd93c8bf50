"""What time brings to resources. Every job reads what is due at `at`; `next_...` tell when there will be something."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from celery import shared_task

from kernel.actors import Actor
from lifecycle.models import Resource
from lifecycle.services import delivery, sweeps
from store.doorbell import wake_helpers
from store.due import first_after


def expire_resources(*, at: datetime) -> int:
    return sweeps.expire_resources(actor=Actor.job("expire"), at=at)


def next_expiry(after: datetime) -> datetime | None:
    return first_after(after, Resource.objects.running(), "suspend_at")


def purge_resources(*, at: datetime) -> int:
    return sweeps.purge_resources(actor=Actor.job("purge"), at=at)


def next_purge(after: datetime) -> datetime | None:
    return first_after(after, Resource.objects.in_trash(), "purge_at")


def remind_about_ends(*, at: datetime) -> int:
    return sweeps.remind_about_ends(at=at)


def deliver_requests(*, at: datetime) -> int:
    """Others are called to help with a product each: one that hangs holds up whoever works for it, and nobody else."""
    for product_id in delivery.products_to_serve(at)[1:]:
        wake_helpers(deliver_to_product, str(product_id), at.isoformat(), count=1)
    return delivery.deliver_requests(at=at)


@shared_task
def deliver_to_product(product_id: str, at: str) -> None:
    delivery.deliver_to(UUID(product_id), at=datetime.fromisoformat(at))


def next_delivery(after: datetime) -> datetime | None:
    return delivery.REQUESTS.next_due(after)
