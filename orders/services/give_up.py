"""Staff do not wait any longer for a product team's answer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.services import record_audit
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.reasons import Reason
from lifecycle.models import Failure, ProvisioningRequest
from orders.audit import Did
from orders.models import OrderItem
from orders.services.fulfil import answer_provisioning


class NothingExpected(DomainError):
    code = "nothing-expected"
    message = _("No answer of the product team is expected any more.")


@transaction.atomic
def give_up_provisioning(request_id: UUID, *, reason: str, actor: Actor, at: datetime) -> OrderItem:
    """
    The request counts as failed: its order item's money goes back to the wallet, and a later answer is refused.

    :raises NothingExpected: it has ended
    """
    item = OrderItem.objects.select_related("customer").get(request=request_id)
    Customer.objects.lock(item.customer_id)
    if not ProvisioningRequest.objects.unanswered().filter(pk=request_id).exists():
        raise NothingExpected
    given_up = str(Reason(Failure.GIVEN_UP, reason))
    answer_provisioning(request_id, ProvisioningRequest.State.FAILED, reason=given_up, actor=actor, at=at)
    record_audit(Did.GIVE_UP, request_id, actor=actor, at=at, reason=reason, customer=item.customer, refunded=item.due)
    return item
