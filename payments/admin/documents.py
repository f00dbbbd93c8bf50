"""Invoices: to be looked at, corrected by credit notes, and printed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Unpack

from django import forms
from django.contrib import admin
from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyInline
from accounts.admin.shown import State, badge, day
from accounts.admin.tasks import Task
from accounts.four_eyes import ask
from invoices.admin.documents import DocumentAdmin
from invoices.explain import name_of
from invoices.models import CreditNote, Invoice, InvoiceLine
from invoices.pdf import invoice_pdf
from invoices.services.again import bill_again
from kernel import clock, display
from kernel.actors import Actor
from kernel.fields import DongField, field_of
from kernel.shapes import Cleaned, FormOptions, Sent, Uploads, Wording
from kernel.text import validate_printable_lines
from payments.acts import CreditInvoice
from payments.models import Allocation
from payments.rights import CORRECT_INVOICE, RECORD_BANK_TRANSFER
from payments.services.taxed_anew import tax_anew


class CreditNoteForm(forms.Form):
    """A note: how much, and why."""

    amount = DongField(label=_("Amount to take back (₫)"), least=1)
    note = forms.CharField(
        label=_("Reason"),
        max_length=500,
        validators=[validate_printable_lines],
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stands on the credit note, for the customer to read."),
    )


class OfLineForm(CreditNoteForm):
    line = forms.ChoiceField(
        label=_("About the line"),
        required=False,
        help_text=_(
            "If it is about one: it takes back VAT of that rate, and what turns out not to have been used is not credited twice."
        ),
    )
    field_order = ("amount", "line", "note")

    def __init__(
        self, data: Sent = None, files: Uploads = None, *, lines: list[tuple[str, str]], **options: Unpack[FormOptions]
    ) -> None:
        super().__init__(data, files, **options)
        field_of(self, forms.ChoiceField, "line").choices = [("", text("the whole invoice")), *lines]


class IssueCreditNote(Task[Invoice]):
    name = "credit-note"
    label = _("Issue a credit note")
    lead = _("It first reduces what is due; what was paid of it goes back to the customer's wallet.")
    button = _("Issue the credit note")
    right = CORRECT_INVOICE
    form = OfLineForm
    once = True
    dangerous = True

    def is_open(self, subject: Invoice, at: datetime) -> bool:
        return subject.credited < subject.total

    def form_options(self, subject: Invoice, *, at: datetime) -> dict[str, object]:
        lines = subject.lines.select_related("item").order_by("position")
        return {
            "lines": [
                (str(line.pk), f"{line.position}. {name_of(line)}: {display.money(line.total)}") for line in lines
            ]
        }

    def context(self, subject: Invoice, *, at: datetime) -> dict[str, object]:
        left = subject.total - subject.credited
        return {
            "facts": [
                (_("Total"), display.money(subject.total)),
                (_("Paid"), display.money(subject.paid_net)),
                (_("Still due"), display.money(subject.due)),
                (_("Can still be credited"), display.money(left)),
            ]
        }

    def carry_out(self, subject: Invoice, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        asked = ask(
            CreditInvoice,
            customer=subject.customer,
            amount=data["amount"],
            subject=subject.number,
            facts={"invoice": str(subject.pk), **({"line": int(data["line"])} if data["line"] else {})},
            reason=data["note"],
            actor=actor,
            at=at,
        )
        return asked.told(_issued)


def _issued(note: CreditNote) -> str:
    return text("Credit note %(number)s over %(amount)s is issued; %(refunded)s went back to the wallet.") % {
        "number": note.number,
        "amount": display.money(note.amount),
        "refunded": display.money(note.refunded),
    }


class BillAgain(Task[Invoice]):
    name = "bill-again"
    label = _("Bill the usage again")
    lead = _(
        "A new invoice for the same usage, with the customer's name and address of today. Once for each void invoice."
    )
    button = _("Issue the invoice")
    right = CORRECT_INVOICE

    def is_open(self, subject: Invoice, at: datetime) -> bool:
        void = subject.kind == Invoice.Kind.USAGE and subject.status == Invoice.Status.VOID
        return void and subject.covered_until > subject.period_start

    def carry_out(self, subject: Invoice, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        invoice = bill_again(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("Invoice %(number)s over %(amount)s is issued.") % {
            "number": invoice.number,
            "amount": display.money(invoice.total),
        }


class TaxAnew(Task[Invoice]):
    name = "tax-anew"
    label = _("Tax it anew")
    lead = _(
        "The rate of VAT of its tax point was entered late: this invoice has another one. It is credited in full, and a new invoice with"
        " the right VAT takes its place. What was paid pays that one; what is over is credit, what is missing is due."
    )
    button = _("Issue both")
    right = CORRECT_INVOICE
    dangerous = True

    def is_open(self, subject: Invoice, at: datetime) -> bool:
        return Invoice.objects.mistaxed().filter(pk=subject.pk).exists()

    def carry_out(self, subject: Invoice, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        invoice = tax_anew(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("Invoice %(number)s over %(amount)s takes its place.") % {
            "number": invoice.number,
            "amount": display.money(invoice.total),
        }


class Mistaxed(admin.SimpleListFilter):
    title = _("VAT")
    parameter_name = "vat"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Wording]]:
        return [("late", _("its rate was entered late"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Invoice]) -> QuerySet[Invoice]:
        return queryset.filter(pk__in=Invoice.objects.mistaxed().values("pk")) if self.value() == "late" else queryset


class StatusFilter(admin.ChoicesFieldListFilter):
    """The database computes the column, so that Django knows no words for it."""

    def __init__(  # noqa: PLR0917 - as the framework calls it
        self,
        field: Field,
        request: HttpRequest,
        params: dict[str, list[str]],
        model: type[Model],
        model_admin: admin.ModelAdmin,
        field_path: str,
    ) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        self.title = _("status")


class Overdue(admin.SimpleListFilter):
    title = _("due")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Wording]]:
        return [("open", _("something is due")), ("overdue", _("overdue"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        match self.value():
            case "open":
                return queryset.filter(due__gt=0)
            case "overdue":
                return queryset.filter(due__gt=0, due_at__lte=clock.now())
        return queryset


class LineInline(LookOnlyInline):
    model = InvoiceLine
    fields = (
        "name",
        "starts_at",
        "ends_at",
        "minutes",
        "unit_price",
        "per_minutes",
        "quantity",
        "quantity_before",
        "discount",
        "amount",
        "tax",
        "total",
    )
    ordering = ("position",)


class AllocationInline(LookOnlyInline):
    model = Allocation
    fields = ("at", "payment", "credit_note", "amount", "promotional")
    related_rows = ("payment", "credit_note")
    ordering = ("pk",)


class CreditNoteInline(LookOnlyInline):
    model = CreditNote
    fields = ("number", "issued_at", "reason", "note", "amount", "tax", "refunded")
    ordering = ("pk",)
    show_change_link = True


@admin.display(description=_("status"), ordering="status")
def standing(invoice: Invoice) -> str:
    look = invoice.status_at(clock.now())
    return badge(State(look, look))


@admin.display(description=_("due"), ordering="due_at")
def due_day(invoice: Invoice) -> str:
    return day(invoice.due_date)


@admin.register(Invoice)
class InvoiceAdmin(DocumentAdmin[Invoice]):
    about = (
        "customer",
        "resource",
    )
    tasks = (
        IssueCreditNote(),
        BillAgain(),
        TaxAnew(),
    )
    inlines = (LineInline, AllocationInline, CreditNoteInline)
    list_display = (
        "number",
        "customer",
        standing,
        "total",
        "due",
        due_day,
        "resource_name",
        "product",
        "issued_at",
    )
    list_select_related = ("customer", "product")
    list_filter = (Overdue, Mistaxed, ("status", StatusFilter), "kind", "product")
    search_fields = ("=number", "resource__name", "customer__name", "customer__buyers__tax_code")
    date_hierarchy = "issued_at"
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("number", standing, "kind", "customer", "resource", "product", "issued_at", due_day)}),
        (
            _("Amounts"),
            {"fields": ("subtotal", "coupon", "coupon_code", "tax", "total", "credited", "paid", "refunded", "due")},
        ),
        (_("Period"), {"fields": ("period_key", "is_late", "period_start", "period_end", "covered_until")}),
        (_("As of issue"), {"fields": ("buyer", "seller"), "classes": ("collapse",)}),
    )

    def document(self, subject: Invoice, *, at: datetime) -> bytes:
        return invoice_pdf(subject, at=at)

    def links(self, request: HttpRequest, subject: Invoice) -> list[dict[str, object]]:
        """The PDF, and where the transfer that pays it is recorded."""
        links = super().links(request, subject)
        if subject.due and request.user.has_perm(RECORD_BANK_TRANSFER.permission):
            page = reverse("admin:accounts_customer_task", args=[subject.customer_id, "bank-transfer"])
            links.append({"url": f"{page}?invoice={subject.pk}", "label": _("Record bank transfer")})
        return links
