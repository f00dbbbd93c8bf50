"""Credit notes, month-end runs and bills held back. Invoices themselves are looked after in `payments.admin`."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from time import monotonic
from typing import Generic, TypeVar, Unpack
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.db.models import Count, Model, Q, QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin, LookOnlyInline
from accounts.admin.shown import column, money
from accounts.admin.tasks import ReasonForm, Task
from invoices.models import BillingChunk, BillingRun, CreditedPart, CreditNote, ParkedBilling, UseTakenBack
from invoices.pdf import credit_note_pdf
from invoices.rights import RELEASE_BILLING, RUN_BILLING
from invoices.services.forecast import dry_run
from invoices.services.month_end import NothingToBill, ended_months, progress_of, run_for_staff, unbilled_months
from invoices.services.release import release
from kernel import clock
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.fields import field_of
from kernel.periods import CalendarMonth
from kernel.shapes import Cleaned, FormOptions, Sent, Uploads

PATIENCE_SECONDS = 20
"""How long a person waits for a month-end run; the job does the rest."""


Document = TypeVar("Document", bound=Model)


class DocumentAdmin(LookOnlyAdmin, Generic[Document]):
    """A document that can be printed; `document` sets it."""

    def document(self, subject: Document, *, at: datetime) -> bytes:
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_pdf"
        return [path("<uuid:pk>/pdf/", self.admin_site.admin_view(self.pdf_view), name=name), *super().get_urls()]

    def pdf_view(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        subject = self.get_object(request, str(pk))
        if subject is None:
            raise Http404
        if not self.has_view_permission(request, subject):
            raise PermissionDenied
        answer = HttpResponse(self.document(subject, at=clock.now()), content_type="application/pdf")
        answer["Content-Disposition"] = f'inline; filename="{subject.number}.pdf"'
        return answer

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        page: dict[str, object] = {}
        with suppress(NoReverseMatch):  # an id that is none: there is no such document
            subject = self.get_object(request, unquote(object_id))
            page["staff_links"] = self.links(request, subject) if subject else []
        return super().change_view(request, object_id, form_url, {**page, **(extra_context or {})})

    def links(self, request: HttpRequest, subject: Document) -> list[dict[str, object]]:
        """Where else the page of a document leads."""
        url = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_pdf", args=[subject.pk])
        return [{"url": url, "label": _("PDF")}]


class UseInline(LookOnlyInline):
    model = UseTakenBack
    fields = ("line", "quantity", "at")
    related_rows = ("line",)
    ordering = ("pk",)


class PartInline(LookOnlyInline):
    model = CreditedPart
    fields = ("vat_rate", "net", "tax")
    ordering = ("vat_rate",)


@admin.register(CreditNote)
class CreditNoteAdmin(DocumentAdmin[CreditNote]):
    inlines = (PartInline, UseInline)
    list_display = ("number", "invoice", "customer", "reason", "amount", "refunded", "issued_at")
    list_select_related = ("invoice", "customer")
    list_filter = ("reason",)
    search_fields = ("=number", "=invoice__number", "customer__name", "customer__buyers__tax_code")
    date_hierarchy = "issued_at"

    def document(self, subject: CreditNote, *, at: datetime) -> bytes:
        return credit_note_pdf(subject)


class ChunkInline(LookOnlyInline):
    model = BillingChunk
    fields = ("first", "last", "state", "invoices", "total", "attempts", "finished_at")
    ordering = ("pk",)


class MonthForm(ReasonForm):
    month = forms.ChoiceField(label=_("Month"))
    field_order = ("month", "reason")

    def __init__(
        self,
        data: Sent = None,
        files: Uploads = None,
        *,
        unbilled: list[str],
        billed: list[str],
        **options: Unpack[FormOptions],
    ) -> None:
        super().__init__(data, files, **options)
        again = [(key, text("%(month)s: what came after it was billed") % {"month": key}) for key in reversed(billed)]
        field_of(self, forms.ChoiceField, "month").choices = [*zip(unbilled, unbilled, strict=True), *again]


class RunMonthEnd(Task[None]):
    name = "run"
    label = _("Run the month-end")
    lead = _(
        "Bills the usage of an ended month. A run that was interrupted goes on, one that is done bills what came after it; what"
        " is billed is never billed again."
    )
    button = _("Run")
    right = RUN_BILLING
    form = MonthForm

    def form_options(self, subject: None, *, at: datetime) -> dict[str, object]:
        unbilled = [month.key for month in unbilled_months(at)]
        return {"unbilled": unbilled, "billed": [month.key for month in ended_months(at) if month.key not in unbilled]}

    def context(self, subject: None, *, at: datetime) -> dict[str, object]:
        if not ended_months(at):
            raise NothingToBill
        return {}

    def carry_out(self, subject: None, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        month, until = CalendarMonth.parse(data["month"]), monotonic() + PATIENCE_SECONDS
        run = run_for_staff(month, reason=data["reason"], actor=actor, at=at, until=until)
        sums = run.chunks.aggregate(invoices=Sum("invoices"))
        return text("%(month)s: %(invoices)d invoices, %(state)s.") % {
            "month": run.month,
            "invoices": sums["invoices"] or 0,
            "state": run.get_state_display(),
        }


def _counted(invoices: int | None) -> int:
    return invoices or 0


@admin.register(BillingRun)
class BillingRunAdmin(LookOnlyAdmin):
    list_tasks = (RunMonthEnd(),)
    inlines = (ChunkInline,)
    invoices = column("invoices", _("invoices"), _counted)
    total = column("total", _("total"), money)
    list_display = ("month", "state", "progress", invoices, total, "parked_count", "started_at", "finished_at")
    fields = ("month", "state", "progress_now", "started_at", "finished_at")
    ordering = ("-month",)
    change_list_template = "admin/billing_runs.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[BillingRun]:
        parked = Count("parked", filter=Q(parked__state=ParkedBilling.State.PARKED), distinct=True)
        runs: QuerySet[BillingRun] = super().get_queryset(request)
        return runs.annotate(**{"parked_count": parked})  # the model declares it

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Sums over the chunks of the shown runs, in one query."""
        changelist = super().get_changelist_instance(request)
        rows = BillingChunk.objects.filter(run__in=list(changelist.result_list)).values("run")
        done = Count("pk", filter=Q(state=BillingChunk.State.DONE))
        sums = {
            row["run"]: row
            for row in rows.annotate(chunks=Count("pk"), done=done, invoiced=Sum("invoices"), sum=Sum("total"))
        }
        for run in changelist.result_list:
            row = sums.get(run.pk, {"chunks": 0, "done": 0, "invoiced": 0, "sum": 0})
            run.chunk_counts = (row["done"], row["chunks"])
            run.invoices, run.total = row["invoiced"], row["sum"]
        return changelist

    @admin.display(description=_("chunks done"))
    def progress(self, run: BillingRun) -> str:
        done, chunks = run.chunk_counts
        return f"{done} / {chunks}"

    @admin.display(description=_("parked customers"))
    def parked_count(self, run: BillingRun) -> int:
        return run.parked_count

    @admin.display(description=_("chunks"))
    def progress_now(self, run: BillingRun) -> str:
        return text(
            "%(done)d done, %(running)d in work, %(planned)d planned; %(parked)d customers parked"
        ) % progress_of(run)

    def get_urls(self) -> list[URLPattern]:
        page = path("forecast/", self.admin_site.admin_view(self.forecast_view), name="invoices_billingrun_forecast")
        return [page, *super().get_urls()]

    def forecast_view(self, request: HttpRequest) -> HttpResponse:
        """The dry run: what a month would bill now, and whose bill changes most."""
        if not request.user.has_perm(RUN_BILLING.permission):
            raise PermissionDenied
        at = clock.now()
        current = CalendarMonth.of(at)
        months = [current, current.previous, current.previous.previous]
        try:
            month = CalendarMonth.parse(request.GET.get("month", current.previous.key))
        except ValueError:
            raise Http404 from None
        context = {
            **self._page(request),
            "title": _("Dry run of the month-end"),
            "months": [known.key for known in months],
            "month": month.key,
            "is_over": at >= month.period.ends_at,
            "forecast": dry_run(month),
            "back": reverse("admin:invoices_billingrun_changelist"),
            "at": at,
        }
        return TemplateResponse(request, "admin/forecast.html", context)


