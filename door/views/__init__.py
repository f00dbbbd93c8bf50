"""The pages of the front door. The ways are allauth's, see `adapter.py` for what it asks of us."""

from __future__ import annotations

from datetime import date

from allauth.account import views as ways
from allauth.account.utils import perform_login
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import PortalRequest, portal_page
from accounts.may import MEMBERS
from accounts.models import User
from accounts.services.keys import keys_in_hand
from door import documents
from door.adapter import note_browser
from door.brake import mark_known
from door.forms import (
    ChangeAddressForm,
    ChangePasswordForm,
    NewPasswordForm,
    ResetPasswordForm,
    SignInForm,
    SignUpForm,
)
from door.marks import read_mark
from door.models import CONFIRMED_WITHIN, AddressChange, SignUp
from door.services import sign_up as services
from door.services.addresses import confirm_address
from door.services.sessions import end_sessions
from door.views.parts import Page, WithRequest, slowed
from kernel import clock
from notifications.services import LETTERS_KEPT


class SignIn(Page, ways.LoginView):
    form_class = SignInForm
    template_name = "door/sign_in.html"

    def get_context_data(self, **kwargs: object) -> dict[str, object]:
        return {
            **super().get_context_data(**kwargs),
            "next": self.get_next_url() or "",
            "sign_up_is_open": settings.SIGN_UP,
        }


class ForgottenPassword(Page, WithRequest, ways.PasswordResetView):
    form_class = ResetPasswordForm
    template_name = "door/forgotten.html"


class LinkIsSent(ways.PasswordResetDoneView):
    """The same for every address, known or not."""

    template_name = "door/link_sent.html"


class NewPassword(ways.PasswordResetFromKeyView):
    form_class = NewPasswordForm
    template_name = "door/new_password.html"
    success_url = reverse_lazy("account_login")

    def dispatch(self, request: HttpRequest, uidb36: str, key: str, **kwargs: object) -> HttpResponseBase:
        answer: HttpResponseBase = super().dispatch(request, uidb36, key, **kwargs)
        if getattr(answer, "context_data", None) and answer.context_data.get("token_fail"):  # type: ignore[attr-defined]
            answer.status_code = 410
        return answer

    @method_decorator(transaction.atomic)
    def form_valid(self, form: NewPasswordForm) -> HttpResponse:
        """Whoever reads the mails is not kept out by who guesses: this browser is known from now on."""
        answer: HttpResponse = super().form_valid(form)
        end_sessions(form.user)
        mark_known(self.request, answer, form.user, passed=False)
        return answer

    def get_success_url(self) -> str:
        """To the door, and from there to the keys: they go on opening what the former password opened."""
        door: str = super().get_success_url()
        then = reverse("keys-after-password")
        return f"{door}?{urlencode({'next': then})}" if keys_in_hand(self.reset_user, at=clock.now()) else door


class ChangePassword(Page, WithRequest, ways.PasswordChangeView):
    form_class = ChangePasswordForm
    template_name = "door/change_password.html"

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if request.user.is_authenticated and not request.user.has_usable_password():
            return redirect("account_reset_password")
        return super().dispatch(request, *args, **kwargs)

    @method_decorator(transaction.atomic)
    def form_valid(self, form: ChangePasswordForm) -> HttpResponse:
        answer: HttpResponse = super().form_valid(form)
        end_sessions(form.user)
        note_browser(self.request, form.user)
        mark_known(self.request, answer, form.user, passed=is_mfa_enabled(form.user))
        return answer


@never_cache
@require_http_methods(["GET", "POST"])
def sign_up(request: HttpRequest) -> HttpResponseBase:
    """The answer is the same for every address: whoever reads it learns whether there is an account already."""
    if not settings.SIGN_UP:
        raise Http404
    form = SignUpForm(request.POST or None, request=request)
    if form.is_valid():
        form.save()
        return redirect("sign-up-sent")
    return slowed(render(request, "door/sign_up.html", {"form": form}), form)


@require_GET
def sign_up_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "door/sign_up_sent.html")


@never_cache
@sensitive_post_parameters("password1", "password2")
@require_http_methods(["GET", "POST"])
def confirm_sign_up(request: HttpRequest, mark: str) -> HttpResponseBase:
    """Whoever reads the address chooses the password, and is in."""
    found = read_mark("sign-up", mark, within=CONFIRMED_WITHIN)
    asked = SignUp.objects.filter(pk=found[0]).first() if found else None
    if asked is None or not asked.is_open(clock.now()):
        return render(request, "door/stale.html", {"again": "account_signup"}, status=410)
    form = NewPasswordForm(request.POST or None, user=User(email=asked.email))
    if form.is_valid():
        user = services.sign_up(asked.pk, form.cleaned_data["password1"], at=clock.now())
        messages.success(request, _("Welcome. Your account is ready."))
        answer: HttpResponseBase = perform_login(request, user, redirect_url=reverse("home"), signup=True)
        return answer
    return render(request, "door/confirm_sign_up.html", {"form": form, "asked": asked})


@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    """For everybody: who has no account yet reads it before."""
    context = {
        "version": date.fromisoformat(documents.PRIVACY_VERSION),
        "sellers_own": settings.SELLER_PRIVACY_URL,
        "sign_ups_kept": services.KEPT.days,
        "letters_kept": LETTERS_KEPT.days,
    }
    return render(request, "door/privacy.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@portal_page(MEMBERS, does=MEMBERS)
def change_address(request: PortalRequest) -> HttpResponseBase:
    """What is asked here is answered alike, whether anybody signs in with the new address or not."""
    form = ChangeAddressForm(request.POST or None, request=request)
    if form.is_valid():
        form.save()
        messages.success(request, _("Two mails are on their way: confirm the change in both."))
        return redirect("settings")
    return slowed(render(request, "door/change_address.html", {"form": form}), form)


@never_cache
@require_http_methods(["GET", "POST"])
def confirm_change(request: HttpRequest, mark: str) -> HttpResponse:
    """A link of a mail: nothing happens before its button is pressed, for machines follow links as well."""
    found = read_mark("address", mark, within=CONFIRMED_WITHIN)
    change = AddressChange.objects.filter(pk=found[0]).first() if found else None
    if found is None or change is None:
        return render(request, "door/stale.html", {"again": "settings"}, status=410)
    if request.method == "POST":
        side = AddressChange.Side(found[1][0])
        change = confirm_address(change.pk, side, at=clock.now(), language=get_language() or "")
        return render(request, "door/address_confirmed.html", {"change": change})
    return render(request, "door/confirm_address.html", {"change": change, "mark": mark})
