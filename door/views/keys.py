"""API keys outlive a password: whoever has changed theirs looks at them, and revokes what they do not know."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.access import PortalRequest, portal_page
from accounts.may import MEMBERS
from accounts.services.keys import keys_in_hand, revoke_in_hand
from kernel.fields import field_of


class ChosenKeys(forms.Form):
    key = forms.TypedMultipleChoiceField(coerce=UUID, required=False)


@never_cache
@require_http_methods(["GET", "POST"])
@portal_page(MEMBERS, does=MEMBERS)
def keys_after_password(request: PortalRequest) -> HttpResponse:
    """Which keys go on working; those that are ticked are revoked."""
    keys = keys_in_hand(request.user, at=request.at)
    several = len({key.customer_id for key in keys}) > 1
    if request.method == "GET" and keys:
        return render(request, "door/keys.html", {"keys": keys, "are_of_several": several})
    form = ChosenKeys(request.POST)
    field_of(form, forms.TypedMultipleChoiceField, "key").choices = [(str(key.pk), key.name) for key in keys]
    if form.is_valid() and form.cleaned_data["key"]:
        revoked = revoke_in_hand(request.user, form.cleaned_data["key"], actor=request.actor, at=request.at)
        names = ", ".join(key.name for key in revoked)
        messages.success(request, _("Revoked, and open nothing any more: %(names)s") % {"names": names})
    return redirect("settings")
