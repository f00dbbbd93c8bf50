"""Putting a customer's consent on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from kernel.actors import Actor
from kernel.errors import DomainError
from payments.consents import VERSION, words_with
from payments.models import Consent, LinkedAccount


class ConsentNeeded(DomainError):
    code = "consent-needed"
    status = 422
    message = _("Agree to the words of today first; they may have changed since you saw them.")


@dataclass(frozen=True, slots=True)
class Agreement:
    """
    What a customer did to agree: the version of the words that they saw, in which language, and from where.

    :ivar version: empty when they did not agree
    """

    version: str
    language: str
    address: str | None = None


def record_consent(
    linked: LinkedAccount,
    scope: str,
    agreement: Agreement,
    *,
    below: int | None = None,
    amount: int | None = None,
    actor: Actor,
    at: datetime,
) -> Consent:
    """:raises ConsentNeeded: not to today's words"""
    if agreement.version != VERSION:
        raise ConsentNeeded(version=VERSION)
    with override(agreement.language):
        text = words_with(scope, below=below, amount=amount)
    return Consent.objects.create(
        customer=linked.customer,
        linked=linked,
        scope=scope,
        times_a_day=settings.AUTOMATIC_TOP_UPS_A_DAY,
        text=text,
        version=VERSION,
        language=agreement.language,
        actor=actor.name,
        address=agreement.address,
        at=at,
    )
