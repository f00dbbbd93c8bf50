"""What the pages of a team ask."""

from __future__ import annotations

from typing import Unpack

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.may import Role
from accounts.models import AuditEntry, Customer, Membership, User
from door import documents
from door.forms import NewPasswordForm
from kernel.fields import field_of
from kernel.shapes import FormOptions, Sent
from team.activity import activity_of, acts_in, names_in


class InviteForm(forms.Form):
    email = forms.EmailField(label=_("Mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.VIEWER)


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class ByAddress(forms.ModelChoiceField):
    """Members are chosen by their mail addresses."""

    def label_from_instance(self, obj: Membership) -> str:
        return obj.user.email


class PassOwnershipForm(forms.Form):
    to = ByAddress(label=_("New owner"), queryset=Membership.objects.none())
    keeps = forms.ChoiceField(
        label=_("Your own role from then on"), choices=[choice for choice in Role.choices if choice[0] != Role.OWNER]
    )

    def __init__(self, data: Sent = None, *, others: QuerySet[Membership], **options: Unpack[FormOptions]) -> None:
        super().__init__(data, **options)
        field_of(self, ByAddress, "to").queryset = others


class JoinForm(NewPasswordForm):
    """Somebody new: a password, and what one agrees to."""

    agrees = forms.BooleanField(error_messages={"required": _("Without your agreement there is no account.")})

    def __init__(self, data: Sent = None, *, user: User, **options: Unpack[FormOptions]) -> None:
        super().__init__(data, user=user, **options)
        self.fields["agrees"].label = format_html(
            text("I agree to the <a href='{terms}'>terms</a> and to the <a href='{privacy}'>privacy notice</a>."),
            **documents.addresses(),
        )


class ActivityFilters(forms.Form):
    """What is asked for in the address; nonsense asks for everything."""

    who = forms.ChoiceField(label=_("Who"), required=False)
    what = forms.ChoiceField(label=_("What"), required=False)

    def __init__(self, data: QueryDict, *, customer: Customer) -> None:
        super().__init__(data)
        self.customer = customer
        field_of(self, forms.ChoiceField, "who").choices = [("", text("Everybody")), *names_in(customer)]
        field_of(self, forms.ChoiceField, "what").choices = [("", text("Everything")), *acts_in(customer)]

    def found(self) -> QuerySet[AuditEntry]:
        self.is_valid()
        wanted = self.cleaned_data
        return activity_of(self.customer, who=wanted.get("who", ""), what=wanted.get("what", ""))
