"""What a customer sets (language, automatic payment, API keys), and how far a download is."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.access import PortalRequest, portal_page
from accounts.for_whom import CHOSEN
from accounts.language import speak, speak_unless_chosen
from accounts.may import FOR_KEYS, MEMBERS, TO_SEE_KEYS, May, Rights, allows
from accounts.models import Customer, CustomerKey
from accounts.proof import ask_for_proof
from accounts.services import keys, set_language
from kernel.errors import InvalidInput
from kernel.fields import DongField, field_of
from kernel.periods import local_day, start_of_day
from store.progress import standing_of
from store.shown import open_rows


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
    carries = forms.MultipleChoiceField(
        label=gettext_lazy("What it may"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Nothing ticked: all that you may yourself."),
    )
    daily_limit = DongField(
        label=gettext_lazy("Limit per day"),
        least=1,
        required=False,
        help_text=gettext_lazy("What it pays from the wallet and linked accounts. Empty: no limit."),
    )
    networks = forms.CharField(
        label=gettext_lazy("Allowed networks"),
        max_length=1000,
        required=False,
        help_text=gettext_lazy("Such as 203.0.113.7 or 203.0.113.0/24. Empty: from everywhere."),
    )
    last_day = forms.DateField(
        label=gettext_lazy("Works until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("All of that day. Empty: until it is revoked."),
    )

    def __init__(self, data: QueryDict | None = None, *, rights: Rights, at: datetime) -> None:
        super().__init__(data)
        self.at = at
        field = field_of(self, forms.MultipleChoiceField, "carries")
        field.choices = [(right.value, capfirst(str(right.label))) for right in May if right in FOR_KEYS & rights]
        field.initial = [May.VIEW_BILLING.value]

    def clean_networks(self) -> tuple[str, ...]:
        try:
            return keys.read_networks(self.cleaned_data["networks"])
        except InvalidInput as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    def clean_last_day(self) -> date | None:
        day: date | None = self.cleaned_data["last_day"]
        if day is not None and day < local_day(self.at):
            raise forms.ValidationError(_("This day has passed already."))
        return day

    def terms(self) -> keys.Terms:
        said = self.cleaned_data
        day = said["last_day"]
        return keys.Terms(
            carries=frozenset(May(one) for one in said["carries"]),
            daily_limit=said["daily_limit"],
            networks=said["networks"],
            expires_at=start_of_day(day + timedelta(days=1)) if day else None,
        )


class RotateForm(forms.Form):
    """So long the old key goes on working."""

    hours = forms.TypedChoiceField(coerce=int, choices=[(hours, hours) for hours in (0, 1, 24, 168)])


@require_GET
@portal_page(MEMBERS)
def settings(request: PortalRequest) -> HttpResponse:
    return settings_page(request)


def settings_page(
    request: PortalRequest, key_form: KeyForm | None = None, status: int = 200, **more: object
) -> HttpResponse:
    customer = request.customer
    shown = customer.keys.with_keeper().select_related("keeper").order_by("revoked_at", "-created_at")
    own = open_rows(shown) if allows(TO_SEE_KEYS, request.rights) else []
    for key in own:
        key.is_over = key.has_expired(request.at)
        key.is_replaced = key.pk in {one.succeeds_id for one in own}
    context = {
        "language_form": LanguageForm(instance=customer),
        "key_form": key_form or KeyForm(rights=request.rights, at=request.at),
        "keys": own,
        "sees_keys": allows(TO_SEE_KEYS, request.rights),
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
    form = KeyForm(request.POST, rights=request.rights, at=request.at)
    if not form.is_valid():
        return settings_page(request, form, status=400)
    key, secret = keys.issue_customer_key(
        request.customer, form.cleaned_data["name"], form.terms(), actor=request.actor, at=request.at
    )
    return settings_page(request, issued=key, secret=secret)


@never_cache
@require_POST
@portal_page(does=May.MANAGE_KEYS)
def rotate_key(request: PortalRequest, key_id: UUID) -> HttpResponse:
    """Another secret for the same; the old one works a while longer."""
    key = get_object_or_404(CustomerKey, pk=key_id, customer=request.customer)
    ask_for_proof(request)
    form = RotateForm(request.POST)
    if not form.is_valid():
        return settings_page(request, status=400)
    overlap = timedelta(hours=form.cleaned_data["hours"])
    new, secret = keys.rotate_customer_key(key, overlap=overlap, actor=request.actor, at=request.at)
    return settings_page(request, issued=new, secret=secret)


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
@portal_page(does=MEMBERS, from_any=True)
def choose_customer(request: PortalRequest) -> HttpResponse:
    """Work for another customer that one belongs to, in this browser."""
    named = request.POST.get("customer")
    chosen = next((one.customer for one in request.user.belongs if str(one.customer_id) == named), None)
    if chosen is None:
        raise Http404
    request.session[CHOSEN] = str(chosen.pk)
    answer = redirect("home")
    speak_unless_chosen(request, answer, chosen.language)
    return answer


@require_GET
@portal_page(May.EXPORT)
def download_progress(request: PortalRequest, token: UUID) -> HttpResponse:
    """How far the download with this token is, for the page that started it."""
    return render(request, "accounts/_download.html", {"standing": standing_of(request.customer.pk, token)})
