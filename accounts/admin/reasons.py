"""Edits that money follows ask why; the answer goes into the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from kernel.shapes import Json


def reason_field() -> forms.CharField:
    return forms.CharField(
        label=_("Reason"),
        required=False,  # what is required depends on what is edited: see `clean`
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Stands in the audit trail."),
    )


class SaysWhy:
    """Mixed into the form of a row. `is_free` are fields whose edits need no reason."""

    is_free: ClassVar[frozenset[str]] = frozenset()
    is_asked_of_new: ClassVar[bool] = True

    @property
    def changed_data(self: Any) -> list[str]:
        """The reason is no column of the row."""
        return [name for name in super().changed_data if name != "reason"]  # type: ignore[misc]

    def clean(self: Any) -> Any:
        data = super().clean()  # type: ignore[misc]
        is_new = self.instance._state.adding
        is_asked = self.is_asked_of_new if is_new else set(self.changed_data) - self.is_free
        if is_asked and "reason" not in self.errors and not self.cleaned_data.get("reason"):
            self.add_error("reason", text("Say why: money or access follows from this edit."))
        return data


class ReasonAsked:
    """
    Mixed into the pages of rows that money or access follows from: `asks_why`, of edits of any field but those in `needs_no_reason`,
    and of new rows with `asks_why_of_new`.
    """

    asks_why: ClassVar[bool] = False
    asks_why_of_new: ClassVar[bool] = True
    needs_no_reason: ClassVar[Sequence[str]] = ()

    def get_form(
        self: Any, request: HttpRequest, obj: Model | None = None, change: bool = False, **options: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **options)  # type: ignore[misc]
        if not self.asks_why:
            return form
        rules = {"is_free": frozenset(self.needs_no_reason), "is_asked_of_new": self.asks_why_of_new}
        return type(form.__name__, (SaysWhy, form), {**rules, "reason": reason_field()})

    def get_fields(self: Any, request: HttpRequest, obj: Model | None = None) -> Any:
        return [name for name in super().get_fields(request, obj) if name != "reason" or not self.asks_why]  # type: ignore[misc]

    def render_change_form(
        self: Any,
        request: HttpRequest,
        context: Json,
        *args: Any,
        obj: Model | None = None,
        **options: Any,
    ) -> HttpResponse:
        """The reason is asked below the row, whatever the page shows of it."""
        is_edited = self.has_add_permission(request) if obj is None else self.has_change_permission(request, obj)
        context["why"] = context["adminform"].form["reason"] if self.asks_why and is_edited else None
        page: HttpResponse = super().render_change_form(request, context, *args, obj=obj, **options)  # type: ignore[misc]
        return page

    def construct_change_message(self: Any, request: Any, form: Any, *args: Any, **options: Any) -> Any:
        """Called once for each edit, before it is recorded."""
        request.why = form.cleaned_data.get("reason", "")
        return super().construct_change_message(request, form, *args, **options)  # type: ignore[misc]
