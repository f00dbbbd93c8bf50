"""Whom else the customer lets us write to, and which addresses take no mail."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import PortalRequest, portal_page
from accounts.may import LOOK, May
from notifications.forms import RecipientForm
from notifications.models import Notice, Recipient
from notifications.recipients import ask_again, ask_recipient, change_recipient, remove_recipient
from notifications.troubles import mend_address, troubled
from store.shown import open_rows


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page(LOOK, does=May.MANAGE_PROFILE)
def recipients(request: PortalRequest) -> HttpResponse:
    """All of them, and another one."""
    form = RecipientForm(request.POST or None, initial={"language": request.customer.language})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        ask_recipient(
            request.customer, said["email"], said["language"], said["kinds"], actor=request.actor, at=request.at
        )
        messages.success(request, _("A link is on its way to %(email)s. It is good for three days.") % said)
        return redirect("recipients")
    return _page(request, form)


@require_POST
@portal_page(does=May.MANAGE_PROFILE)
def change(request: PortalRequest, recipient_id: UUID) -> HttpResponse:
    recipient = _own(request, recipient_id)
    form = RecipientForm(request.POST, recipient=recipient)
    if not form.is_valid():
        return _page(request, RecipientForm(), changed=form)
    said = form.cleaned_data
    change_recipient(recipient.pk, said["language"], said["kinds"], actor=request.actor, at=request.at)
    messages.success(request, _("%(email)s receives what you chose from now on.") % {"email": recipient.email})
    return redirect("recipients")


@require_POST
@portal_page(does=May.MANAGE_PROFILE)
def ask(request: PortalRequest, recipient_id: UUID) -> HttpResponse:
    """Another link."""
    recipient = ask_again(_own(request, recipient_id).pk, actor=request.actor, at=request.at)
    messages.success(
        request, _("A link is on its way to %(email)s. It is good for three days.") % {"email": recipient.email}
    )
    return redirect("recipients")


@require_POST
@portal_page(does=May.MANAGE_PROFILE)
def remove(request: PortalRequest, recipient_id: UUID) -> HttpResponse:
    recipient = remove_recipient(_own(request, recipient_id).pk, actor=request.actor, at=request.at)
    messages.success(request, _("%(email)s receives nothing any more.") % {"email": recipient.email})
    return redirect("recipients")


@require_POST
@portal_page(does=May.MANAGE_PROFILE)
def works_again(request: PortalRequest) -> HttpResponse:
    """Of the customer's own address, or one of its recipients'."""
    known = [request.customer.email, *request.customer.recipients.in_use().values_list("email", flat=True)]
    email = next((one for one in known if one.lower() == request.POST.get("email", "").lower()), "")
    if email:
        mend_address(email, customer=request.customer, actor=request.actor, at=request.at)
        messages.success(
            request, _("We write to %(email)s again. If mails come back, we say so here.") % {"email": email}
        )
    return redirect("recipients")


def _own(request: PortalRequest, recipient_id: UUID) -> Recipient:
    return get_object_or_404(Recipient, pk=recipient_id, customer=request.customer)


def _page(request: PortalRequest, form: RecipientForm, changed: RecipientForm | None = None) -> HttpResponse:
    """:param changed: a form about one of them that is to be mended"""
    found = open_rows(request.customer.recipients.in_use().order_by("email"))
    troubles = troubled([request.customer.email, *(recipient.email for recipient in found)])
    for recipient in found:
        is_this = changed is not None and changed.recipient == recipient
        recipient.form = changed if is_this else RecipientForm(recipient=recipient)
        recipient.words = [str(Notice.Kind(kind).label) for kind in recipient.kinds]
        recipient.trouble = troubles.get(recipient.email.lower())
        recipient.is_asked = recipient.waits(request.at)
    context = {
        "recipients": found,
        "own_trouble": troubles.get(request.customer.email.lower()),
        "form": form,
    }
    return render(request, "notifications/recipients.html", context, status=400 if form.errors or changed else 200)
