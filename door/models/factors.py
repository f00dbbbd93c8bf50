"""Who has a second factor: allauth's rows, under a name of ours."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext_lazy as _

TYPES = {"totp": _("App on your telephone"), "webauthn": _("Passkey"), "recovery_codes": _("Recovery codes")}


class SecondFactor(Authenticator):
    """What somebody shows besides the password. What it is made of is encrypted, see `second_factor.py`."""

    class Meta:
        proxy = True
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")

    def __str__(self) -> str:
        return f"{self.user}: {TYPES.get(self.type, self.type)}"
