"""What we told the customer, as it was mailed."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import override
from django.views.decorators.http import require_GET, require_POST

from accounts.access import PortalRequest, portal_page
from accounts.may import LOOK
from notifications.gathered import count_of, in_a_line, mail_as_sent, said_together, sums_by_key
from notifications.kinds import TOPIC_WORDS, Topic, kinds_of
from notifications.models import Notice
from notifications.render import words_of
from notifications.services import mark_all_read, mark_read, told_with
from notifications.truth import facts_now, holds
from store.keyset import keyset_page

FILTERS = ("", "unread")


@require_GET
@portal_page(LOOK)
def notices(request: PortalRequest) -> HttpResponse:
    show, topic = request.GET.get("show", ""), request.GET.get("topic", "")
    found = Notice.objects.to_customers().filter(customer=request.customer)
    if show == "unread":
        found = found.filter(read_at=None)
    if topic in TOPIC_WORDS:
        found = found.filter(kind__in=kinds_of(Topic(topic)))
    page = keyset_page(found.heads(), ("id",), before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    now = facts_now(page.rows)
    sums = sums_by_key(page.rows)
    for notice in page.rows:
        facts = now.get(notice.pk, {})
        others = sums.get(notice.together, {})
        notice.count = count_of(others)
        notice.words = in_a_line(notice, others, facts) if notice.count > 1 else words_of(notice, facts, in_full=False)
        notice.is_overtaken = notice.count <= 1 and not holds(notice, facts, at=request.at)
    context = {
        "page": page,
        "show": show if show in FILTERS else "",
        "topic": topic if topic in TOPIC_WORDS else "",
        "topics": TOPIC_WORDS.items(),
    }
    return render(request, "notifications/notices.html", context)


@require_GET
@portal_page(LOOK)
def notice(request: PortalRequest, notice_id: int) -> HttpResponse:
    """One notice with what is told together with it, read from now on; beside it the mail in the language in which it was sent."""
    found = get_object_or_404(Notice.objects.to_customers(), pk=notice_id, customer=request.customer)
    if not request.staff_viewing:
        mark_read(found, at=request.at)
    together: list[Any] = list(
        Notice.objects.to_customers().filter(told_with(found), customer=request.customer).order_by("id")
    )
    now = facts_now(together)
    for one in together:
        one.is_overtaken = not holds(one, now.get(one.pk), at=request.at)
    with override(request.customer.language):
        mail = mail_as_sent(found)
    said = said_together(together) if len(together) > 1 else None
    context = {
        "notice": found,
        "words": said.words if said else words_of(found, now.get(found.pk, {})),
        "table": said.table if said else None,
        "mail": mail,
        "is_overtaken": all(one.is_overtaken for one in together),
    }
    return render(request, "notifications/notice.html", context)


@require_POST
@portal_page(does=LOOK)
def read_all(request: PortalRequest) -> HttpResponse:
    mark_all_read(request.customer, at=request.at)
    return redirect("notices")
