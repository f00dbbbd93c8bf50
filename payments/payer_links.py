"""The links by which somebody without an account pays for a customer, see `store.links`."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.urls import reverse

from payments.models import PaymentRequest
from store import links

PURPOSE = "payments.payer_links"


def token_of(request_id: UUID, *, secret: str | bytes | None = None) -> str:
    return links.token_of(PURPOSE, request_id, secret=secret)


def payer_address(request_id: str) -> str:
    """Where the payer begins, for a mail to them; empty when there is no such request, or its key is not here any more."""
    request = PaymentRequest.objects.filter(pk=request_id).first()
    token = links.token_with(request.digest, PURPOSE, request.pk) if request else ""
    return f"{settings.PUBLIC_URL}{reverse('payer-door', args=[token])}" if token else ""
