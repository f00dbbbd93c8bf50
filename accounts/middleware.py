"""For which of their customers somebody works, where they belong to several."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.for_whom import CHOSEN


class ChosenCustomerMiddleware:
    """Whoever chose goes on so in this browser, as long as they belong there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and (chosen := request.session.get(CHOSEN)):
            request.user.chosen = UUID(chosen)  # type: ignore[union-attr]  # a session is of somebody who signed in
        return self.get_response(request)
