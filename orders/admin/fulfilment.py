"""What product teams were asked, and giving up on an answer that does not come."""

from __future__ import annotations

from datetime import datetime

from django.contrib import admin
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin
from accounts.admin.tasks import Task
from kernel import display
from kernel.actors import Actor
from kernel.shapes import Cleaned
from lifecycle.admin import RetryRequest
from lifecycle.models import ProvisioningRequest, Resource
from orders.models import OrderItem
from orders.rights import FAIL_PROVISIONING
from orders.services.give_up import NothingExpected, give_up_provisioning


class FailProvisioning(Task[Resource | ProvisioningRequest]):
    """Of a request, or of the request that its resource waits for."""

    name = "fail-provisioning"
    label = _("Give up and refund")
    lead = _("Counts as failed: the order item's money goes back to the wallet, and a later answer is refused.")
    button = _("Give up and refund")
    right = FAIL_PROVISIONING
    dangerous = True

    def is_open(self, subject: Resource | ProvisioningRequest, at: datetime) -> bool:
        return awaited_request(subject) is not None

    def context(self, subject: Resource | ProvisioningRequest, *, at: datetime) -> dict[str, object]:
        request = _awaited(subject)
        item = OrderItem.objects.select_related("order").get(request=request)
        return {
            "facts": [
                (_("Request"), request.get_verb_display()),
                (_("Order"), str(item.order)),
                (_("Goes back to the wallet"), display.money(item.due)),
            ]
        }

    def carry_out(self, subject: Resource | ProvisioningRequest, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        item = give_up_provisioning(_awaited(subject).pk, reason=data["reason"], actor=actor, at=at)
        return text("%(amount)s went back to the wallet.") % {"amount": display.money(item.due)}


def awaited_request(subject: Resource | ProvisioningRequest) -> ProvisioningRequest | None:
    """The request whose answer is still expected."""
    unanswered = ProvisioningRequest.objects.unanswered()
    if isinstance(subject, Resource):
        return unanswered.filter(resource=subject).first()
    return unanswered.filter(pk=subject.pk).first()


def _awaited(subject: Resource | ProvisioningRequest) -> ProvisioningRequest:
    request = awaited_request(subject)
    if request is None:
        raise NothingExpected
    return request


@admin.register(ProvisioningRequest)
class ProvisioningRequestAdmin(LookOnlyAdmin):
    about = ("resource",)
    tasks = (RetryRequest(), FailProvisioning())
    list_display = ("requested_at", "verb", "resource", "state", "attempts", "deadline", "answered_at", "why")
    list_select_related = ("resource",)
    list_filter = ("state", "verb", "expects_answer", "resource__product")
    search_fields = ("resource__name", "resource__customer__name", "reason")
    date_hierarchy = "requested_at"

    @admin.display(description=_("reason of failure"))
    def why(self, request: ProvisioningRequest) -> str:
        return request.why
