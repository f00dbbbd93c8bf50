"""What the portal does to every answer: none is kept, and a refusal is a message on its form or a page with the right status."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from accounts.for_whom import ForAnother
from kernel.errors import DomainError
from orders.views.lookups import with_way_on


class UnkeptMiddleware:
    """
    No browser or proxy keeps an answer: almost every one shows somebody's money. Whoever answers what may be kept says so
    in a Cache-Control of their own. (Static files are answered before.)
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer


class RefusalMiddleware:
    """
    A service refused: what is not the customer's is a 404, what somebody has no right to a 403, a form that was sent goes back to its page with the
    sentence, all else becomes a page of its own; so does what was meant for another customer, whose page is not there for
    this one. The API translates its refusals itself.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError) or request.path.startswith("/api/"):
            return None
        if exception.status == 404:
            return render(request, "404.html", status=404)
        if exception.status == 403:
            return render(request, "403.html", {"refusal": exception}, status=403)
        came_from = form_address(request)
        if came_from and not isinstance(exception, ForAnother):
            messages.error(request, with_way_on(exception))
            return HttpResponseRedirect(came_from, status=303)
        return render(request, "refused.html", {"refusal": with_way_on(exception)}, status=exception.status)


def form_address(request: HttpRequest) -> str:
    """Where the form that was sent stands: the path that this site's page was sent from; empty when it is not known."""
    try:
        referer = urlsplit(request.META.get("HTTP_REFERER", ""))
    except ValueError:  # whatever a browser sends there: it is not ours
        return ""
    if request.method != "POST" or not referer.path.startswith("/"):
        return ""
    if (referer.scheme, referer.netloc) != (request.scheme, request.get_host()):
        return ""
    path = "/" + referer.path.lstrip("/")  # "//host" would lead elsewhere
    return f"{path}?{referer.query}" if referer.query else path
