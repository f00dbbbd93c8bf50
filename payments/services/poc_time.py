"""What POC credit pays: order items, the time that they cover, and what comes back of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from catalog.pricing import unused_part
from kernel.errors import DomainError
from kernel.periods import Period, minutes_between, truncate
from kernel.shapes import Json
from ledger.models import Grant
from ledger.poc import InsufficientPocCredit, PocCreditEnded, pay_with_poc, return_poc
from lifecycle.models import Resource
from payments.models import PocTime

__all__ = [
    "InsufficientPocCredit",
    "PocCreditEnded",
    "PocOffer",
    "UnusedPoc",
    "cover_with_poc",
    "end_with_poc_time",
    "give_back_poc",
    "pay_with_poc",
    "poc_credit_ended",
    "poc_time_of",
    "return_item",
    "running_offers",
    "runs_on_poc_time",
    "unused_poc",
]


@dataclass(frozen=True, slots=True)
class PocOffer:
    """A grant that can be spent: its number, what is left of it, and until when."""

    grant: int
    rest: int
    until: datetime


@dataclass(frozen=True, slots=True)
class UnusedPoc:
    """What is unused of a time that POC credit paid; `is_lost` when its grant has ended."""

    time: PocTime
    amount: int
    is_lost: bool


def running_offers(customer_id: UUID, products: Collection[UUID], *, at: datetime) -> list[PocOffer]:
    """The grants that can be spent on all of these products, what ends first at the head."""
    grants = Grant.objects.filter(
        customer=customer_id,
        kind=Grant.Kind.POC,
        products__contains=sorted(set(products)),
        starts_at__lte=at,
        expires_at__gt=at,
        stopped_at=None,
        rest__gt=0,
    )
    return [PocOffer(grant.pk, grant.rest, truncate(grant.expires_at)) for grant in grants.order_by("expires_at", "pk")]


def end_with_poc_time(resources: Iterable[Resource]) -> set[UUID]:
    """Those whose paid time ends with what POC credit paid: they were not converted."""
    times = PocTime.objects.filter(resource__in=[resource.pk for resource in resources]).at_the_end()
    return set(times.values_list("resource", flat=True))


def poc_time_of(item_id: UUID) -> PocTime | None:
    """What an order item paid with POC credit, once it is carried out."""
    return PocTime.objects.filter(item_id=item_id).first()


def runs_on_poc_time(resource: Resource, *, at: datetime) -> bool:
    """POC credit has paid some of its time that lies ahead."""
    return PocTime.objects.filter(resource=resource).ahead(at).exists()


def poc_credit_ended(grant_id: int, *, at: datetime) -> type[DomainError] | None:
    """The refusal of what was paid from it and is not provided yet."""
    return PocCreditEnded if Grant.objects.get(pk=grant_id).has_ended(at) else None


def return_item(grant_id: int, amount: int, item_id: UUID, *, reference: str, at: datetime) -> bool:
    """An item is not provided: what it was paid goes back into its grant. Returns whether it can be spent again."""
    grant = Grant.objects.get(pk=grant_id)
    return_poc(grant, amount, item_id, "not-provided", reference=reference, at=at)
    return not grant.has_ended(at)


def cover_with_poc(
    resource: Resource,
    period: Period,
    grant_id: int,
    *,
    item_id: UUID,
    paid: int,
    amount: int,
    lines: Sequence[Json],
    at: datetime,
) -> PocTime:
    """What was paid covers `period`, for `amount` of the `paid`: less than was paid where less time than was offered is left."""
    if paid > amount:
        grant = Grant.objects.get(pk=grant_id)
        return_poc(grant, paid - amount, item_id, "less-time", reference=resource.name, at=at)
    return PocTime.objects.create(
        grant_id=grant_id,
        customer_id=resource.customer_id,
        resource=resource,
        product_id=resource.product_id,
        item_id=item_id,
        resource_name=resource.name,
        lines=list(lines),
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        covered_until=period.ends_at,
        amount=amount,
        at=at,
    )


def unused_poc(resource: Resource, *, at: datetime) -> list[UnusedPoc]:
    """What is unused at `at` of the time that POC credit paid, the earliest first."""
    instant = truncate(at)
    times = PocTime.objects.filter(resource=resource).ahead(instant).select_related("grant").order_by("starts_at")
    return [UnusedPoc(time, _worth_after(time, instant), time.grant.has_ended(at)) for time in times]


def give_back_poc(resource: Resource, *, refundable: bool, at: datetime) -> None:
    """
    A resource ends now: the time that POC credit paid does, too, and what is unused goes back into its grant.

    Into one that has ended it is lost with it. Of a product that is not refundable nothing goes back.
    """
    for unused in unused_poc(resource, at=at):
        cut_poc_time(unused.time, truncate(at), refundable=refundable, at=at)


def _worth_after(time: PocTime, instant: datetime) -> int:
    left = minutes_between(max(instant, time.starts_at), time.covered_until)
    charged = minutes_between(time.starts_at, time.covered_until)
    return unused_part(time.kept, minutes_left=left, minutes_charged=charged)


def cut_poc_time(time: PocTime, instant: datetime, *, refundable: bool, at: datetime) -> None:
    """It covers no more than until `instant`; what the rest was worth goes back into its grant. The caller holds the customer."""
    until = max(instant, time.starts_at)
    amount = _worth_after(time, until) if refundable else 0
    if amount:
        mark = f"{until:%Y%m%dT%H%MZ}"
        return_poc(time.grant, amount, time.item_id, mark, reference=time.resource_name, at=at)
    time.covered_until, time.returned = until, time.returned + amount
    time.save(update_fields=["covered_until", "returned"])
