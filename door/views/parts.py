"""What pages of the front door share."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase


class Page:
    """Says 429 to who has to wait."""

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        return slowed(answer, (getattr(answer, "context_data", None) or {}).get("form"))


class WithRequest:
    """Its form is given the request."""

    def get_form_kwargs(self) -> dict[str, object]:
        kwargs: dict[str, object] = super().get_form_kwargs()  # type: ignore[misc]
        return {**kwargs, "request": self.request}  # type: ignore[attr-defined]


def slowed(answer: HttpResponseBase, form: object) -> HttpResponseBase:
    if wait := getattr(form, "retry_after", 0):
        answer.status_code = 429
        answer["Retry-After"] = str(wait)
    return answer
