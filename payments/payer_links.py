"""
The links by which somebody without an account pays for a customer.

A token is derived from the request and SECRET_KEY whenever a mail leaves, and written nowhere: the database has its digest alone. When the
key changes, tokens made under one of SECRET_KEY_FALLBACKS are found again.
"""

from __future__ import annotations

import base64
import hashlib
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac

from payments.models import PaymentRequest


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def token_of(request_id: UUID, *, secret: str | bytes | None = None) -> str:
    """43 letters and digits, `-` and `_`."""
    mac = salted_hmac("payments.payer_links", str(request_id), secret=secret or settings.SECRET_KEY, algorithm="sha256")
    return base64.urlsafe_b64encode(mac.digest()).decode().rstrip("=")


def payer_address(request_id: str) -> str:
    """Where the payer begins, for a mail to them; empty when there is no such request, or its key is not here any more."""
    request = PaymentRequest.objects.filter(pk=request_id).first()
    if request is None:
        return ""
    tokens = (token_of(request.pk, secret=secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))
    token = next((one for one in tokens if digest_of(one) == request.digest), None)
    return f"{settings.PUBLIC_URL}{reverse('payer-door', args=[token])}" if token else ""
