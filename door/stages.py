"""What stands between who one is and being in, where it is not allauth's own."""

from __future__ import annotations

from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest

FACTOR = "factor"
"""In what a sign-in carries along: that the provider asked for a second factor, and that its customer takes it for ours."""


class AskForFactor(AuthenticateStage):
    """A second factor of ours, unless the provider's counts."""

    def _should_handle(self, request: HttpRequest) -> bool:
        if (self.login.signal_kwargs or {}).get(FACTOR):
            return False
        return bool(super()._should_handle(request))
