"""What the pages of a team ask."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.may import Role
from accounts.models import AuditEntry, Customer, Membership
from door import documents
from door.forms import NewPasswordForm
from team.activity import activity_of, acts_in, names_in


class InviteForm(forms.Form):
    email = forms.EmailField(label=_("Mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.VIEWER)


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class PassOwnershipForm(forms.Form):
    to = forms.ModelChoiceField(label=_("New owner"), queryset=Membership.objects.none())
    keeps = forms.ChoiceField(
        label=_("Your own role from then on"), choices=[choice for choice in Role.choices if choice[0] != Role.OWNER]
    )

    def __init__(self, *args: Any, others: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["to"]
        field.queryset = others
        field.label_from_instance = lambda member: member.user.email


class JoinForm(NewPasswordForm):
    """Somebody new: a password, and what one agrees to."""

    agrees = forms.BooleanField(error_messages={"required": _("Without your agreement there is no account.")})

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
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
        who, what = cast(Any, self.fields["who"]), cast(Any, self.fields["what"])
        who.choices = [("", text("Everybody")), *names_in(customer)]
        what.choices = [("", text("Everything")), *acts_in(customer)]

    def found(self) -> QuerySet[AuditEntry]:
        self.is_valid()
        wanted = self.cleaned_data
        return activity_of(self.customer, who=wanted.get("who", ""), what=wanted.get("what", ""))
