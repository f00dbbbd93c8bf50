"""What a device has signed, as its browser sends it. Nothing of it can be guessed, so nothing is counted."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, ReauthenticateWebAuthnForm
from django import forms
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from kernel.shapes import Cleaned
from kernel.text import validate_printable

MALFORMED = (AttributeError, KeyError, TypeError, ValueError)
"""What reading it raises when it is not as browsers write it."""


def _not_accepted() -> forms.ValidationError:
    return forms.ValidationError(text("This passkey was not accepted. Please try again."), code="passkey")


class NewPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # fido2 is not looked at
    """Always one that signs in without a password: what it has to be is in the options that it answers."""

    passwordless = None
    name = forms.CharField(
        label=_("Name"),
        max_length=60,
        required=False,
        validators=[validate_printable],
        help_text=_("By which you know the device, such as “office laptop”."),
    )
    field_order = ("name", "credential")

    def clean(self) -> Cleaned:
        try:
            cleaned: Cleaned = super().clean()
        except (forms.ValidationError, *MALFORMED) as refused:
            raise _not_accepted() from refused
        return cleaned


class Signed(AuthenticateWebAuthnForm):  # type: ignore[misc]
    """By a passkey of an active user."""

    def clean_credential(self) -> Authenticator:
        try:
            passkey: Authenticator = super().clean_credential()
        except (forms.ValidationError, *MALFORMED) as refused:
            raise _not_accepted() from refused
        if not passkey.user.is_active:
            raise _not_accepted()
        return passkey


class PasskeySignInForm(Signed):
    """Whose it is, it says itself."""

    passwordless = True

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, user=None, **kwargs)


class PasskeyCodeForm(Signed):
    """After the password."""


class PasskeyAgainForm(Signed, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    reauthenticated = True
