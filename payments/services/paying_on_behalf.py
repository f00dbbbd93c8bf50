"""The payer's side: paying what a customer asked for, through a gateway's page or by bank transfer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext, override

from kernel.actors import Actor
from payments.models import ExpectedTransfer, Payment, PaymentRequest
from payments.services.behalf import NotAskedAnyMore, give_up_attempts, hold_request
from payments.services.expected import ask_for_transfer
from payments.services.gateway import open_attempt, send
from payments.services.shareable import due_on_behalf
from payments.services.ways import Way


def pay_on_behalf(request_id: UUID, *, gateway: str, at: datetime) -> Payment:
    """
    Open the payer's attempt at a gateway over what is still due: send them to its `redirect_url`. The same again is the same
    attempt; another gateway takes its place.

    :raises NotAskedAnyMore: the request has ended, or nothing is left to pay
    :raises InvalidInput: the amount is outside the gateway's limits
    """
    with transaction.atomic(durable=True):
        request, due = _still_asked(request_id, at=at)
        actor = Actor.payer(request.email)
        begun = Payment.objects.open().filter(request=request).first()
        if begun and (begun.gateway, begun.amount) == (gateway, due):
            return begun
        give_up_attempts(request, actor=actor, at=at)
        payment = open_attempt(
            request.customer,
            Payment.Kind.TOP_UP if request.order_id else Payment.Kind.INVOICE,
            due,
            way=Way(gateway),
            description=_words(request),
            request=request,
            actor=actor,
            at=at,
        )
    return send(payment, actor=actor, at=at)


@transaction.atomic
def transfer_on_behalf(request_id: UUID, *, at: datetime) -> ExpectedTransfer:
    """
    Ask the payer for a bank transfer over what is still due.

    :raises NotAskedAnyMore: the request has ended, or nothing is left to pay
    :raises NoTransfers: there is no account to pay into
    """
    request, due = _still_asked(request_id, at=at)
    return ask_for_transfer(
        request.customer,
        ExpectedTransfer.For.BEHALF,
        due,
        payable=request.payable,
        request=request,
        invoice_ids=[UUID(pk) for pk in request.invoice_ids],
        description=_words(request),
        expires_at=request.expires_at,
        actor=Actor.payer(request.email),
        at=at,
    )


def _still_asked(request_id: UUID, *, at: datetime) -> tuple[PaymentRequest, int]:
    request = hold_request(request_id)
    due = due_on_behalf([request], at=at).get(request.pk, 0) if request.is_open(at) else 0
    if not due:
        raise NotAskedAnyMore
    return request, due


def _words(request: PaymentRequest) -> str:
    """What the gateway and the payer's statement say: no number of ours."""
    with override(request.language):
        return gettext("Payment for %(name)s") % {"name": request.shown_name}
