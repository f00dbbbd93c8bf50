"""What stands between who one is and being in, where it is not allauth's own."""

from __future__ import annotations

from uuid import UUID

from allauth.account.internal.stagekit import clear_login
from allauth.account.stages import LoginStage
from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from door import by_provider
from door.openid import Claims
from door.services.identities import bind_first
from kernel import clock
from kernel.errors import DomainError

FACTOR = "factor"
"""In what a sign-in carries along: that the provider asked for a second factor, and that its customer takes it for ours."""
OWN = "own"
"""In the same: that a password of ours was shown as well."""


class AskForFactor(AuthenticateStage):
    """A second factor of ours, unless the provider's counts."""

    def _should_handle(self, request: HttpRequest) -> bool:
        if (self.login.signal_kwargs or {}).get(FACTOR):
            return False
        return bool(super()._should_handle(request))


class Bind(LoginStage):
    """
    The last one, of who has shown a password, and what else is asked of who has one: from now on the provider may send them. Where
    it may not any more, nobody is signed in, by whatever means.
    """

    key = "bind"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        carried = self.login.signal_kwargs or {}
        if "claims" in carried:
            user = self.login.user
            assert isinstance(user, User)
            try:
                provider = bind_first(UUID(carried["provider"]), user, Claims(*carried["claims"]), at=clock.now())
            except DomainError:
                clear_login(self.request)
                raise
            self.login.signal_kwargs = {"mark": by_provider.mark_of_provider(provider), OWN: True}
        return None, True
