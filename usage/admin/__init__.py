"""Batches of uses, and what was refused of them; a file of uses is imported here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django import forms
from django.contrib import admin
from django.utils.text import capfirst
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin
from accounts.admin.tasks import ReasonForm, Task
from catalog.models import Product
from kernel.actors import Actor
from kernel.display import grouped
from kernel.shapes import Cleaned
from usage.models import Batch, Outcome, RefusedRecord
from usage.models.intake import REFUSED, TAKEN
from usage.rights import IMPORT_USAGE
from usage.services.files import MOST_BYTES, read_file

COLUMNS: Sequence[str] = ("resource", "item", "key", "used_at", "quantity", "subject", "corrects")


class FileForm(ReasonForm):
    product = forms.ModelChoiceField(
        label=_("Product"), queryset=Product.objects.filter(items__kind="metered").distinct().order_by("code")
    )
    file = forms.FileField(label=capfirst(_("CSV file")), help_text=", ".join(COLUMNS))
    field_order = ("product", "file", "reason")

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(text("This file is too large."))
        content: bytes = file.read()
        return content


class ReadFile(Task[None]):
    name = "read"
    label = _("Read uses from a file")
    lead = _(
        "Every line is taken or refused by itself, as from the product's team: a line that is known already adds nothing,"
        " so the same file can be read again."
    )
    button = _("Read it")
    right = IMPORT_USAGE
    form = FileForm

    def carry_out(self, subject: None, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        counted = read_file(data["product"], data["file"], reason=data["reason"], actor=actor, at=at)
        said = {
            "accepted": grouped(sum(counted[outcome] for outcome in TAKEN)),
            "known": grouped(counted[Outcome.DUPLICATE]),
            "refused": grouped(sum(counted[outcome] for outcome in REFUSED)),
        }
        return text("%(accepted)s uses are taken, %(known)s were known already, %(refused)s were refused.") % said


@admin.register(Batch)
class BatchAdmin(LookOnlyAdmin):
    list_tasks = (ReadFile(),)
    about = ("product",)
    list_display = ("received_at", "product", "source", "actor", "records", "accepted", "late", "duplicates", "refused")
    list_select_related = ("product",)
    list_filter = ("product", "source")
    ordering = ("-received_at", "-pk")


@admin.register(RefusedRecord)
class RefusedRecordAdmin(LookOnlyAdmin):
    about = ("batch",)
    list_display = ("at", "product", "outcome", "record", "batch")
    list_select_related = ("product", "batch__product")
    list_filter = ("product", "outcome")