class StillFails(DomainError):
    code = "still-fails"
    message = _("It fails again and stays parked: %(why)s")


class ReleaseParked(Task[ParkedBilling]):
    name = "release"
    label = _("Release")
    lead = _("Issues the customer's invoices of this month now, whatever their amount.")
    button = _("Issue the invoices")
    right = RELEASE_BILLING

    def is_open(self, subject: ParkedBilling, at: datetime) -> bool:
        return subject.state == ParkedBilling.State.PARKED

    def carry_out(self, subject: ParkedBilling, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        try:
            release(subject.pk, reason=data["reason"], actor=actor, at=at)
        except (ArithmeticError, LookupError, AssertionError, DatabaseError) as failure:
            raise StillFails(why=f"{type(failure).__name__}: {failure}"[:300]) from failure
        return text("The invoices are issued.")


@admin.register(ParkedBilling)
class ParkedBillingAdmin(LookOnlyAdmin):
    about = ("run",)
    tasks = (ReleaseParked(),)
    list_display = ("customer", "month", "resource", "state", "cause", "whose", "expected_total", "usual_total", "at")
    list_select_related = ("customer", "resource")
    list_filter = ("state", "cause", "month")
    search_fields = ("customer__name", "month")

    @admin.display(description=_("owner"))
    def whose(self, parked: ParkedBilling) -> str:
        return str(parked.owner)
