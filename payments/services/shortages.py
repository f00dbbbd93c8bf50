"""
Where credit does not cover what prepaid resources use: the customer is told, with the day on which they stop; money lifts it at once.

One shortage stands for a customer and a product, whose policy says after how many days its resources stop, if at all. What stops are
the resources that nothing answers for, and no earlier than was told.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q

from accounts.models import BillingMode, Customer
from catalog.models import Product
from invoices.models import Hold, Invoice, Question
from kernel.actors import Actor
from kernel.money import MAXIMUM
from kernel.periods import CalendarMonth, local_day, start_of_day
from ledger.models import Account
from lifecycle.models import Resource
from lifecycle.services.halts import start_after_credit, stop_for_credit
from notifications.models import Notice
from notifications.services import notice_of, tell_all
from payments.models import Shortage
from payments.services.use_holds import Cover, Key

Place = tuple[UUID, UUID]
"""A customer and a product."""


@dataclass(slots=True)
class Lack:
    """What is missing for resources of a product, in VND, and for which."""

    missing: int = 0
    resources: set[UUID] = field(default_factory=set)

    def add(self, missing: int, resource_id: UUID) -> None:
        self.missing = min(self.missing + missing, MAXIMUM)
        self.resources.add(resource_id)


def see_to_shortages(customers: Sequence[Customer], covers: Sequence[Cover], *, actor: Actor, at: datetime) -> None:
    """
    Shortages of these customers, whom the caller holds, become those of what credit `covers`: told, carried out when their day has come,
    lifted.

    In the same number of statements however many customers there are.
    """
    by_id = {customer.pk: customer for customer in customers}
    lacking = _lacking(by_id, covers, at=at)
    rows = Shortage.objects.standing().filter(customer__in=by_id)
    standing = {(one.customer_id, one.product_id): one for one in rows}
    uncovered = {(one.need.customer_id, one.need.product_id) for one in covers if one.missing}
    gone = [one for place, one in standing.items() if place not in lacking]
    notices = _lift(gone, by_id, uncovered=uncovered, at=at)
    notices += _begin({place: lack for place, lack in lacking.items() if place not in standing}, by_id, at=at)
    stays = {place: one for place, one in standing.items() if place in lacking}
    _keep_count(stays, lacking)
    notices += _stop({place: one for place, one in stays.items() if one.is_due(at)}, lacking, by_id, actor=actor, at=at)
    tell_all(notices)


def _lacking(customers: Mapping[UUID, Customer], covers: Sequence[Cover], *, at: datetime) -> dict[Place, Lack]:
    """
    What nothing answers for of the needs of prepaid resources that are there, less what is questioned.

    Nothing of customers whose debts staff let rest.
    """
    missing = {cover.key: cover for cover in covers if cover.missing}
    if not missing:
        return {}
    there = Resource.objects.running().filter(billing_mode=BillingMode.PREPAID, pk__in={key[0] for key in missing})
    can_stop = set(there.values_list("pk", flat=True))
    resting = Hold.objects.stopping_dunning().in_force(at).filter(customer__in=customers)
    rests = set(resting.values_list("customer", flat=True))
    questioned = _questioned(can_stop)
    found: dict[Place, Lack] = defaultdict(Lack)
    for key, cover in missing.items():
        need, lacks = cover.need, cover.missing - questioned[key]
        if lacks > 0 and need.resource_id in can_stop and need.customer_id not in rests:
            found[need.customer_id, need.product_id].add(lacks, need.resource_id)
    return found


def _questioned(resources: Collection[UUID]) -> Counter[Key]:
    """What is questioned of open bills for use: it waits for the answer."""
    bills = Invoice.objects.open().of_paid_time().filter(resource__in=resources)
    questions = Question.objects.open().filter(invoice__in=bills)
    amounts: Counter[Key] = Counter()
    for resource, start, amount in questions.values_list("invoice__resource", "invoice__period_start", "amount"):
        amounts[resource, CalendarMonth.of(start).key] += amount
    return amounts


def _begin(lacking: Mapping[Place, Lack], customers: Mapping[UUID, Customer], *, at: datetime) -> list[Notice]:
    if not lacking:
        return []
    days = dict(Product.objects.values_list("pk", "days_without_credit"))
    begun = []
    for (customer_id, product_id), lack in lacking.items():
        after = days[product_id]
        stops_at = None if after is None else start_of_day(local_day(at) + timedelta(days=after))
        begun.append(
            Shortage(
                customer_id=customer_id,
                product_id=product_id,
                missing=lack.missing,
                missing_now=lack.missing,
                at=at,
                stops_at=stops_at,
            )
        )
    Shortage.objects.bulk_create(begun)
    return [
        _notice(one, Notice.Kind.CREDIT_LACKING, customers, at=at, shortfall=one.missing, on=_day(one)) for one in begun
    ]


def _day(one: Shortage) -> str:
    return local_day(one.stops_at).isoformat() if one.stops_at else ""


def _keep_count(stays: Mapping[Place, Shortage], lacking: Mapping[Place, Lack]) -> None:
    others = [one for place, one in stays.items() if one.missing_now != lacking[place].missing]
    for one in others:
        one.missing_now = lacking[one.customer_id, one.product_id].missing
    Shortage.objects.bulk_update(others, ["missing_now"])


def _stop(
    due: Mapping[Place, Shortage],
    lacking: Mapping[Place, Lack],
    customers: Mapping[UUID, Customer],
    *,
    actor: Actor,
    at: datetime,
) -> list[Notice]:
    """What nothing answers for is stopped where its day has come, and everything else that was starts."""
    stopping: set[UUID] = set().union(*(lacking[place].resources for place in due))
    stop_for_credit(stopping, actor=actor, at=at)
    marked = Resource.objects.filter(customer__in=customers, stopped_for_credit=True)
    stopped: set[Place] = set()
    idle: list[UUID] = []
    for pk, customer_id, product_id in marked.values_list("pk", "customer", "product"):
        if pk in stopping:
            stopped.add((customer_id, product_id))
        else:
            idle.append(pk)
    start_after_credit(idle, actor=actor, at=at)
    done = [one for place, one in due.items() if place in stopped and one.done_at is None]
    for one in done:
        one.done_at = at
    Shortage.objects.bulk_update(done, ["done_at"])
    return [_notice(one, Notice.Kind.CREDIT_STOPPED, customers, at=at, shortfall=one.missing_now) for one in done]


def _lift(
    shortages: Sequence[Shortage], customers: Mapping[UUID, Customer], *, uncovered: Collection[Place], at: datetime
) -> list[Notice]:
    """
    Who was only told reads nothing of its end: what was announced does not come. That credit covers again is said where it does and
    something starts again: not where staff let the debt rest, something is questioned, or what lacked it was deleted.
    """
    for one in shortages:
        one.lifted_at = at
    Shortage.objects.bulk_update(shortages, ["lifted_at"])
    done = {(one.customer_id, one.product_id): one for one in shortages if one.done_at}
    stopped = Resource.objects.filter(customer__in={customer for customer, _product in done}, stopped_for_credit=True)
    starting = set(stopped.values_list("customer", "product")) - set(uncovered) if done else set()
    return [
        _notice(one, Notice.Kind.CREDIT_COVERS, customers, at=at) for place, one in done.items() if place in starting
    ]


def _notice(
    one: Shortage, kind: Notice.Kind, customers: Mapping[UUID, Customer], /, *, at: datetime, **facts: object
) -> Notice:
    return notice_of(customers[one.customer_id], kind, one.pk, at=at, product=str(one.product_id), **facts)


def out_of_step(at: datetime) -> list[UUID]:
    """
    Customers who need not wait for the morning: of what was stopped for lack of credit and lacks none, but could not start when that was
    lifted; and those whose credit, questions or resting debts may lift what stands.
    """
    standing = Shortage.objects.standing()
    lacks = standing.filter(customer=OuterRef("customer"), product=OuterRef("product"))
    idle = Resource.objects.filter(~Exists(lacks), stopped_for_credit=True)
    funded = Account.objects.filter(kind=Account.Kind.CREDIT, balance__gt=F("held")).values("customer")
    resting = Hold.objects.stopping_dunning().in_force(at).values("customer")
    bills = Invoice.objects.open().of_paid_time()
    questioned = Question.objects.open().filter(invoice__in=bills).values("customer")
    may_go = standing.filter(Q(customer__in=funded) | Q(customer__in=resting) | Q(customer__in=questioned))
    return sorted({*idle.values_list("customer", flat=True), *may_go.values_list("customer", flat=True)})
