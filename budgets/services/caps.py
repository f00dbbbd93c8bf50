"""
What caps do: they stand from the minute in which they are reached until they are lifted, and what they stop follows.

A cap is lifted when its limit is raised above what is spent, when the month ends, when it is changed or removed, or by our staff. Nothing is
ever deleted at a cap: what was stopped is kept as any stopped resource is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from budgets.models import Budget, Hit, Stops
from budgets.queries import Standing
from budgets.scopes import SCOPES
from budgets.words import code_of, told_to
from kernel.actors import Actor
from lifecycle.models import Resource, State
from lifecycle.services.halts import let_go_of_caps, stop_for_caps
from notifications.models import Notice
from notifications.services import notice_of, tell_all

ACTOR = Actor.job("watch-budgets")
Why = Hit.Why


def follow(found: Sequence[Standing], *, at: datetime) -> None:
    """Caps that are reached stand, others are lifted, and resources follow. The caller holds the customers."""
    customers = {one.budget.customer_id for one in found}
    standing = {hit.budget_id: hit for hit in Hit.objects.standing().filter(customer__in=customers)}
    begun, lifted = [], []
    for one in found:
        hit, acts = standing.get(one.budget.pk), one.budget.is_acting(at) and one.is_reached
        if hit and not (acts and hit.month == one.month.key):
            hit.lift(_why(hit, one, at), at=at)
            lifted.append((hit, one.budget))
        if acts and (hit is None or hit.lifted_at):
            begun.append((_hit(one, at=at), one.budget))
    Hit.objects.bulk_update([hit for hit, _budget in lifted], ["lifted_at", "because"])
    Hit.objects.bulk_create([hit for hit, _budget in begun])
    stopped, started = _put_in_step(customers, at=at) if standing or begun else ({}, {})
    for hit, budget in begun:
        hit.stopped = stopped.get(budget.pk, 0)
    Hit.objects.bulk_update([hit for hit, _budget in begun if hit.stopped], ["stopped"])
    tell_all(
        [
            *(_reached(hit, budget, at=at) for hit, budget in begun),
            *(_lifted(hit, budget, started.get(budget.pk, 0), at=at) for hit, budget in lifted),
        ]
    )


def let_go_of(budget: Budget, *, at: datetime) -> None:
    """It was removed. The caller holds its customer."""
    hit = Hit.objects.standing().filter(budget=budget).first()
    if hit:
        hit.lift(Why.CHANGED, at=at)
        hit.save(update_fields=["lifted_at", "because"])
        _stopped, started = _put_in_step({budget.customer_id}, at=at)
        tell_all([_lifted(hit, budget, started.get(budget.pk, 0), at=at)])


def let_go_of_what_waited(customers: Collection[UUID], *, at: datetime) -> None:
    """
    What caps had stopped that stand no more: what was being changed when they were lifted was left to a later time, and this is it. The
    caller holds the customers, who may have no budget any more.
    """
    standing = Hit.objects.standing().filter(customer__in=customers)
    marked = Resource.objects.filter(customer__in=customers, stopped_for_cap__isnull=False)
    if marked.exclude(stopped_for_cap__in=standing.values("budget")).exists():
        _put_in_step(customers, at=at)


def what_it_stops(budget: Budget) -> Q:
    """Of the resources of its customer: those that a cap stops."""
    within = SCOPES[budget.scope].resources(budget)
    if budget.stops == Stops.CHOSEN:
        return within & Q(pk__in=budget.chosen)
    return within & Q(billing_mode="postpaid")


def _why(hit: Hit, one: Standing, at: datetime) -> str:
    budget = one.budget
    if hit.month != one.month.key:
        return Why.MONTH_OVER
    if not budget.is_cap:
        return Why.CHANGED
    if not budget.is_acting(at):
        return Why.STAFF
    return Why.RAISED if budget.monthly_limit > hit.monthly_limit else Why.MADE_ROOM


def _hit(one: Standing, *, at: datetime) -> Hit:
    budget = one.budget
    return Hit(
        budget=budget,
        customer_id=budget.customer_id,
        month=one.month.key,
        monthly_limit=budget.monthly_limit,
        spent=one.spent,
        at=at,
    )


def _put_in_step(customers: Collection[UUID], *, at: datetime) -> tuple[Mapping[UUID, int], Mapping[UUID, int]]:
    """
    What is to stop is stopped, what caps had stopped for nothing is let go.

    Returns how many of them each cap found running, and how many are started that each had stopped.
    """
    stopping: dict[UUID, UUID] = {}
    covered: set[UUID] = set()
    found: Counter[UUID] = Counter()
    caps = Budget.objects.filter(hits__lifted_at=None, hits__customer__in=customers).exclude(stops=Stops.NOTHING)
    for budget in caps.with_what_they_are_about().order_by("pk"):
        mine = Resource.objects.running().filter(what_it_stops(budget), customer=budget.customer_id)
        for pk, state, cap in mine.values_list("pk", "state", "stopped_for_cap"):
            covered.add(pk)
            if cap is None:
                stopping.setdefault(pk, budget.pk)
                found[budget.pk] += state == State.ACTIVE
    if stopping:
        stop_for_caps(stopping, actor=ACTOR, at=at)
    idle: dict[UUID, list[UUID]] = defaultdict(list)
    marked = Resource.objects.filter(customer__in=customers, stopped_for_cap__isnull=False).exclude(pk__in=covered)
    for pk, cap in marked.values_list("pk", "stopped_for_cap"):
        if cap is not None:
            idle[cap].append(pk)
    again = dict(Budget.objects.filter(pk__in=idle).values_list("pk", "starts_again")) if idle else {}
    started = {cap: let_go_of_caps(pks, starts=again[cap], actor=ACTOR, at=at) for cap, pks in idle.items()}
    return found, started


def _reached(hit: Hit, budget: Budget, *, at: datetime) -> Notice:
    return notice_of(
        budget.customer,
        Notice.Kind.CAP_REACHED,
        budget.pk,
        hit.month,
        hit.pk,
        at=at,
        limit=hit.monthly_limit,
        spent=hit.spent,
        month=hit.month,
        budget=code_of(budget),
        acts=budget.acts,
        stops=budget.stops,
        stopped=hit.stopped,
        afterwards=_afterwards(budget),
        **told_to(budget),
    )


def _lifted(hit: Hit, budget: Budget, started: int, *, at: datetime) -> Notice:
    return notice_of(
        budget.customer,
        Notice.Kind.CAP_LIFTED,
        budget.pk,
        hit.month,
        hit.pk,
        at=at,
        budget=code_of(budget),
        because=str(hit.because),
        started=started,
        stopped=hit.stopped,
        afterwards=_afterwards(budget),
        **told_to(budget),
    )


def _afterwards(budget: Budget) -> str:
    if budget.stops == Stops.NOTHING:
        return ""
    return "again" if budget.starts_again else "by_hand"
