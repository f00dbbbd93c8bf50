"""Budgets are made, changed and removed by their customers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Value
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, CustomerKey
from accounts.services import record_audit
from budgets.audit import Did
from budgets.models import Budget, Scope, Stops
from budgets.queries import standings
from budgets.services.caps import let_go_of
from budgets.services.watching import watch
from catalog.models import Product
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.periods import CalendarMonth
from kernel.tags import LONGEST_KEY, LONGEST_VALUE, wanted
from lifecycle.models import Resource
from lifecycle.models.tags import are_alike
from notifications.models import Recipient

MOST_BUDGETS = 30
MOST_CHOSEN = 500


class TooManyBudgets(DomainError):
    code = "too-many-budgets"
    message = _("There are %(most)s budgets already. Remove one that is not used any more.")


class BudgetThere(DomainError):
    code = "budget-there"
    message = _("There is a budget for this already. Change its limit instead.")


class BudgetGone(DomainError):
    code = "budget-gone"
    message = _("This budget was removed.")


class BelowSpent(DomainError):
    """Asks: who means it says so, and is warned at once."""

    code = "below-spent"
    message = _(
        "%(spent)s ₫ are spent this month already, as much as the limit of %(limit)s ₫ or more. Confirm it, and you are warned at once."
    )


class ActsAtOnce(BelowSpent):
    code = "acts-at-once"
    message = _(
        "%(spent)s ₫ are spent this month already, as much as the limit of %(limit)s ₫ or more: the cap would act at once. Confirm"
        " that it should."
    )


class NotYourResources(DomainError):
    code = "not-your-resources"
    status = 422
    message = _("Choose what the cap stops: from one to %(most)s of your resources.")


class NotYourRecipients(DomainError):
    code = "not-your-recipients"
    status = 422
    message = _("Choose among your recipients.")


class NotByKey(DomainError):
    """Whoever holds a key would lift what is to hold it."""

    code = "not-by-key"
    status = 403
    message = _(
        "Programs may not do this: what an API key may spend, and how a cap is loosened, is decided by somebody who signs in."
    )


class NotActing(DomainError):
    code = "not-acting"
    message = _("This cap does nothing at present.")


class NothingOfThis(DomainError):
    code = "no-such-part"
    status = 422
    message = _("There is no such product or API key.")


class NotATag(DomainError):
    code = "not-a-tag"
    status = 422
    message = _("Write a tag with its value, as Environment=production.")


@transaction.atomic
def set_budget(
    customer: Customer,
    limit: int,
    *,
    product: Product | None = None,
    key: CustomerKey | None = None,
    tag: str = "",
    confirmed: bool = False,
    actor: Actor,
    at: datetime,
) -> Budget:
    """
    A limit for each month on everything, on a product, on what a key orders, or on what is tagged so ("Environment=production").

    :param confirmed: also where it is reached already
    :raises BelowSpent: it is, and nobody has confirmed that
    :raises BudgetThere: change that
    :raises TooManyBudgets:
    :raises NothingOfThis: the key is somebody else's
    :raises NotATag:
    """
    held = Customer.objects.lock_open(customer.pk)
    if key is not None and key.customer_id != held.pk:
        raise NothingOfThis
    tag_key, tag_value = _tag(tag)
    scope = Scope.KEY if key else Scope.PRODUCT if product else Scope.TAG if tag_key else Scope.EVERYTHING
    mine = Budget.objects.standing().filter(customer=held)
    same = [are_alike(F("tag_key"), Value(tag_key)), are_alike(F("tag_value"), Value(tag_value))]
    if mine.filter(*same, scope=scope, product=product, key=key).exists():
        raise BudgetThere
    if mine.count() >= MOST_BUDGETS:
        raise TooManyBudgets(most=MOST_BUDGETS)
    budget = Budget.objects.create(
        customer=held,
        scope=scope,
        product=product,
        key=key,
        tag_key=tag_key,
        tag_value=tag_value,
        monthly_limit=limit,
        created_at=at,
    )
    record_audit(Did.SET_BUDGET, budget.pk, actor=actor, at=at, reason="", customer=held, limit=limit, **_named(budget))
    _ask_and_warn(budget, confirmed=confirmed, at=at)
    return budget


@transaction.atomic
def change_budget(budget_id: UUID, limit: int, *, confirmed: bool = False, actor: Actor, at: datetime) -> Budget:
    """
    Another limit. Raised, its marks are told again when they are reached again; the same limit changes nothing.

    :param confirmed: also where it is reached already
    :raises BelowSpent: it is, and nobody has confirmed that
    :raises BudgetGone:
    :raises NotByKey:
    """
    budget = _hold(budget_id)
    before = budget.monthly_limit
    if limit == before:
        return budget
    _refuse_keys(budget, loosens=budget.is_cap and limit > before, actor=actor)
    budget.monthly_limit, budget.raised = limit, budget.raised + (limit > before)
    budget.save(update_fields=["monthly_limit", "raised"])
    record_audit(
        Did.CHANGE_BUDGET, budget.pk, actor=actor, at=at, reason="", customer=budget.customer, limit=limit,
        limit_before=before, **_named(budget),
    )  # fmt: skip
    _ask_and_warn(budget, confirmed=confirmed or limit > before, at=at)
    return budget


@dataclass(frozen=True, slots=True)
class Cap:
    """What happens when a budget is spent: `chosen` are ids of resources."""

    refuses_orders: bool = False
    stops: Stops = Stops.NOTHING
    chosen: Collection[UUID] = ()
    starts_again: bool = True


@transaction.atomic
def set_readers(budget_id: UUID, readers: Collection[UUID], *, actor: Actor, at: datetime) -> Budget:
    """
    Which of the customer's recipients are told of it, of those who chose notices about budgets; none named: all.

    :raises NotYourRecipients:
    :raises BudgetGone:
    :raises NotByKey:
    """
    budget, chosen = _hold(budget_id), sorted(set(readers))
    if Recipient.objects.in_use().filter(pk__in=chosen, customer=budget.customer_id).count() != len(chosen):
        raise NotYourRecipients
    _refuse_keys(budget, loosens=False, actor=actor)
    if budget.readers != chosen:
        budget.readers = chosen
        budget.save(update_fields=["readers"])
        record_audit(
            Did.CHANGE_BUDGET, budget.pk, actor=actor, at=at, reason="", customer=budget.customer,
            readers=[str(pk) for pk in chosen], **_named(budget),
        )  # fmt: skip
    return budget


@transaction.atomic
def set_cap(budget_id: UUID, cap: Cap, *, confirmed: bool = False, actor: Actor, at: datetime) -> Budget:
    """
    Let a budget act when it is reached, or only tell.

    :param confirmed: also where it is reached already, and acts at once
    :raises ActsAtOnce: it would, and nobody has confirmed that
    :raises NotYourResources: those that are to stop
    :raises BudgetGone:
    :raises NotByKey:
    """
    budget = _hold(budget_id)
    chosen = sorted(set(cap.chosen)) if cap.stops == Stops.CHOSEN else []
    own = Resource.objects.filter(pk__in=chosen, customer=budget.customer_id).count()
    if own != len(chosen) or len(chosen) > MOST_CHOSEN or (cap.stops == Stops.CHOSEN and not chosen):
        raise NotYourResources(most=MOST_CHOSEN)
    _refuse_keys(budget, loosens=_loosens(budget, cap), actor=actor)
    budget.refuses_orders, budget.stops, budget.starts_again = cap.refuses_orders, cap.stops, cap.starts_again
    budget.chosen = chosen
    budget.save(update_fields=["refuses_orders", "stops", "starts_again", "chosen"])
    record_audit(
        Did.SET_CAP, budget.pk, actor=actor, at=at, reason="", customer=budget.customer, acts=budget.acts,
        stops=budget.stops, chosen=[str(pk) for pk in chosen], **_named(budget),
    )  # fmt: skip
    (standing,) = standings([budget], at=at)
    if budget.is_acting(at) and standing.is_reached and not confirmed:
        raise ActsAtOnce(spent=standing.spent, limit=budget.monthly_limit, field="confirm")
    watch([budget.customer_id], at=at)
    return budget


@transaction.atomic
def lift_cap(budget_id: UUID, *, reason: str, actor: Actor, at: datetime) -> Budget:
    """
    Staff let a cap do nothing until the month ends.

    :raises NotActing: it does nothing as it is
    """
    budget = _hold(budget_id)
    if not budget.is_acting(at):
        raise NotActing
    budget.lifted_until = CalendarMonth.of(at).period.ends_at
    budget.save(update_fields=["lifted_until"])
    record_audit(Did.LIFT_CAP, budget.pk, actor=actor, at=at, reason=reason, customer=budget.customer, **_named(budget))
    watch([budget.customer_id], at=at)
    return budget


@transaction.atomic
def remove_budget(budget_id: UUID, *, actor: Actor, at: datetime) -> Budget:
    """It counts no more; removing it again changes nothing. :raises NotByKey:"""
    budget = _hold(budget_id, standing=False)
    if budget.is_standing:
        _refuse_keys(budget, loosens=budget.is_cap, actor=actor)
        budget.removed_at = max(at, budget.created_at)
        budget.save(update_fields=["removed_at"])
        let_go_of(budget, at=at)
        record_audit(
            Did.REMOVE_BUDGET, budget.pk, actor=actor, at=at, reason="", customer=budget.customer, limit=budget.monthly_limit,
            **_named(budget),
        )  # fmt: skip
    return budget


def _tag(text: str) -> tuple[str, str]:
    """
    (key, value); nothing of nothing.

    :raises NotATag:
    """
    asked = wanted(text)
    if asked is None and not text.strip():
        return "", ""
    if asked is None or asked.value is None or len(asked.key) > LONGEST_KEY or len(asked.value) > LONGEST_VALUE:
        raise NotATag(field="tag")
    return asked.key, asked.value


def changes_what_it_stops(budget: Budget, cap: Cap) -> bool:
    """For that it takes the right to stop resources as well."""
    chosen = set(cap.chosen) if cap.stops == Stops.CHOSEN else set()
    return cap.stops != budget.stops or chosen != set(budget.chosen)


def stops_sooner(budget: Budget, limit: int) -> bool:
    """So does lowering the limit of a cap that stops something: it may be reached at once."""
    return budget.stops != Stops.NOTHING and limit < budget.monthly_limit


def _loosens(budget: Budget, cap: Cap) -> bool:
    """Whether less is refused, or something is stopped no more that was."""
    if budget.refuses_orders and not cap.refuses_orders:
        return True
    return budget.stops != Stops.NOTHING and (budget.stops != cap.stops or not set(budget.chosen) <= set(cap.chosen))


def _refuse_keys(budget: Budget, *, loosens: bool, actor: Actor) -> None:
    """:raises NotByKey: a key changes a budget of a key, or loosens a cap"""
    if actor.key and (loosens or budget.scope == Scope.KEY):
        raise NotByKey


def _ask_and_warn(budget: Budget, *, confirmed: bool, at: datetime) -> None:
    """:raises BelowSpent:"""
    (standing,) = standings([budget], at=at)
    if standing.is_reached and not confirmed:
        raise BelowSpent(spent=standing.spent, limit=budget.monthly_limit, field="limit")
    watch([budget.customer_id], at=at)


def _hold(budget_id: UUID, *, standing: bool = True) -> Budget:
    """Its customer first. :raises BudgetGone:"""
    Customer.objects.lock(Budget.objects.values_list("customer", flat=True).get(pk=budget_id))
    budget = Budget.objects.lock(budget_id)
    if standing and not budget.is_standing:
        raise BudgetGone
    return budget


def _named(budget: Budget) -> dict[str, object]:
    """What it is about, for the trail."""
    return {"scope": budget.scope, "of": budget.about if budget.scope != Scope.EVERYTHING else ""}
