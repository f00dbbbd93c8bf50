"""Edits that money follows ask why; the answer goes into the audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, cast

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.forms import BaseFormSet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.shapes import FieldNames, Left
from kernel.shapes import Cleaned, Json

WHY: Left[str] = Left("why")
"""The reason that was given for an edit; nothing when nothing was edited."""


def reason_field() -> forms.CharField:
    return forms.CharField(
        label=_("Reason"),
        required=False,  # what is required depends on what is edited: see `clean`
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Stands in the audit trail."),
    )


class SaysWhy(forms.ModelForm):
    """Mixed into the form of a row. `is_free` are fields whose edits need no reason."""

    is_free: ClassVar[frozenset[str]] = frozenset()
    is_asked_of_new: ClassVar[bool] = True

    @property
    def changed_data(self) -> list[str]:
        """The reason is no column of the row."""
        return [name for name in super().changed_data if name != "reason"]

    def clean(self) -> Cleaned | None:
        data = super().clean()
        is_new = self.instance._state.adding
        is_asked = self.is_asked_of_new if is_new else set(self.changed_data) - self.is_free
        if is_asked and "reason" not in self.errors and not self.cleaned_data.get("reason"):
            self.add_error("reason", text("Say why: money or access follows from this edit."))
        return data


class ReasonAsked(admin.ModelAdmin):
    """
    Mixed into the pages of rows that money or access follows from: `asks_why`, of edits of any field but those in `needs_no_reason`,
    and of new rows with `asks_why_of_new`.
    """

    asks_why: ClassVar[bool] = False
    asks_why_of_new: ClassVar[bool] = True
    needs_no_reason: ClassVar[Sequence[str]] = ()

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **options: object
    ) -> type[forms.ModelForm]:
        form = super().get_form(request, obj, change=change, **options)
        if not self.asks_why:
            return form
        rules = {"is_free": frozenset(self.needs_no_reason), "is_asked_of_new": self.asks_why_of_new}
        return cast(type[SaysWhy], type(form.__name__, (SaysWhy, form), {**rules, "reason": reason_field()}))

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> FieldNames:
        return [name for name in super().get_fields(request, obj) if name != "reason" or not self.asks_why]

    def render_change_form(  # noqa: PLR0917 - as the framework calls it
        self,
        request: HttpRequest,
        context: Json,
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Model | None = None,
    ) -> HttpResponse:
        """The reason is asked below the row, whatever the page shows of it."""
        is_edited = self.has_add_permission(request) if obj is None else self.has_change_permission(request, obj)
        context["why"] = context["adminform"].form["reason"] if self.asks_why and is_edited else None
        return super().render_change_form(request, context, add, change, form_url, obj)

    def construct_change_message(
        self, request: HttpRequest, form: forms.Form, formsets: Iterable[BaseFormSet], add: bool = False
    ) -> list[dict[str, dict[str, list[str]]]]:
        """Called once for each edit, before it is recorded."""
        WHY.on(request, form.cleaned_data.get("reason", ""))
        return super().construct_change_message(request, form, formsets, add)
