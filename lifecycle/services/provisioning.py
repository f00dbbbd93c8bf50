"""Asking product teams: requests are rows, answered once. `delivery` brings them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from kernel.errors import DomainError
from lifecycle.models import ProvisioningRequest, Resource

Verb = ProvisioningRequest.Verb


class AnsweredAlready(DomainError):
    code = "already-answered"
    message = _('This request has ended as "%(state)s"; a different answer comes too late.')


class NoAnswerExpected(DomainError):
    code = "no-answer-expected"
    status = 422
    message = _("Requests of this kind are carried out without an answer.")


def ask_product_team(
    resource: Resource,
    verb: ProvisioningRequest.Verb,
    *,
    at: datetime,
    configuration: Sequence[object] | None = None,
    expects_answer: bool | None = None,
) -> ProvisioningRequest:
    """
    Owe the product team a request about `resource`; creating and resizing wait for the answer until the time-out.

    :param expects_answer: False for what follows a decision that stands; None: as the verb is
    :raises IntegrityError: another answer about the resource is still expected
    """
    if expects_answer is None:
        expects_answer = verb in ProvisioningRequest.ANSWERED_VERBS
    return ProvisioningRequest.objects.create(
        resource=resource,
        product_id=resource.product_id,
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
