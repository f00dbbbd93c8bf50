"""The links by which somebody without an account pays for a customer, see `store.links`."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse

from payments.models import PaymentRequest
from store import links

PURPOSE = "payments.payer_links"


def token_of(request_id: UUID, *, secret: str | bytes | None = None) -> str:
    return links.token_of(PURPOSE, request_id, secret=secret)


def payer_path(request: PaymentRequest | None) -> str:
    """Where the payer begins, for a mail to them; empty when there is no such request, or its key is not here any more."""
    token = links.token_with(request.digest, PURPOSE, request.pk) if request else ""
    return reverse("payer-door", args=[token]) if token else ""
