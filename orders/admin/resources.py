"""Resources: to be looked at, restored from the trash, or given up when their provisioning is stuck."""

from __future__ import annotations

from datetime import datetime

from django.contrib import admin
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin, LookOnlyInline
from accounts.admin.shown import health_badge
from accounts.admin.tasks import Task
from catalog.configuration import Chosen
from catalog.models import Item
from kernel import clock, display
from kernel.actors import Actor
from kernel.shapes import Cleaned
from kernel.tags import text_of
from lifecycle.models import Resource, ServicePeriod, State
from lifecycle.rights import RESTORE_RESOURCE
from lifecycle.services.trash import restore_resource
from orders.admin.fulfilment import FailProvisioning
from orders.rights import REPORT_GONE
from orders.services.gone import report_gone


class RestoreResource(Task[Resource]):
    name = "restore"
    label = _("Restore from the trash")
    lead = _(
        "The resource runs again under its customer's billing mode: postpaid usage starts now; a prepaid one gets the"
        " renewal window to be paid for."
    )
    button = _("Restore")
    right = RESTORE_RESOURCE

    def is_open(self, subject: Resource, at: datetime) -> bool:
        return subject.is_recoverable(at)

    def context(self, subject: Resource, *, at: datetime) -> dict[str, object]:
        return {
            "facts": [
                (_("In the trash since"), display.instant(subject.suspended_at) if subject.suspended_at else ""),
                (_("Why"), subject.get_suspense_reason_display()),
                (_("Deleted for good"), display.instant(subject.purge_at) if subject.purge_at else ""),
                (_("Customer's billing mode"), subject.customer.get_billing_mode_display()),
            ]
        }

    def carry_out(self, subject: Resource, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        restored = restore_resource(subject.pk, reason=data["reason"], actor=actor, at=at)
        if restored.suspend_at:
            return text("%(name)s runs again and must be paid for until %(until)s.") % {
                "name": restored.name,
                "until": display.instant(restored.suspend_at),
            }
        return text("%(name)s runs again; its usage is billed from now on.") % {"name": restored.name}


class ReportGone(Task[Resource]):
    name = "gone"
    label = _("It is lost")
    lead = _(
        "The product team says that this resource does not exist any more. Service and billing end now: unused paid time goes"
        " back to the wallet, usage is invoiced, and the customer is told. Nothing brings it back."
    )
    button = _("Service ends now")
    right = REPORT_GONE
    dangerous = True

    def is_open(self, subject: Resource, at: datetime) -> bool:
        return subject.state not in (State.NEW, State.DELETED)

    def carry_out(self, subject: Resource, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        report_gone(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("%(name)s is deleted, and its customer has been told.") % {"name": subject.name}


def in_words(configuration: list[Chosen], resource: Resource) -> str:
    """A configuration as a sentence; the names of the product's items are read once per page."""
    page = vars(resource)
    if "item_names" not in page:
        page["item_names"] = {str(item.pk): str(item) for item in Item.objects.filter(product=resource.product_id)}
    names: dict[str, str] = page["item_names"]
    return ", ".join(f"{part['quantity']} × {names.get(part['item'], part['item'])}" for part in configuration)


class PeriodInline(LookOnlyInline):
    model = ServicePeriod
    fields = ("billing_mode", "starts_at", "ends_at", "holds")
    ordering = ("-starts_at",)

    @admin.display(description=_("configuration"))
    def holds(self, period: ServicePeriod) -> str:
        return in_words(period.configuration, period.resource)


@admin.register(Resource)
class ResourceAdmin(LookOnlyAdmin):
    about = (
        "customer",
        "product",
    )
    tasks = (RestoreResource(), FailProvisioning(), ReportGone())
    inlines = (PeriodInline,)
    list_display = ("name", "customer", "product", "state", "health", "paid_until", "purge_at", "billing_mode")
    list_select_related = ("customer", "product")
    list_filter = ("state", "billing_mode", "product", "suspense_reason", "rolls_over")
    search_fields = ("name", "customer__name", "customer__buyers__tax_code")
    fieldsets = (
        (None, {"fields": ("name", "state", "billing_mode", "customer", "product", "created_at", "changed_at")}),
        (_("Paid time"), {"fields": ("paid_until", "suspend_at", "rolls_over", "auto_renew_months")}),
        (_("Trash"), {"fields": ("suspense_reason", "suspended_at", "purge_at")}),
        (_("Configuration"), {"fields": ("holds", "tagged")}),
    )

    @admin.display(description=_("items"))
    def holds(self, resource: Resource) -> str:
        return in_words(resource.configuration, resource)

    @admin.display(description=_("tags"))
    def tagged(self, resource: Resource) -> str:
        return text_of(resource.tags)

    @admin.display(description=_("health"))
    def health(self, resource: Resource) -> str:
        return health_badge(resource.health(clock.now())) if resource.is_running else ""
