"""Recover: back from the trash for a newly paid period that begins now, before the time there is over."""

from __future__ import annotations

from datetime import datetime

from accounts.models import Customer
from invoices.models import Invoice
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.periods import Period
from kernel.shapes import Cleaned
from lifecycle.models import Resource, ResourceEvent
from lifecycle.services.acts import Act, NotRecoverable, refuse
from lifecycle.services.trash import bring_back
from notifications.models import Notice
from orders.deal import Part
from orders.models import Action, OrderItem
from orders.services.stories.base import Story, charge_for, own_resources, refuse_postpaid
from orders.services.stories.inputs import auto_renew_of, months_of
from orders.services.stories.settling import bill_paid


class Recover(Story):
    action = Action.RECOVER
    notice = Notice.Kind.RESOURCE_RECOVERED
    page = "recover"

    def offer(self, customer: Customer, inputs: Cleaned, *, at: datetime) -> list[Part]:
        refuse_postpaid(customer, self.action)
        (resource,) = own_resources(customer, [inputs["resource"]])
        refuse(Act.RECOVER, resource, at=at)
        months = months_of(inputs)
        period = Period.of_months(months, starting=at)
        return [
            Part(
                resource.product_id,
                resource.name,
                resource.configuration,
                charge_for(customer, resource.configuration, period, at=at),
                period,
                months=months,
                resource_id=resource.pk,
                auto_renew_months=auto_renew_of(inputs),
            )
        ]

    def refusal(self, part: Part, resource: Resource, *, at: datetime) -> type[DomainError] | None:
        return None if resource.is_recoverable(at) else NotRecoverable

    def complete(self, item: OrderItem, resource: Resource, *, actor: Actor, at: datetime) -> Invoice | None:
        """Auto-renew is as agreed now: what was agreed before it went to the trash has ended."""
        period = item.part.period_from(at)
        resource.billing_mode = resource.customer.billing_mode
        recovered = ResourceEvent.Kind.RECOVERED
        resource.auto_renew_months = item.part.auto_renew_months
        bring_back(resource, period=period, event=recovered, actor=actor, at=at, order_id=item.order_id)
        return bill_paid(item, resource, period, at=at)
