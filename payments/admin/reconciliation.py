"""Reconciliation: until when every gateway and bank agrees with our books, each difference with its two sides, and its ends."""

from __future__ import annotations

from datetime import date, datetime
from typing import Unpack

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin
from accounts.admin.tasks import ReasonForm, Task
from kernel.actors import Actor
from kernel.fields import field_of
from kernel.shapes import Cleaned, FormOptions, Sent, Uploads
from payments.admin.differences import TASKS
from payments.admin.sides import sides
from payments.gateways import open_codes
from payments.models import (
    ReconciliationCase,
    StatementDay,
    StatementLine,
)
from payments.queries import gateway_name
from payments.rights import RECONCILE
from payments.services.differences import standings
from payments.services.fetching import read_file_of_day

MOST_BYTES = 20_000_000


class FileForm(ReasonForm):
    source = forms.ChoiceField(label=_("Gateway"))
    day = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    file = forms.FileField(label=_("File of the gateway"))
    field_order = ("source", "day", "file", "reason")

    def __init__(self, data: Sent = None, files: Uploads = None, **options: Unpack[FormOptions]) -> None:
        super().__init__(data, files, **options)
        named = [(code, gateway_name(code)) for code in open_codes()]
        field_of(self, forms.ChoiceField, "source").choices = named

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise ValidationError(text("This file is too large."))
        content: bytes = file.read()
        return content

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        return day


class ReadFile(Task):
    name = "statement"
    label = _("Read a gateway's statement")
    lead = _("All that it moved on one day. A day can be read again: lines that are known change nothing.")
    button = _("Read it")
    right = RECONCILE
    form = FileForm

    def carry_out(self, subject: None, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        count = read_file_of_day(data["source"], data["day"], data["file"], reason=data["reason"], actor=actor, at=at)
        return text("%(count)s new lines were read and compared.") % {"count": count}


@admin.register(ReconciliationCase)
class ReconciliationCaseAdmin(LookOnlyAdmin):
    about = ("payment", "transfer", "refund", "reversal")
    tasks = TASKS
    list_tasks = (ReadFile(),)
    change_list_template = "admin/differences.html"
    change_form_template = "admin/difference.html"
    list_display = ("day", "source", "kind", "theirs", "ours", "payment", "resolution", "resolved_at")
    list_select_related = ("payment",)
    list_filter = (("resolved_at", admin.EmptyFieldListFilter), "kind", "source")
    search_fields = ("=payment__reference", "=line__transaction", "=line__reference")
    date_hierarchy = "day"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "kind",
                    "source",
                    "day",
                    "found_at",
                    "line",
                    "payment",
                    "transfer",
                    "refund",
                    "reversal",
                    "sent_back",
                    "movement",
                )
            },
        ),
        (_("How it ended"), {"fields": ("resolution", "reason", "resolved_by", "resolved_at")}),
    )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"standings": standings(), **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        case = self.get_object(request, object_id)
        page: dict[str, object] = {"sides": sides(case)} if isinstance(case, ReconciliationCase) else {}
        return super().change_view(request, object_id, form_url, {**page, **(extra_context or {})})


@admin.register(StatementDay)
class StatementDayAdmin(LookOnlyAdmin):
    list_display = ("day", "source", "read_at", "tries", "failure", "ask_at")
    list_filter = (("read_at", admin.EmptyFieldListFilter), "source")
    search_fields = ("=source",)
    date_hierarchy = "day"


@admin.register(StatementLine)
class StatementLineAdmin(LookOnlyAdmin):
    about = ("statement",)
    list_display = ("at", "source", "movement", "amount", "reference", "transaction")
    list_filter = ("movement", "source")
    search_fields = ("=reference", "=transaction")
    date_hierarchy = "at"
