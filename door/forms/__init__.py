"""What people type at the front door. Each form counts what is guessed, or how many mails it would send."""

from __future__ import annotations

import logging
from typing import Any, Unpack

from allauth.account.utils import perform_login
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm, SetPasswordMixin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _
from redis.exceptions import RedisError

from accounts.access import signed_in
from accounts.models import User
from accounts.models.buyers import wrong_tax_code
from door import documents
from door.brake import CODES_ARE_GUESSED, Attempts, in_words
from door.models import SignUp
from door.services import tell_user
from door.services.addresses import ask_for_address
from door.services.passwords import ask_for_reset
from door.services.sign_up import ask_to_sign_up
from kernel import clock
from kernel.identity import tax_code_of
from kernel.shapes import Cleaned, FormOptions, Sent, Uploads
from kernel.text import validate_printable
from notifications.models import Letter
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

    def clean(self) -> Cleaned:
        name = self.cleaned_data.get("username")
        if not name or not self.cleaned_data.get("password") or self.request is None:
            return super().clean()
        attempts = Attempts.to_sign_in(self.request, name)
        self.hold_up(self.request, attempts, too_many_guesses())
        cleaned = super().clean()
        attempts.succeed()
        return cleaned

    def get_invalid_login_error(self) -> forms.ValidationError:
        return forms.ValidationError(text("Mail address or password is wrong."), code="invalid_login")

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        """What else stands between the password and being in is allauth's."""
        answer: HttpResponse = perform_login(request, self.get_user(), redirect_url=redirect_url)
        return answer


class MailForm(Braked, forms.Form):
    """An address that a mail may go to."""

    email = forms.EmailField(
        label=_("Mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    def __init__(
        self, data: Sent = None, files: Uploads = None, *, request: HttpRequest, **options: Unpack[FormOptions]
    ) -> None:
        super().__init__(data, files, **options)
        self.request = request

    def clean(self) -> Cleaned:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            self.hold_up(self.request, Attempts.to_be_mailed(self.request, cleaned["email"]), too_many_mails())
        return cleaned


class ResetPasswordForm(MailForm):
    def save(self, request: HttpRequest) -> None:
        ask_for_reset(self.cleaned_data["email"], language=get_language() or "", at=clock.now())


class SignUpForm(MailForm):
    """Whom the account is for. There is none before the address is confirmed, see `services.sign_up`."""

    kind = forms.ChoiceField(
        label=_("The account is for"),
        choices=SignUp.Kind.choices,
        initial=SignUp.Kind.COMPANY,
        widget=forms.RadioSelect,
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        validators=[validate_printable],
        help_text=_("Your own, or your company's: it stands on your invoices."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    tax_code = forms.CharField(
        label=_("Tax code"),
        max_length=20,
        required=False,
        help_text=_("Of a company: 10 digits, or 10 and 3 of a branch, such as 0101243150-001."),
    )
    agrees = forms.BooleanField(error_messages={"required": _("Without your agreement there is no account.")})
    field_order = ("kind", "name", "tax_code", "email", "agrees")

    def __init__(
        self, data: Sent = None, files: Uploads = None, *, request: HttpRequest, **options: Unpack[FormOptions]
    ) -> None:
        super().__init__(data, files, request=request, **options)
        self.fields["agrees"].label = format_html(
            text("I agree to the <a href='{terms}'>terms</a> and to the <a href='{privacy}'>privacy notice</a>."),
            **documents.addresses(),
        )

    def clean(self) -> Cleaned:
        """A company is asked what its buyer profile will be asked; a person's tax code is nobody's business here."""
        typed = self.cleaned_data.get("tax_code", "")
        is_company = self.cleaned_data.get("kind") == SignUp.Kind.COMPANY
        self.cleaned_data["tax_code"] = tax_code_of(typed) if is_company else ""
        if is_company and not self.cleaned_data["tax_code"]:
            self.add_error("tax_code", wrong_tax_code(typed))
        return super().clean()

    def save(self) -> None:
        said = self.cleaned_data
        ask_to_sign_up(
            kind=said["kind"],
            name=said["name"],
            tax_code=said["tax_code"],
            email=said["email"],
            language=get_language() or "",
            versions=documents.versions(),
            at=clock.now(),
        )


class NewPasswordForm(SetPasswordMixin, forms.Form):
    """A password, typed twice, for whoever has shown that they are `user`."""

    password1, password2 = SetPasswordMixin.create_password_fields(
        label1=_("New password"), label2=_("New password again")
    )

    def __init__(
        self,
        data: Sent = None,
        files: Uploads = None,
        *,
        user: User,
        temp_key: str = "",
        **options: Unpack[FormOptions],
    ) -> None:
        super().__init__(data, files, **options)
        self.user = user
        self.fields["password1"].help_text = " ".join(password_validation.password_validators_help_texts())

    def clean(self) -> Cleaned:
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


def too_many_codes() -> str:
    return text("Too many codes were wrong. Please wait %(span)s, then try again.")


def _busy() -> forms.ValidationError:
    return forms.ValidationError(text("Please try again in a moment."), code="busy")


class CodeField(Braked):
    """A code, counted as guessed until it is right. While nobody counts none is looked at: six digits are soon guessed."""

    is_at_the_door = False

    def clean_code(self) -> str:
        user = self.user  # type: ignore[attr-defined]
        attempts = Attempts.of_codes(context.request, user)
        self.hold_up(context.request, attempts, too_many_codes())
        if attempts.is_away:
            raise _busy()
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except RedisError as away:
            raise _busy() from away
        except forms.ValidationError:
            if self.is_at_the_door and attempts.failures == CODES_ARE_GUESSED:
                tell_user(user, Letter.Kind.CODES_GUESSED, at=clock.now(), language=get_language() or "")
            raise
        attempts.succeed()
        return code

    def say_what_it_is(self) -> None:
        field = self.fields["code"]  # type: ignore[attr-defined]
        field.label = _("Code")
        field.widget = forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"})


class CodeForm(CodeField, AuthenticateForm):
    """At sign-in: of the telephone, or one of the recovery codes. Whoever comes so far knows the password."""

    is_at_the_door = True

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.say_what_it_is()


class CodeAgainForm(CodeField, ReauthenticateForm):
    """A code once more, before something that opens the account: of who has no password, or would rather."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.say_what_it_is()


class FirstCodeForm(CodeField, ActivateTOTPForm):
    """That the telephone has the secret."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.say_what_it_is()


class AgainForm(OwnPassword):
    """The password once more, before something that opens the account."""

    def __init__(
        self,
        data: Sent = None,
        files: Uploads = None,
        *,
        user: User,
        request: HttpRequest,
        **options: Unpack[FormOptions],
    ) -> None:
        super().__init__(data, files, request=request, **options)


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

    def clean(self) -> Cleaned:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            self.hold_up(self.request, Attempts.to_be_mailed(self.request, cleaned["email"]), too_many_mails())
        return cleaned

    def save(self) -> None:
        ask_for_address(
            signed_in(self.request), self.cleaned_data["email"], at=clock.now(), language=get_language() or ""
        )
