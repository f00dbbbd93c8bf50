"""What is kept about somebody: handed over at once, corrected, used no longer or deleted on request."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import PortalRequest, portal_page
from accounts.downloads import document_language
from accounts.may import MEMBERS, May
from door import documents
from door.by_provider import ask_for_own_means
from door.kept import zip_of_kept
from door.models import Agreement, PrivacyRequest
from door.services.privacy import ask_for_privacy, cancel_request, register_hand_over
from kernel import display
from kernel.text import validate_printable_lines
from notifications.choices import ONLY_INFORMS, choose_mails
from notifications.models import Notice
from store.shown import open_rows

Kind = PrivacyRequest.Kind


class PrivacyForm(forms.Form):
    kind = forms.ChoiceField(
        label=gettext_lazy("What you ask for"),
        choices=[(kind.value, kind.label) for kind in (Kind.CORRECT, Kind.WITHDRAW, Kind.ERASE)],
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label=gettext_lazy("In your words"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        validators=[validate_printable_lines],
        help_text=gettext_lazy("What is wrong, or what we shall no longer use or keep."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(MEMBERS, does=MEMBERS)
def own_data(request: PortalRequest) -> HttpResponse:
    """One's own requests, and another one."""
    if request.method == "POST":
        ask_for_own_means(request)
    form = PrivacyForm(request.POST or None)
    choices = list(request.customer.mail_choices.latest_first())
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        asked = ask_for_privacy(
            request.customer, request.user, said["kind"], said["text"],
            for_all=May.MANAGE_PROFILE in request.rights, actor=request.actor, at=request.at,
        )  # fmt: skip
        messages.success(
            request, _("Your request is registered. You have our answer by %(day)s.") % {"day": _day(asked)}
        )
        return redirect("own-data")
    context = {
        "form": form,
        "requests": PrivacyRequest.objects.filter(customer=request.customer, user=request.user).order_by(
            "-asked_at", "-id"
        )[:50],
        "agreements": _agreements(request),
        "wants_mails": choices[0].is_wanted if choices else True,
        "mails_since": choices[0].at if choices else request.customer.created_at,
        "choices": choices,
        "only_inform": [Notice.Kind(kind).label for kind in ONLY_INFORMS],
    }
    return render(request, "door/own_data.html", context, status=400 if form.errors else 200)


@never_cache
@require_POST
@portal_page(does=MEMBERS)
def hand_over(request: PortalRequest) -> HttpResponseBase:
    """All that is kept, as a file; of the customer for who manages its details."""
    ask_for_own_means(request)
    register_hand_over(request.customer, request.user, actor=request.actor, at=request.at)
    customer = request.customer if May.MANAGE_PROFILE in request.rights else None
    parts = zip_of_kept(request.user, customer, language=document_language(request), at=request.at)
    return StreamingHttpResponse(
        parts, content_type="application/zip", headers={"Content-Disposition": 'attachment; filename="kept.zip"'}
    )


@require_POST
@portal_page(does=May.MANAGE_PROFILE)
def mails(request: PortalRequest) -> HttpResponse:
    """Consent to mails that only inform: withdrawn, or given again."""
    ask_for_own_means(request)
    is_wanted = request.POST.get("wanted") == "yes"
    choose_mails(request.customer, is_wanted=is_wanted, actor=request.actor, at=request.at)
    said = (
        _("Mails that only inform are sent again.")
        if is_wanted
        else _("From now on no mail that only informs is sent.")
    )
    messages.success(request, said)
    return redirect("own-data")


@require_POST
@portal_page(does=MEMBERS)
def cancel(request: PortalRequest, asked_id: UUID) -> HttpResponse:
    ask_for_own_means(request)
    asked = get_object_or_404(PrivacyRequest, pk=asked_id, customer=request.customer, user=request.user)
    cancel_request(asked.pk, actor=request.actor, at=request.at)
    messages.success(request, _("Your request is cancelled."))
    return redirect("own-data")


def _agreements(request: PortalRequest) -> list[Agreement]:
    """What one agreed to in this account, the version in force first, each with where it is read."""
    pages = documents.addresses()
    found = open_rows(
        Agreement.objects.filter(customer=request.customer, user=request.user).order_by("-at", "document")
    )
    for one in found:
        one.page = pages.get(one.document, "")
    return found


def _day(asked: PrivacyRequest) -> str:
    return display.day(asked.due_at)
