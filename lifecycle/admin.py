"""What happened to resources, and retrying a request. Resources and requests are looked after in `orders.admin`."""

from __future__ import annotations

from datetime import datetime

from django.contrib import admin
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin
from accounts.admin.tasks import Task
from kernel.actors import Actor
from kernel.shapes import Cleaned
from lifecycle.models import CreditWarning, DeliveryChannel, ProvisioningRequest, ResourceEvent, ServicePeriod
from lifecycle.rights import RETRY_PRODUCT, RETRY_REQUEST
from lifecycle.services.delivery import deliver_again, try_again_now


class RetryRequest(Task[ProvisioningRequest]):
    name = "retry"
    label = _("Deliver again")
    lead = _(
        "The product team did not take this request. It waits for delivery again, before later ones of its resource."
    )
    button = _("Deliver again")
    right = RETRY_REQUEST

    def is_open(self, subject: ProvisioningRequest, at: datetime) -> bool:
        return subject.state == ProvisioningRequest.State.PARKED

    def carry_out(self, subject: ProvisioningRequest, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        deliver_again(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("The request waits for delivery.")


class TryAgainNow(Task[DeliveryChannel]):
    name = "try-again"
    label = _("Try again now")
    lead = _("The product's system is up again: whatever waits for it is due at once.")
    button = _("Try again now")
    right = RETRY_PRODUCT

    def is_open(self, subject: DeliveryChannel, at: datetime) -> bool:
        return subject.failures > 0

    def carry_out(self, subject: DeliveryChannel, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        try_again_now(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("The requests of %(product)s wait for delivery.") % {"product": subject.product.code}


@admin.register(DeliveryChannel)
class DeliveryChannelAdmin(LookOnlyAdmin):
    tasks = (TryAgainNow(),)
    list_display = ("product", "failures", "failing_since", "rests_until", "slowest_call_ms", "error")
    list_select_related = ("product",)
    search_fields = ("product__code",)
    ordering = ("-failures", "pk")


@admin.register(ServicePeriod)
class ServicePeriodAdmin(LookOnlyAdmin):
    list_display = ("resource", "customer", "billing_mode", "starts_at", "ends_at")
    list_select_related = ("resource", "customer")
    list_filter = ("billing_mode",)
    search_fields = ("resource__name", "customer__name")
    ordering = ("-starts_at", "-pk")


@admin.register(CreditWarning)
class CreditWarningAdmin(LookOnlyAdmin):
    list_display = ("told_at", "resource", "customer", "stops_at", "came_at", "ended_at")
    list_select_related = ("resource", "customer")
    list_filter = (("ended_at", admin.EmptyFieldListFilter),)
    search_fields = ("resource__name", "customer__name")
    ordering = ("-told_at", "-pk")


@admin.register(ResourceEvent)
class ResourceEventAdmin(LookOnlyAdmin):
    about = ("resource",)
    list_display = ("at", "resource", "customer", "kind", "from_state", "to_state", "actor", "why")
    list_select_related = ("resource", "customer")
    list_filter = ("kind", "actor_kind")
    search_fields = ("resource__name", "customer__name", "actor")
    date_hierarchy = "at"

    @admin.display(description=_("why"))
    def why(self, event: ResourceEvent) -> str:
        return event.why
