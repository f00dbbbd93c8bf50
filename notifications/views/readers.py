"""What the readers of our mails do without an account: agree to receive them, and stop them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from kernel import clock
from notifications.kinds import KINDS
from notifications.models import Notice
from notifications.recipients import LinkOver, confirm_recipient, recipient_of, stop_notices
from notifications.stopping import read_mark


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Nothing happens before the button is pressed, for machines follow links as well."""
    at = clock.now()
    if request.method == "POST":
        try:
            recipient = confirm_recipient(token, at=at)
        except LinkOver:
            return render(request, "notifications/link_over.html", status=LinkOver.status)
        with override(recipient.language):
            return render(request, "notifications/confirmed.html", {"recipient": recipient, "is_done": True})
    asked = recipient_of(token, at=at)
    if asked is None:
        return render(request, "notifications/link_over.html", status=LinkOver.status)
    with override(asked.language):
        words = [Notice.Kind(kind).label for kind in asked.kinds]
        return render(request, "notifications/confirmed.html", {"recipient": asked, "kinds": words})


@never_cache
@csrf_exempt  # mail programs post here by themselves (RFC 8058); whoever has the mark may
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, mark: str) -> HttpResponse:
    """In one click: a mail program posts, a person presses the button."""
    found = read_mark(mark)
    if found is None:
        return render(request, "notifications/link_over.html", status=LinkOver.status)
    recipient, told = found
    kinds = [kind for kind in told if kind in KINDS and not KINDS[kind].is_owed]
    if request.method == "POST":
        stop_notices(recipient.pk, kinds, at=clock.now())
    with override(recipient.language):
        context = {
            "recipient": recipient,
            "kinds": [Notice.Kind(kind).label for kind in kinds],
            "is_done": request.method == "POST",
        }
        return render(request, "notifications/stop.html", context)
