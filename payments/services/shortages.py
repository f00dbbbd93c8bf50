"""
Where credit does not cover what prepaid resources use: the customer is told, with the day on which they stop; money lifts it at once.

One shortage stands for a customer and a product, whose policy says after how many days its resources stop, if at all. What stops are
the resources that nothing answers for, and each no earlier than was told of it: see `CreditWarning`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from accounts.models import BillingMode, Customer
from catalog.models import Product
from invoices.models import Hold, Invoice, Question
from kernel.actors import Actor
from kernel.money import MAXIMUM
from kernel.periods import CalendarMonth, local_day, start_of_day
from ledger.models import Account
from lifecycle.models import CreditWarning, ProvisioningRequest, Resource
from lifecycle.services.halts import start_after_credit, stop_for_credit
from lifecycle.services.warnings import days_that_came, end_warnings, standing_warnings, warn
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
    stays = {place: one for place, one in standing.items() if place in lacking}
    _keep_count(stays, lacking)
    days = dict(Product.objects.values_list("pk", "days_without_credit")) if lacking else {}
    begun = _begin({place: lack for place, lack in lacking.items() if place not in standing}, days, at=at)
    notices += _warn(begun, stays, lacking, days, by_id, at=at)
    notices += _stop(begun | stays, by_id, actor=actor, at=at)
    tell_all(notices)


def let_go(customers: Sequence[Customer], covers: Sequence[Cover], *, at: datetime) -> set[UUID]:
    """Whose shortages or warnings have no cause by what credit `covers`, or who have something to start."""
    by_id = {customer.pk: customer for customer in customers}
    lacking = _lacking(by_id, covers, at=at)
    standing = Shortage.objects.standing().filter(customer__in=by_id).values_list("customer", "product")
    lacks = _resources_of(lacking)
    warned = standing_warnings(by_id)
    return {
        *(customer for customer, product in standing if (customer, product) not in lacking),
        *(warning.customer_id for warning in warned.values() if warning.resource_id not in lacks),
        *_idle().filter(customer__in=by_id).values_list("customer", flat=True),
    }


def _resources_of(lacking: Mapping[Place, Lack]) -> dict[UUID, Place]:
    return {resource: place for place, lack in lacking.items() for resource in lack.resources}


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


def _begin(lacking: Mapping[Place, Lack], days: Mapping[UUID, int | None], *, at: datetime) -> dict[Place, Shortage]:
    begun = {
        (customer_id, product_id): Shortage(
            customer_id=customer_id,
            product_id=product_id,
            missing=lack.missing,
            missing_now=lack.missing,
            at=at,
            stops_at=_stops_at(days[product_id], at),
        )
        for (customer_id, product_id), lack in lacking.items()
    }
    Shortage.objects.bulk_create(begun.values())
    return begun


def _stops_at(days: int | None, at: datetime) -> datetime | None:
    return None if days is None else start_of_day(local_day(at) + timedelta(days=days))


def _warn(
    begun: Mapping[Place, Shortage],
    stays: Mapping[Place, Shortage],
    lacking: Mapping[Place, Lack],
    days: Mapping[UUID, int | None],
    customers: Mapping[UUID, Customer],
    *,
    at: datetime,
) -> list[Notice]:
    """Of each resource that lacks credit it is told since when and until when; of what lacks none any more, nothing stands."""
    warned, lacks = standing_warnings(customers), _resources_of(lacking)
    end_warnings([warning for resource, warning in warned.items() if resource not in lacks], at=at)
    new: dict[Place, list[UUID]] = defaultdict(list)
    for resource, place in lacks.items():
        if resource not in warned:
            new[place].append(resource)
    if not new:
        return []
    standing = {**begun, **stays}
    stops = {place: _stops_too(standing[place], days[place[1]], at) for place in new}
    told = warn(((resource, place[0], stops[place]) for place, some in new.items() for resource in some), at=at)
    later = {lacks[warning.resource_id]: warning.pk for warning in told if lacks[warning.resource_id] in stays}
    names = _names([resource for some in new.values() for resource in some])
    return [
        _notice(
            standing[place],
            Notice.Kind.CREDIT_LACKING,
            customers,
            *([later[place]] if place in later else []),
            at=at,
            shortfall=standing[place].missing_now,
            on=_day(stops[place]),
            names=names[place],
        )
        for place in new
    ]


def _stops_too(one: Shortage, days: int | None, at: datetime) -> datetime | None:
    """What lacks credit later is told as long before, and stops no earlier than was said of the others; or runs on as they do."""
    stops_at = _stops_at(days, at)
    return max(stops_at, one.stops_at) if stops_at and one.stops_at else None


def _day(stops_at: datetime | None) -> str:
    return local_day(stops_at).isoformat() if stops_at else ""


def _names(resources: Collection[UUID]) -> dict[Place, list[str]]:
    """In the order in which they were made."""
    names: dict[Place, list[str]] = defaultdict(list)
    rows = Resource.objects.filter(pk__in=resources).order_by("pk")
    for customer_id, product_id, name in rows.values_list("customer", "product", "name"):
        names[customer_id, product_id].append(name)
    return names


def _keep_count(stays: Mapping[Place, Shortage], lacking: Mapping[Place, Lack]) -> None:
    others = [one for place, one in stays.items() if one.missing_now != lacking[place].missing]
    for one in others:
        one.missing_now = lacking[one.customer_id, one.product_id].missing
    Shortage.objects.bulk_update(others, ["missing_now"])


def _stop(
    standing: Mapping[Place, Shortage], customers: Mapping[UUID, Customer], *, actor: Actor, at: datetime
) -> list[Notice]:
    """What nothing answers for is stopped where its own day has come, and everything else that was starts."""
    due = days_that_came(customers, at=at)
    marked = Resource.objects.filter(customer__in=customers, stopped_for_credit=True)
    before = set(marked.values_list("pk", flat=True))
    stop_for_credit(due - before, actor=actor, at=at)
    start_after_credit(before - due, actor=actor, at=at)
    stopped = _names(set(marked.filter(pk__in=due).values_list("pk", flat=True)) - before) if due - before else {}
    notices = [
        _notice(
            standing[place],
            Notice.Kind.CREDIT_STOPPED,
            customers,
            *([at] if standing[place].done_at else []),
            at=at,
            shortfall=standing[place].missing_now,
            names=names,
        )
        for place, names in stopped.items()
    ]
    done = [one for one in map(standing.__getitem__, stopped) if one.done_at is None and one.is_due(at)]
    for one in done:
        one.done_at = at
    Shortage.objects.bulk_update(done, ["done_at"])
    return notices


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
    one: Shortage,
    kind: Notice.Kind,
    customers: Mapping[UUID, Customer],
    /,
    *marks: object,
    at: datetime,
    **facts: object,
) -> Notice:
    return notice_of(customers[one.customer_id], kind, one.pk, *marks, at=at, product=str(one.product_id), **facts)


def _idle() -> QuerySet[Resource]:
    """What was stopped for lack of credit, lacks none, and is not being changed."""
    lacks = CreditWarning.objects.standing().filter(resource=OuterRef("pk")).exclude(came_at=None)
    changing = ProvisioningRequest.objects.unanswered().filter(resource=OuterRef("pk"))
    return Resource.objects.filter(~Exists(lacks), ~Exists(changing), stopped_for_credit=True)


def funded() -> QuerySet[Account]:
    """The bought credit of which something is not held."""
    return Account.objects.filter(kind=Account.Kind.CREDIT, balance__gt=F("held"))


def out_of_step(at: datetime) -> list[UUID]:
    """
    Customers who need not wait for the morning: of what was stopped for lack of credit and lacks none, but could not start when that was
    lifted; and those whose credit, questions or resting debts may lift what stands.
    """
    standing = Shortage.objects.standing()
    resting = Hold.objects.stopping_dunning().in_force(at).values("customer")
    bills = Invoice.objects.open().of_paid_time()
    questioned = Question.objects.open().filter(invoice__in=bills).values("customer")
    may_go = standing.filter(
        Q(customer__in=funded().values("customer")) | Q(customer__in=resting) | Q(customer__in=questioned)
    )
    return sorted({*_idle().values_list("customer", flat=True), *may_go.values_list("customer", flat=True)})
