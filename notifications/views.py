"""What we told the customer, as it was mailed."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import override
from django.views.decorators.http import require_GET, require_POST

from accounts.access import PortalRequest, portal_page
from notifications.models import Notice
from notifications.render import render as render_mail
from notifications.render import words_of
from notifications.services import mark_all_read, mark_read
from notifications.truth import facts_now, holds
from store.keyset import keyset_page

FILTERS = ("", "unread")


@require_GET
@portal_page()
def notices(request: PortalRequest) -> HttpResponse:
    show = request.GET.get("show", "")
    found = Notice.objects.filter(customer=request.customer)
    if show == "unread":
        found = found.filter(read_at=None)
    page = keyset_page(found, ("id",), before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    now = facts_now(page.rows)
    for notice in page.rows:
        facts = now.get(notice.pk, {})
        notice.words = words_of(notice, facts, in_full=False)
        notice.is_overtaken = not holds(notice, facts, at=request.at)
    return render(request, "notifications/notices.html", {"page": page, "show": show if show in FILTERS else ""})


@require_GET
@portal_page()
def notice(request: PortalRequest, notice_id: int) -> HttpResponse:
    """One notice, read from now on; beside it the mail in the language in which it was sent."""
    found = get_object_or_404(Notice, pk=notice_id, customer=request.customer)
    if not request.staff_viewing:
        mark_read(found, at=request.at)
    now = facts_now([found]).get(found.pk, {})
    with override(request.customer.language):
        mail = render_mail(found)
    context = {"notice": found, "words": words_of(found, now), "mail": mail}
    return render(
        request, "notifications/notice.html", context | {"is_overtaken": not holds(found, now, at=request.at)}
    )


@require_POST
@portal_page()
def read_all(request: PortalRequest) -> HttpResponse:
    mark_all_read(request.customer, at=request.at)
    return redirect("notices")
