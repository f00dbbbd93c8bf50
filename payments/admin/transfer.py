"""Recording a bank transfer: what stands on the bank's statement, and the invoices that it pays."""

from __future__ import annotations

from datetime import date, datetime
from typing import Unpack

from django import forms
from django.db.models import Model
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.tasks import ReasonForm, Task
from accounts.four_eyes import ask
from accounts.models import Customer
from invoices.models import Invoice
from kernel import display
from kernel.actors import Actor
from kernel.fields import DongField, field_of
from kernel.periods import local_day
from kernel.shapes import Cleaned, FormOptions, Sent, Uploads
from payments.acts import RecordTransfer, wallet_facts
from payments.models import Payment
from payments.rights import RECORD_BANK_TRANSFER
from store.cut import cut
from store.shown import open_rows

MOST_SHOWN = 200


class BankTransferForm(ReasonForm):
    amount = DongField(
        label=_("Amount for this customer (₫)"),
        least=1,
        help_text=_("As it stands on the statement: 1.640.000 or 1640000."),
    )
    whole_amount = DongField(
        label=_("Amount that arrived (₫)"),
        least=1,
        required=False,
        help_text=_("Only when the transfer is for several customers or recorded in parts: all that arrived."),
    )
    reference = forms.CharField(
        label=_("Reference of the bank"),
        max_length=50,
        help_text=_("However it is written: the parts of one reference add up to what arrived, and no more."),
    )
    value_date = forms.DateField(
        label=_("Value date"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The day on which it arrived."),
    )
    invoices = forms.ModelMultipleChoiceField(Invoice.objects.none(), required=False)
    field_order = ("amount", "whole_amount", "reference", "value_date", "reason")

    def __init__(
        self,
        data: Sent = None,
        files: Uploads = None,
        *,
        customer: Customer,
        at: datetime,
        **options: Unpack[FormOptions],
    ) -> None:
        super().__init__(data, files, **options)
        self.today = local_day(at)
        self.fields["value_date"].initial = self.today
        chooser = field_of(self, forms.ModelMultipleChoiceField, "invoices")
        chooser.queryset = Invoice.objects.open().filter(customer=customer)

    def clean_reference(self) -> str:
        return str(self.cleaned_data["reference"]).strip()

    def clean_value_date(self) -> date:
        day: date = self.cleaned_data["value_date"] or self.today
        if day > self.today:
            raise forms.ValidationError(text("This day has not come yet."))
        return day


class RecordBankTransfer(Task[Customer]):
    name = "bank-transfer"
    label = _("Record bank transfer")
    lead = _("Money that has arrived on our bank account, and what it pays.")
    button = _("Record the transfer")
    right = RECORD_BANK_TRANSFER
    form = BankTransferForm
    once = True
    template = "admin/transfer.html"
    drawn_apart = ("invoices",)

    def form_options(self, subject: Customer, *, at: datetime) -> dict[str, object]:
        return {"customer": subject, "at": at}

    def initial(self, query: QueryDict) -> dict[str, object]:
        return {"invoices": query.getlist("invoice")}

    def context(self, subject: Customer, *, at: datetime) -> dict[str, object]:
        found = Invoice.objects.open().filter(customer=subject).select_related("product")
        shown = cut(found.in_order_of_payment(), MOST_SHOWN)
        for invoice in open_rows(shown):
            invoice.is_late = invoice.is_overdue(at)
        return {"facts": wallet_facts(subject), "open_invoices": shown.rows, "left_out": shown.more}

    def carry_out(self, subject: Customer, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        asked = ask(
            RecordTransfer,
            customer=subject,
            amount=data["amount"],
            subject=data["reference"],
            facts={
                "invoices": [str(invoice.pk) for invoice in data["invoices"]],
                "whole": data["whole_amount"],
                "reference": data["reference"],
                "value_date": data["value_date"].isoformat(),
            },
            reason=data["reason"],
            actor=actor,
            at=at,
        )
        return asked.told(told)


def told(payment: Payment) -> str:
    """What became of the money, with links: the payment, each invoice and what is still due on it, the rest."""
    payment.refresh_from_db()
    parts = [
        format_html('<a href="{}">{}</a> {}', _page(row.invoice), row.invoice.number, _settled(row.amount, row.invoice))
        for row in payment.allocations.select_related("invoice").order_by("pk")
    ]
    rest = payment.amount - payment.allocated
    if rest:
        parts.append(format_html("{}", text("%(amount)s became wallet credit") % {"amount": display.money(rest)}))
    return format_html(
        '{} <a href="{}">{}</a>: {}.',
        text("%(amount)s are recorded as") % {"amount": display.money(payment.amount)},
        _page(payment),
        payment.reference,
        format_html_join("; ", "{}", ((part,) for part in parts)),
    )


def _settled(amount: int, invoice: Invoice) -> str:
    facts = {"amount": display.money(amount), "due": display.money(invoice.due)}
    return (
        text("%(amount)s, paid in full") % facts if not invoice.due else text("%(amount)s, %(due)s still due") % facts
    )


def _page(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
