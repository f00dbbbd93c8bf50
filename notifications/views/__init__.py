"""What we told the customer, as it was mailed."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import override
from django.views.decorators.http import require_GET, require_POST

from accounts.access import PortalRequest, portal_page
from accounts.may import LOOK, May
from notifications.gathered import count_of, in_a_line, mail_as_sent, said_together, sums_by_key
from notifications.kinds import TOPIC_WORDS, Topic, kinds_of
from notifications.render import words_of
from notifications.services import mark_read, shown_to, told_facts, told_with
from notifications.truth import facts_now, holds
from store.keyset import keyset_page
from store.shown import open_rows

FILTERS = ("", "unread")


@require_GET
@portal_page(LOOK)
def notices(request: PortalRequest) -> HttpResponse:
    show, topic = request.GET.get("show", ""), request.GET.get("topic", "")
    shown = found = shown_to(request.customer, request.rights)
    if show == "unread":
        found = found.filter(read_at=None)
    if topic in TOPIC_WORDS:
        found = found.filter(kind__in=kinds_of(Topic(topic)))
    page = keyset_page(found.heads(), ("id",), before=request.GET.get("before", ""), after=request.GET.get("after", ""))
    now = facts_now(page.rows)
    sums = sums_by_key(page.rows, shown)
    for notice in open_rows(page.rows):
        notice.facts = told_facts(notice, request.rights)
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
    shown = shown_to(request.customer, request.rights)
    found = get_object_or_404(shown, pk=notice_id)
    told = shown.filter(told_with(found))
    if not request.staff_viewing:
        mark_read(told, at=request.at)
    together = open_rows(told.order_by("id"))
    for one in [found, *together]:
        one.facts = told_facts(one, request.rights)
    now = facts_now(together)
    for one in together:
        one.is_overtaken = not holds(one, now.get(one.pk), at=request.at)
    mail = None
    if May.VIEW_BILLING in request.rights:  # it may tell of bills besides
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
    mark_read(shown_to(request.customer, request.rights), at=request.at)
    return redirect("notices")
