"""A second factor: set up, shown, taken away, and asked for at sign-in."""

from __future__ import annotations

from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.base.views import ReauthenticateView as ReauthenticateByCodeView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.utils import is_mfa_enabled
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import get_language
from django.views.decorators.http import require_POST

from accounts.access import PortalRequest, portal_page, signed_in
from accounts.may import May
from accounts.proof import ask_for_proof
from door.forms import AgainForm, CodeAgainForm, CodeForm, FirstCodeForm
from door.forms.passkeys import PasskeyCodeForm
from door.second_factor import PROVEN, needs_second_factor
from door.services import tell_user
from door.services.second_factor import keep_ways_back, want_second_factor
from door.services.sessions import end_sessions
from door.views.parts import Page, WithRequest, slowed
from kernel import clock
from notifications.models import Letter


class AskForCode(AuthenticateView):
    form_class = CodeForm
    webauthn_form_class = PasskeyCodeForm
    template_name = "door/code.html"

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return slowed(answer, getattr(self, "form", None))

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        user = self.stage.login.user
        return {**super().get_context_data(**kwargs), "has_passkey": is_mfa_enabled(user, ["webauthn"])}


class AskForPassword(Page, WithRequest, ReauthenticateView):
    form_class = AgainForm
    template_name = "door/again.html"


class AskForCodeAgain(Page, ReauthenticateByCodeView):
    form_class = CodeAgainForm
    template_name = "door/again.html"


class Overview(IndexView):
    template_name = "door/second_factor.html"

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        user = signed_in(self.request)
        return {
            **super().get_context_data(**kwargs),
            "is_needed": needs_second_factor(user),
            "may_ask_all": user.customer is not None and May.MANAGE_TEAM in user.rights,
        }


class SetUp(Page, ActivateTOTPView):
    form_class = FirstCodeForm
    template_name = "door/set_up.html"

    @method_decorator(transaction.atomic)
    def form_valid(self, form: FirstCodeForm) -> HttpResponse:
        """Other browsers have shown the password alone: they are signed out."""
        answer: HttpResponse = super().form_valid(form)
        user = signed_in(self.request)
        self.request.session[PROVEN] = user.pk
        tell_user(user, Letter.Kind.SECOND_FACTOR_ON, at=clock.now(), language=get_language() or "")
        end_sessions(user, but=self.request.session.session_key or "")
        return answer


class SwitchOff(DeactivateTOTPView):
    template_name = "door/switch_off.html"

    @method_decorator(transaction.atomic)
    def form_valid(self, form: Form) -> HttpResponse:
        """With the letter, or not at all."""
        answer: HttpResponse = super().form_valid(form)
        keep_ways_back(signed_in(self.request))
        return answer


class Codes(ViewRecoveryCodesView):
    template_name = "door/codes.html"


class NewCodes(GenerateRecoveryCodesView):
    template_name = "door/new_codes.html"

    @method_decorator(transaction.atomic)
    def form_valid(self, form: Form) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        tell_user(signed_in(self.request), Letter.Kind.RECOVERY_CODES, at=clock.now(), language=get_language() or "")
        return answer


@require_POST
@portal_page(does=May.MANAGE_TEAM)
def for_the_team(request: PortalRequest) -> HttpResponse:
    """The owner says whether everybody needs one."""
    ask_for_proof(request)
    want_second_factor(request.customer, request.POST.get("wanted") == "on", actor=request.actor, at=request.at)
    return redirect("mfa_index")
