"""Asking product teams: requests are rows, delivered in order per resource, answered once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kernel.errors import DomainError
from lifecycle.models import ProvisioningRequest, Resource
from lifecycle.provisioners import NotDelivered, provisioner_of

logger = logging.getLogger(__name__)

Verb = ProvisioningRequest.Verb
MAXIMUM_ATTEMPTS = 8


class AnsweredAlready(DomainError):
    code = "already-answered"
    message = _('This request has ended as "%(state)s"; a different answer comes too late.')


class NoAnswerExpected(DomainError):
    code = "no-answer-expected"
    status = 400
    message = _("Requests of this kind are carried out without an answer.")


def ask_product_team(
    resource: Resource, verb: ProvisioningRequest.Verb, *, at: datetime, configuration: Sequence[object] | None = None
) -> ProvisioningRequest:
    """
    Owe the product team a request about `resource`; creating and resizing wait for the answer until the time-out.

    :raises IntegrityError: another answer about the resource is still expected
    """
    expects_answer = verb in ProvisioningRequest.ANSWERED_VERBS
    return ProvisioningRequest.objects.create(
        resource=resource,
        verb=verb,
        configuration=resource.configuration if configuration is None else configuration,
        expects_answer=expects_answer,
        requested_at=at,
        next_attempt_at=at,
        deadline=at + timedelta(minutes=settings.PROVISIONING_TIMEOUT_MINUTES) if expects_answer else None,
    )


def close_request(
    request: ProvisioningRequest, state: ProvisioningRequest.State, *, at: datetime, reason: str = ""
) -> bool:
    """
    End a request that the caller holds; returns False when it had ended in the same way already.

    :raises NoAnswerExpected: the verb takes no answer
    :raises AnsweredAlready: it has ended otherwise, by an answer or by the time-out
    """
    if not request.expects_answer:
        raise NoAnswerExpected
    if not request.is_open:
        if request.state == state:
            return False
        raise AnsweredAlready(state=request.get_state_display())
    request.state, request.answered_at, request.reason = state, at, reason
    request.save(update_fields=["state", "answered_at", "reason"])
    return True


def deliver_requests(*, at: datetime, limit: int = 100) -> int:
    """Hand over what waits, one request per transaction and call; returns how many were delivered."""
    delivered = 0
    for pk in (
        ProvisioningRequest.objects.due_for_delivery(at)
        .order_by("next_attempt_at", "pk")
        .values_list("pk", flat=True)[:limit]
    ):
        delivered += _deliver(pk, at=at)
    return delivered


def _deliver(pk: UUID, *, at: datetime) -> bool:
    """The attempt is committed before the call, so a killed worker neither loses nor hammers."""
    with transaction.atomic():
        request = (
            ProvisioningRequest.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(pk=pk)
            .select_related("resource__product")
            .first()
        )
        if request is None or request.state != ProvisioningRequest.State.PENDING or request.next_attempt_at > at:
            return False
        request.attempts += 1
        request.next_attempt_at = at + timedelta(seconds=min(5 * 2**request.attempts, 3600))
        request.save(update_fields=["attempts", "next_attempt_at"])
    try:
        provisioner_of(request.resource.product).deliver(payload_of(request))
    except NotDelivered as failure:
        logger.warning("provisioning request %s not delivered, attempt %s: %s", pk, request.attempts, failure)
        if request.attempts >= MAXIMUM_ATTEMPTS and not request.expects_answer:
            ProvisioningRequest.objects.filter(pk=pk, state="pending").update(
                state=ProvisioningRequest.State.PARKED, reason=str(failure)[:500]
            )
        return False
    # The answer may have arrived during the call: only a request that still waits becomes "delivered".
    ProvisioningRequest.objects.filter(pk=pk, state=ProvisioningRequest.State.PENDING).update(
        state=ProvisioningRequest.State.DELIVERED, delivered_at=at
    )
    return True


def payload_of(request: ProvisioningRequest) -> dict[str, Any]:
    """What the product team receives; items by their codes, as everywhere in the API."""
    resource = request.resource
    codes = {str(pk): code for pk, code in resource.product.items.values_list("pk", "code")}
    return {
        "id": str(request.pk),
        "type": request.verb,
        "resource": {
            "id": str(resource.pk),
            "name": resource.name,
            "product": resource.product.code,
            "customer": str(resource.customer_id),
            "configuration": [
                {"item": codes[entry["item"]], "quantity": entry["quantity"]} for entry in request.configuration
            ],
        },
        "answer_expected": request.expects_answer,
    }
