"""Where letters lead that are written to whom a customer asked to pay: made when one leaves, and for nobody else."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from kernel import clock
from notifications.letters import leads
from notifications.models import Letter
from payments.models import PaymentRequest
from payments.payer_links import payer_path
from payments.services.shareable import due_on_behalf


def facts_of_requests(pks: set[UUID]) -> dict[UUID, dict[str, object]]:
    """What notices about payment requests are held against; `due` is what is left to pay."""
    requests = list(PaymentRequest.objects.filter(pk__in=pks))
    still_open = [request for request in requests if request.state == PaymentRequest.State.OPEN]
    dues = due_on_behalf(still_open, at=clock.now())
    return {request.pk: {"state": request.state, "due": dues.get(request.pk, 0)} for request in requests}


def _to_pay(letter: Letter) -> str:
    """As long as they are asked, and something is left to pay."""
    request, at = _request_of(letter), clock.now()
    if request is None or not request.is_open(at) or not due_on_behalf([request], at=at):
        return ""
    return payer_path(request)


def _to_look(letter: Letter) -> str:
    """What became of it; where the link's key is gone, the letter is sent all the same."""
    return payer_path(_request_of(letter)) or reverse("privacy")


def _request_of(letter: Letter) -> PaymentRequest | None:
    return PaymentRequest.objects.filter(pk=letter.about).first() if letter.about else None


leads(Letter.Kind.PAYER_ASKED, _to_pay)
leads(Letter.Kind.PAYER_THANKED, _to_look)
leads(Letter.Kind.PAYER_MONEY_KEPT, _to_look)
