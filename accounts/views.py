"""What a customer sets (language, automatic payment, who may sign in, API keys), and how far a download is."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.access import PortalRequest, portal_page
from accounts.language import speak
from accounts.may import MEMBERS, May
from accounts.middleware import CHOSEN
from accounts.models import Customer, CustomerKey
from accounts.proof import ask_for_proof
from accounts.services import keys, set_language
from store.progress import standing_of


class LanguageForm(forms.ModelForm):
    class Meta:
        model = Customer
        fields = ("language",)
        labels = {"language": gettext_lazy("Language of the portal and of your mails")}


class KeyForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name of a new key"),
        max_length=100,
        help_text=gettext_lazy("Say what uses it, such as “invoice import”."),
    )


@require_GET
@portal_page(MEMBERS)
def settings(request: PortalRequest) -> HttpResponse:
    return settings_page(request, KeyForm())


def settings_page(request: PortalRequest, key_form: KeyForm, status: int = 200, **more: object) -> HttpResponse:
    customer = request.customer
    context = {
        "language_form": LanguageForm(instance=customer),
        "key_form": key_form,
        "users": customer.memberships.select_related("user").filter(user__is_active=True).order_by("user__email"),
        "keys": customer.keys.with_keeper().select_related("keeper").order_by("revoked_at", "-created_at"),
        **more,
    }
    return render(request, "accounts/settings.html", context, status=status)


@require_POST
@portal_page(does=May.MANAGE_PROFILE)
def choose_language(request: PortalRequest) -> HttpResponse:
    form = LanguageForm(request.POST)
    answer = redirect("settings")
    if form.is_valid():
        language = form.cleaned_data["language"]
        set_language(request.customer, language)
        speak(answer, language)
        with override(language):
            messages.success(request, _("The portal and your mails are in English from now on."))
    return answer


@never_cache
@require_POST
@portal_page(does=May.MANAGE_KEYS)
def issue_key(request: PortalRequest) -> HttpResponse:
    """A new API key. Its secret stands on this one answer, which nobody may keep."""
    ask_for_proof(request)
    form = KeyForm(request.POST)
    if not form.is_valid():
        return settings_page(request, form, status=400)
    key, secret = keys.issue_customer_key(
        request.customer, form.cleaned_data["name"], actor=request.actor, at=request.at
    )
    return settings_page(request, KeyForm(), issued=key, secret=secret)


@require_POST
@portal_page(does=May.MANAGE_KEYS)
def revoke_key(request: PortalRequest, key_id: UUID) -> HttpResponse:
    key = get_object_or_404(CustomerKey.objects.select_related("customer"), pk=key_id, customer=request.customer)
    keys.revoke_key(key, actor=request.actor, at=request.at)
    messages.success(request, _("The key “%(name)s” opens nothing any more.") % {"name": key.name})
    return redirect("settings")


@require_POST
@portal_page(does=May.MANAGE_KEYS)
def take_over_key(request: PortalRequest, key_id: UUID) -> HttpResponse:
    """Another owner answers for the key, so that it goes on working after its keeper has left."""
    key = get_object_or_404(
        CustomerKey.objects.select_related("customer", "keeper"), pk=key_id, customer=request.customer
    )
    ask_for_proof(request)
    keys.take_over_customer_key(key, request.user, actor=request.actor, at=request.at)
    messages.success(request, _("You keep the key “%(name)s” from now on.") % {"name": key.name})
    return redirect("settings")


@require_POST
@portal_page(does=MEMBERS)
def choose_customer(request: PortalRequest) -> HttpResponse:
    """Work for another customer that one belongs to, in this browser."""
    chosen = get_object_or_404(request.user.customers, pk=request.POST.get("customer"))
    request.session[CHOSEN] = str(chosen.pk)
    answer = redirect("home")
    speak(answer, chosen.language)
    return answer


@require_GET
@portal_page(May.EXPORT)
def download_progress(request: PortalRequest, token: UUID) -> HttpResponse:
    """How far the download with this token is, for the page that started it."""
    return render(request, "accounts/_download.html", {"standing": standing_of(request.customer.pk, token)})
