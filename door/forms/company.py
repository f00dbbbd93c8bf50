"""What is typed about a company's own sign-in: by who manages the team, and by who comes in."""

from __future__ import annotations

from typing import Unpack

from django import forms
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.may import Role
from accounts.models import Provider, User
from accounts.models.providers import JOINS
from door import documents
from door.brake import Attempts
from door.forms import Braked, too_many_guesses
from door.openid import ProviderAway, ProviderBusy, Untrusted, endpoints_of
from door.services.providers import Settings
from kernel.shapes import FormOptions, Sent, Uploads

INVITED_ONLY = ("", _("nobody: only who is invited belongs to the team"))


class CompanyAddressForm(Braked, forms.Form):
    """Whose company it is; asked of the domain alone, so that nobody learns who is here."""

    email = forms.EmailField(
        label=_("Mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    def __init__(
        self, data: Sent = None, files: Uploads = None, *, request: HttpRequest, **options: Unpack[FormOptions]
    ) -> None:
        super().__init__(data, files, **options)
        self.request = request

    def clean_email(self) -> str:
        self.hold_up(self.request, Attempts.to_go_to_companies(self.request), too_many_guesses())
        address: str = self.cleaned_data["email"]
        return address


class ProviderForm(forms.ModelForm):  # type: ignore[type-arg]
    """The secret is typed, and never shown again."""

    client_secret = forms.CharField(
        label=_("Client secret"),
        max_length=1000,
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("It is kept sealed and never shown again. Empty: the present one stays."),
    )
    joins_as = forms.ChoiceField(
        label=_("Somebody new of your domains joins as"),
        choices=[INVITED_ONLY, *((role.value, role.label) for role in JOINS)],
        initial=Role.VIEWER,
        required=False,
    )

    class Meta:
        model = Provider
        fields = ("issuer", "client_id", "client_secret", "joins_as", "trusts_factor")
        labels = {
            "issuer": _("Issuer"),
            "client_id": _("Client id"),
            "trusts_factor": _("A second factor that was shown there counts here"),
        }
        help_texts = {
            "issuer": _("The address of the provider, such as https://sso.example.vn/realms/staff."),
            "client_id": _("What the provider calls this portal."),
            "trusts_factor": _(
                "Only if it says so (amr: mfa). Else who needs a second factor shows one of ours as well."
            ),
        }

    def __init__(self, data: Sent = None, *, instance: Provider | None) -> None:
        super().__init__(data, instance=instance)
        if instance is None:
            self.fields["client_secret"].required = True
            self.fields["client_secret"].help_text = text("It is kept sealed and never shown again.")

    def clean_issuer(self) -> str:
        """As the provider itself writes it; one that does not answer is not taken."""
        try:
            return endpoints_of(self.cleaned_data["issuer"].strip()).issuer
        except (ProviderAway, ProviderBusy, Untrusted) as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    def _post_clean(self) -> None:
        """What is kept is written by the service: nothing of it reaches the row here."""

    def wanted(self) -> Settings:
        return Settings(**{name: self.cleaned_data[name] for name in Settings._fields})


class DomainForm(forms.Form):
    name = forms.CharField(
        label=_("Domain"), max_length=253, widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "url"})
    )


class OwnAccountForm(Braked, forms.Form):
    """The password of the account that has the address already: a provider's word alone opens none."""

    password = forms.CharField(
        label=_("Your password here"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    joins = forms.BooleanField(error_messages={"required": _("Say that you want to belong to it, or leave this page.")})
    field_order = ("joins", "password")

    def __init__(self, data: Sent = None, *, request: HttpRequest, user: User, joins: dict[str, str]) -> None:
        """:param joins: the `customer`, and the `role` in its team for who does not belong to it yet"""
        super().__init__(data)
        self.request, self.user = request, user
        if joins["role"]:
            self.fields["joins"].label = text("I want to belong to the team of %(customer)s, as %(role)s.") % joins
        else:
            del self.fields["joins"]

    def clean_password(self) -> str:
        attempts = Attempts.to_sign_in(self.request, self.user.email)
        self.hold_up(self.request, attempts, too_many_guesses())
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError(text("This is not your present password."), code="wrong")
        attempts.succeed()
        return password


class NewHereForm(forms.Form):
    """Somebody new agrees to what everybody agrees to."""

    agrees = forms.BooleanField(error_messages={"required": _("Without your agreement there is no account.")})

    def __init__(self, data: Sent = None) -> None:
        super().__init__(data)
        self.fields["agrees"].label = format_html(
            text("I agree to the <a href='{terms}'>terms</a> and to the <a href='{privacy}'>privacy notice</a>."),
            **documents.addresses(),
        )
