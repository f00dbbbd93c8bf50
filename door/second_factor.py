"""A second factor, as allauth's: its secrets are encrypted here, and its sentences are ours."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, ClassVar

from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.services.way_back import FACTORS
from door.browsers import name_of
from kernel.shapes import Wording

if TYPE_CHECKING:
    from allauth.mfa.models import Authenticator

PROVEN = "second_factor"
"""In a session: that whoever opened it has shown a second factor, other than at sign-in."""


def needs_second_factor(user: User) -> bool:
    """Staff, where it is set up so; a customer's users, where their owner wants it."""
    if user.is_staff:
        return bool(settings.STAFF_SECOND_FACTOR)
    return any(one.customer.wants_second_factor for one in user.belongs)


def is_proven(request: HttpRequest, user: User) -> bool:
    """Whether this session was opened with a second factor, or has set one up; a provider's counts where its customer says so."""
    return request.session.get(PROVEN) == user.pk or is_shown_here(request, user)


def is_shown_here(request: HttpRequest, user: User) -> bool:
    """Whether it was one of ours."""
    return any(record["method"] == "mfa" for record in get_authentication_records(request, user))


class SecondFactor(DefaultMFAAdapter):
    error_messages: ClassVar[dict[str, Wording]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code is not right. A code is good for half a minute, and once."),
        "cannot_delete_authenticator": _("A second factor is required: set up another one instead."),
        "cannot_generate_recovery_codes": _("Set up a second factor first."),
    }

    def get_totp_issuer(self) -> str:
        return str(settings.SELLER_NAME)

    def encrypt(self, text: str) -> str:
        return _box().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _box().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Whoever needs one keeps one: an app or a passkey."""
        others = authenticator.user.authenticator_set.filter(type__in=FACTORS).exclude(pk=authenticator.pk)
        return not needs_second_factor(authenticator.user) or others.exists()

    def generate_authenticator_name(self, user: User, type: str) -> str:
        """As its user knows the device."""
        return name_of(context.request.META.get("HTTP_USER_AGENT", "")) or str(_("Passkey"))

    def _get_site_name(self) -> str:
        return str(settings.SELLER_NAME)


def _box() -> MultiFernet:
    """Written with the present key, read with former ones as well: a new key locks nobody out."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        [Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"second factor {key}".encode()).digest())) for key in keys]
    )
