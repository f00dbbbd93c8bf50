"""What people type at the front door. Each form counts what is guessed, or how many mails it would send."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.utils import perform_login
from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm, SetPasswordMixin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.access import signed_in
from accounts.models import User
from door.brake import Attempts, in_words
from door.services.addresses import ask_for_address
from door.services.passwords import ask_for_reset
from kernel import clock
from store.senders import network_of

logger = logging.getLogger(__name__)


class Braked:
    """`retry_after` are the seconds to wait; 0 when what was typed has been looked at."""

    retry_after = 0

    def hold_up(self, request: HttpRequest, attempts: Attempts, sentence: str) -> None:
        self.retry_after = attempts.begin()
        if self.retry_after:
            logger.warning("front door: %s is held up for %s s", network_of(request), self.retry_after)
            raise forms.ValidationError(sentence % {"span": in_words(self.retry_after)}, code="throttled")


def too_many_guesses() -> str:
    return text("Too many attempts to sign in failed. Please wait %(span)s, then try again.")


def too_many_mails() -> str:
    return text("Too many mails were asked for. Please wait %(span)s, then try again.")


class SignInForm(Braked, AuthenticationForm):
    """Address and password."""

    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("username")
        if not name or not self.cleaned_data.get("password") or self.request is None:
            return super().clean()
        attempts = Attempts.to_sign_in(self.request, name)
        self.hold_up(self.request, attempts, too_many_guesses())
        cleaned = super().clean()
        attempts.succeed()
        return cleaned

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        """What else stands between the password and being in is allauth's."""
        answer: HttpResponse = perform_login(request, self.get_user(), redirect_url=redirect_url)
        return answer


class MailForm(Braked, forms.Form):
    """An address that a mail may go to."""

    email = forms.EmailField(
        label=_("Mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            self.hold_up(self.request, Attempts.to_be_mailed(self.request, cleaned["email"]), too_many_mails())
        return cleaned


class ResetPasswordForm(MailForm):
    def save(self, request: HttpRequest) -> None:
        ask_for_reset(self.cleaned_data["email"], language=get_language() or "", at=clock.now())


class NewPasswordForm(SetPasswordMixin, forms.Form):
    """A password, typed twice, for whoever has shown that they are `user`."""

    password1, password2 = SetPasswordMixin.create_password_fields(
        label1=_("New password"), label2=_("New password again")
    )

    def __init__(self, *args: Any, user: User, temp_key: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["password1"].help_text = " ".join(password_validation.password_validators_help_texts())

    def clean(self) -> dict[str, Any]:
        self.validate_passwords()
        self.validate_password_for_user(self.user)
        return super().clean() or self.cleaned_data

    def save(self) -> None:
        self.set_password_and_save(self.user)


class OwnPassword(Braked, forms.Form):
    """The present password, for who is signed in: a browser that was left open is not enough."""

    oldpassword = forms.CharField(
        label=_("Your present password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_oldpassword(self) -> str:
        password: str = self.cleaned_data["oldpassword"]
        attempts = Attempts.to_sign_in(self.request, signed_in(self.request).email)
        self.hold_up(self.request, attempts, too_many_guesses())
        if not signed_in(self.request).check_password(password):
            raise forms.ValidationError(text("This is not your present password."), code="wrong")
        attempts.succeed()
        return password


class ChangePasswordForm(OwnPassword, NewPasswordForm):
    field_order = ("oldpassword", "password1", "password2")


class ChangeAddressForm(OwnPassword):
    email = forms.EmailField(
        label=_("New mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    field_order = ("email", "oldpassword")

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"].strip()
        if address.casefold() == signed_in(self.request).email.casefold():
            raise forms.ValidationError(text("You sign in with this address already."), code="same")
        return address

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            self.hold_up(self.request, Attempts.to_be_mailed(self.request, cleaned["email"]), too_many_mails())
        return cleaned

    def save(self) -> None:
        ask_for_address(
            signed_in(self.request), self.cleaned_data["email"], at=clock.now(), language=get_language() or ""
        )
