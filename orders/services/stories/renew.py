"""Renew: more paid time from the present end on, by some months each or for several resources to one common end."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog.terms import MONTHS
from invoices.models import Invoice
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.periods import Period
from kernel.shapes import Cleaned
from lifecycle.models import Resource, ResourceEvent
from lifecycle.services.acts import Act, refuse
from lifecycle.services.running import extend_resource
from lifecycle.services.trash import bring_back
from notifications.models import Notice
from orders.deal import Part
from orders.models import Action, OrderItem
from orders.services.stories.base import (
    NothingToDo,
    NotRunningAnyMore,
    Pricing,
    RenewedMeanwhile,
    Story,
    own_resources,
    refuse_postpaid,
)
from orders.services.stories.inputs import match_end_of, months_of
from orders.services.stories.settling import bill_paid


class NewEndInThePast(DomainError):
    code = "new-end-in-the-past"
    message = _("The new end would still lie in the past. Choose a longer period.")


class EndTooEarly(DomainError):
    code = "end-too-early"
    status = 422
    message = _("The common end must not be earlier than the latest end of the chosen resources.")


class EndTooLate(DomainError):
    code = "end-too-late"
    status = 422
    message = format_lazy(
        _("At most {months} months can be added at once. Choose an earlier common end."), months=max(MONTHS)
    )


class Renew(Story):
    action = Action.RENEW
    notice = Notice.Kind.RESOURCE_RENEWED
    page = "renew"

    def way_back(self, inputs: Cleaned) -> str:
        return f"{reverse(self.page)}?{urlencode({'resource': inputs['resources']}, doseq=True)}"

    def offer(self, customer: Customer, inputs: Cleaned, *, at: datetime) -> list[Part]:
        refuse_postpaid(customer, self.action)
        resources = own_resources(customer, inputs["resources"])
        for resource in resources:
            refuse(Act.RENEW, resource, at=at)
        common_end = match_end_of(inputs)
        months = None if common_end else months_of(inputs)
        if common_end:
            if common_end < max(map(_end_of, resources)):
                raise EndTooEarly
            if common_end > Period.of_months(max(MONTHS), starting=min(map(_end_of, resources))).ends_at:
                raise EndTooLate
            resources = [resource for resource in resources if _end_of(resource) < common_end]
        if not resources:
            raise NothingToDo
        pricing = Pricing(customer, [resource.configuration for resource in resources], at=at)
        return [_part(resource, pricing, months=months, until=common_end, at=at) for resource in resources]

    def refusal(self, part: Part, resource: Resource, *, at: datetime) -> type[DomainError] | None:
        if not resource.is_renewable(at):
            return NotRunningAnyMore
        if resource.paid_until != part.period.starts_at:
            return RenewedMeanwhile
        return NewEndInThePast if part.period.ends_at <= at else None

    def complete(self, item: OrderItem, resource: Resource, *, actor: Actor, at: datetime) -> Invoice | None:
        """From the trash, the new period begins where the old one ended, too: the days in between are paid."""
        period = item.part.period
        if resource.is_in_trash:
            renewed = ResourceEvent.Kind.RENEWED
            bring_back(resource, period=period, event=renewed, actor=actor, at=at, order_id=item.order_id)
        else:
            extend_resource(resource, until=period.ends_at, actor=actor, at=at, order_id=item.order_id)
        return bill_paid(item, resource, period, at=at)


def _part(resource: Resource, pricing: Pricing, *, months: int | None, until: datetime | None, at: datetime) -> Part:
    start = _end_of(resource)
    period = Period(start, until) if until else Period.of_months(months or 0, starting=start)
    if period.ends_at <= at:
        raise NewEndInThePast
    return Part(
        resource.product_id,
        resource.name,
        resource.configuration,
        pricing.charge(resource.configuration, period),
        period,
        months=months,
        resource_id=resource.pk,
    )


def _end_of(resource: Resource) -> datetime:
    assert resource.paid_until is not None, "prepaid resources know their end"
    return resource.paid_until
