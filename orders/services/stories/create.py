"""Create: new resources, paid for, provisioned by the product team, and Active from the minute of its answer."""

from __future__ import annotations

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog.configuration import check_configuration
from catalog.models import Product
from invoices.models import Invoice
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.periods import Period
from kernel.shapes import Cleaned
from lifecycle.models import ProvisioningRequest, Resource
from lifecycle.services.provisioning import Verb, ask_product_team
from lifecycle.services.running import activate_resource, create_resource, give_up_resource
from notifications.models import Notice
from orders.deal import Part
from orders.models import Action, OrderItem
from orders.services.stories.base import Story, charge_for
from orders.services.stories.inputs import auto_renew_of, check_name, months_of, quantity_of, tags_of
from orders.services.stories.settling import bill_paid


class NotOnSale(DomainError):
    code = "not-on-sale"
    message = _("This product is not on sale at the moment.")


class Create(Story):
    action = Action.CREATE
    notice = Notice.Kind.RESOURCE_CREATED
    page = "new-resource"

    def way_back(self, inputs: Cleaned) -> str:
        return reverse(self.page)

    def offer(self, customer: Customer, inputs: Cleaned, *, at: datetime) -> list[Part]:
        product = Product.objects.filter(pk=inputs["product"]).first()
        if product is None or not product.is_on_sale:
            raise NotOnSale
        quantity = quantity_of(inputs)
        name = check_name(str(inputs["name"]))
        configuration = check_configuration(product, inputs["items"])
        postpaid = customer.is_postpaid
        months = 1 if postpaid else months_of(inputs)
        period = Period.of_months(months, starting=at)
        charge = charge_for(customer, configuration, period, at=at, ahead=not postpaid)
        auto_renew = None if postpaid else auto_renew_of(inputs)
        tags = tags_of(inputs)
        return [
            Part(
                product.pk,
                name if quantity == 1 else f"{name}-{number}",
                configuration,
                charge,
                period,
                months=None if postpaid else months,
                auto_renew_months=auto_renew,
                postpaid=postpaid,
                tags=tags,
            )
            for number in range(1, quantity + 1)
        ]

    def begin(self, item: OrderItem, *, actor: Actor, at: datetime) -> ProvisioningRequest:
        item.resource, request = create_resource(
            item.order.customer,
            Product.objects.get(pk=item.part.product_id),
            name=item.part.name,
            configuration=item.part.configuration,
            tags=item.part.tags,
            ordered_by=item.order.actor,
            actor=actor,
            at=at,
            order_id=item.order_id,
        )
        return request

    def complete(self, item: OrderItem, resource: Resource, *, actor: Actor, at: datetime) -> Invoice | None:
        if not resource.is_prepaid:
            activate_resource(resource, paid_until=None, actor=actor, at=at, order_id=item.order_id)
            return None
        period = item.part.period_from(at)
        resource.auto_renew_months = item.part.auto_renew_months
        activate_resource(resource, paid_until=period.ends_at, actor=actor, at=at, order_id=item.order_id)
        return bill_paid(item, resource, period, at=at)

    def give_back(self, item: OrderItem, resource: Resource, *, reason: str, actor: Actor, at: datetime) -> None:
        give_up_resource(resource, reason=reason, actor=actor, at=at, order_id=item.order_id)

    def clean_up(self, item: OrderItem, resource: Resource, *, at: datetime) -> None:
        ask_product_team(resource, Verb.PURGE, at=at)
