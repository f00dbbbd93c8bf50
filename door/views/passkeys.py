"""Passkeys: made, shown as one's own, taken away, and used to sign in without a password."""

from __future__ import annotations

from allauth.account.mixins import NextRedirectMixin
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import views as ways
from allauth.mfa.webauthn.internal import auth
from django.contrib import messages
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from accounts.access import signed_in
from door.forms.passkeys import NewPasskeyForm, PasskeyAgainForm, PasskeySignInForm
from door.second_factor import PROVEN, SecondFactor
from door.services.second_factor import keep_ways_back
from door.services.sessions import end_sessions


class AddPasskey(ways.AddWebAuthnView):
    form_class = NewPasskeyForm
    template_name = "door/passkey.html"

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        """One that signs in by itself: kept in the device, opened by a finger, a face or a number."""
        options = auth.begin_registration(signed_in(self.request), passwordless=True)
        return {**super(ways.AddWebAuthnView, self).get_context_data(**kwargs), "options": options}

    @method_decorator(transaction.atomic)
    def form_valid(self, form: NewPasskeyForm) -> HttpResponse:
        """Other browsers may have shown the password alone: they are signed out."""
        answer: HttpResponse = super().form_valid(form)
        user = signed_in(self.request)
        self.request.session[PROVEN] = user.pk
        end_sessions(user, but=self.request.session.session_key or "")
        return answer


class RemovePasskey(ways.RemoveWebAuthnView):
    template_name = "door/passkey_off.html"
    success_url = reverse_lazy("mfa_index")

    @method_decorator(transaction.atomic)
    def form_valid(self, form: Form) -> HttpResponse:
        """With the letter, or not at all; the last one stays where a second factor is required."""
        adapter, passkey = SecondFactor(), self.get_object()
        if not adapter.can_delete_authenticator(passkey):
            messages.error(self.request, str(adapter.error_messages["cannot_delete_authenticator"]))
            return redirect("mfa_index")
        answer: HttpResponse = super().form_valid(form)
        keep_ways_back(signed_in(self.request))
        return answer

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        passkey: Authenticator = self.object
        return {**super().get_context_data(**kwargs), "name": passkey.wrap().name}


@method_decorator(never_cache, name="dispatch")
class SignInByPasskey(NextRedirectMixin, ways.LoginWebAuthnView):
    """Its page is the sign-in page, whose script asks here for what the device has to sign."""

    form_class = PasskeySignInForm

    def get(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        return JsonResponse({"options": auth.begin_authentication(user=None)})

    def form_invalid(self, form: PasskeySignInForm) -> HttpResponse:
        for sentence in form.errors.get("credential", []):
            messages.error(self.request, sentence)
        return redirect(self.passthrough_next_url(reverse("account_login")))

    def form_valid(self, form: PasskeySignInForm) -> HttpResponse:
        passkey = form.cleaned_data["credential"]
        login = ways.Login(user=passkey.user, redirect_url=self.get_next_url())
        answer: HttpResponse = ways.flows.perform_passwordless_login(self.request, passkey, login)
        return answer


class AskForPasskeyAgain(ways.ReauthenticateWebAuthnView):
    form_class = PasskeyAgainForm
    template_name = "door/again.html"

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        context: dict[str, object] = super().get_context_data(**kwargs)
        return {
            **context,
            "form": self.get_form(),
            "options": auth.begin_authentication(signed_in(self.request)),
            "reauthentication_alternatives": self.get_reauthentication_alternatives(),
        }

    def form_invalid(self, form: PasskeyAgainForm) -> HttpResponse:
        for sentence in form.errors.get("credential", []):
            messages.error(self.request, sentence)
        return HttpResponseRedirect(self.request.get_full_path())
