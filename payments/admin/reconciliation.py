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
from accounts.four_eyes import ask
from kernel import display
from kernel.actors import Actor
from kernel.shapes import Cleaned, FormOptions, Sent, Uploads, Wording
from payments import acts
from payments.admin.reversals import GiveBack, another_field
from payments.gateways import open_codes
from payments.models import (
    SETTLED,
    BankTransfer,
    Payment,
    ReconciliationCase,
    Refund,
    StatementDay,
    StatementLine,
)
from payments.queries import gateway_name
from payments.rights import RECONCILE, SETTLE_PAYMENT, TAKE_BACK_PAYMENT
from payments.services.differences import FOR_SUSPENSE, end_if_both_agree, explain, standings, take_into_suspense
from payments.services.fetching import read_file_of_day
from payments.services.held import book_won, may_be_won
from payments.services.reversals import take_back

MOST_BYTES = 20_000_000
Movement = StatementLine.Movement
Kind = ReconciliationCase.Kind
Side = tuple[Wording, str, str]
"""What is compared, what the statement says, what we say."""


def sides(case: ReconciliationCase) -> list[Side]:
    """Beside each other; a dash where a side says nothing."""
    line, refund, transfer = case.line, case.refund, case.transfer
    payment = refund.payment if refund else case.payment
    attempt = refund or payment
    ours = attempt or transfer
    rows: list[Side] = [
        (_("Amount"), _money(case.theirs), _money(case.ours)),
        (
            _("Transaction id"),
            line.reference if line else "–",
            ours.reference if ours else "–",
        ),
        (_("Gateway's transaction"), line.transaction if line else "–", (attempt and attempt.gateway_txn_id) or "–"),
        (_("Movement"), line.get_movement_display() if line else "–", _movement(payment, refund)),
        (_("At"), display.instant(line.at) if line else "–", _when(ours)),
    ]
    if payment and attempt:
        rows.append((_("State"), "–", attempt.get_state_display()))
        rows.append((_("Customer"), "–", str(payment.customer)))
    return rows


def _movement(payment: Payment | None, refund: Refund | None) -> str:
    if refund:
        return str(Movement.REFUND.label)
    return payment.get_kind_display() if payment else "–"


def _when(ours: Payment | Refund | BankTransfer | None) -> str:
    match ours:
        case Payment():
            return display.instant(ours.settled_at or ours.created_at)
        case Refund():
            return display.instant(ours.settled_at or ours.approved_at)
        case BankTransfer():
            return display.instant(ours.at)
    return "–"


def _money(amount: int | None) -> str:
    return "–" if amount is None else display.money(amount)


class OfCase(Task):
    """Something that ends a difference; its page shows both sides."""

    def is_open(self, subject: ReconciliationCase, at: datetime) -> bool:
        return subject.resolved_at is None

    def context(self, subject: ReconciliationCase, *, at: datetime) -> dict[str, object]:
        facts = [(what, f"{theirs} | {ours}") for what, theirs, ours in sides(subject)]
        return {"facts": [(_("Difference"), subject.get_kind_display()), (_("Compared"), _("statement | we")), *facts]}


class BookIt(OfCase):
    name = "book"
    label = _("Book what the gateway received")
    lead = _(
        "The statement says that the customer has paid. It becomes credit and pays what it was meant for, as if the gateway had told us."
    )
    button = _("Book it")
    right = SETTLE_PAYMENT
    once = True

    def is_open(self, subject: ReconciliationCase, at: datetime) -> bool:
        line, payment = subject.line, subject.payment
        return bool(
            super().is_open(subject, at)
            and line
            and payment
            and line.movement == Movement.PAYMENT
            and subject.kind in {Kind.LATE, Kind.MISSING_HERE}
            and payment.state not in SETTLED
        )

    def carry_out(self, subject: ReconciliationCase, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        assert subject.line is not None
        assert subject.payment is not None
        asked = ask(
            acts.BookReceived,
            customer=subject.payment.customer,
            amount=subject.line.amount,
            subject=subject.payment.reference,
            facts={"payment": str(subject.payment.pk), "gateway_txn_id": subject.line.transaction},
            reason=data["reason"],
            actor=actor,
            at=at,
        )
        if not asked.waits:
            end_if_both_agree(subject, actor=actor, at=at)
        return asked.sentence or text("%(amount)s are booked.") % {"amount": display.money(subject.line.amount)}


class TakenBackForm(ReasonForm):
    is_another = another_field()
    field_order = ("is_another", "reason")


class BookTakenBack(OfCase):
    name = "take-back"
    label = _("Taken back by bank or gateway")
    lead = _(
        "Credit is taken back as far as there is any, then invoices that were paid with it are open again, and the rest is a debt."
    )
    button = _("Book it")
    right = TAKE_BACK_PAYMENT
    form = TakenBackForm
    once = True
    dangerous = True

    def is_open(self, subject: ReconciliationCase, at: datetime) -> bool:
        line, payment = subject.line, subject.payment
        return bool(
            super().is_open(subject, at)
            and line
            and payment
            and line.movement == Movement.TAKEN_BACK
            and subject.kind == Kind.MISSING_HERE
            and payment.state in SETTLED
        )

    def carry_out(self, subject: ReconciliationCase, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        line = subject.line
        assert line is not None
        assert subject.payment_id is not None
        take_back(
            subject.payment_id,
            line.amount,
            reference=line.transaction,
            reason=data["reason"],
            is_another=data["is_another"],
            actor=actor,
            at=at,
        )
        end_if_both_agree(subject, actor=actor, at=at)
        return text("%(amount)s are booked.") % {"amount": display.money(line.amount)}


class BookGivenBack(OfCase):
    name = "give-back"
    label = _("Given back by bank or gateway")
    lead = GiveBack.lead
    button = _("Book it")
    right = TAKE_BACK_PAYMENT
    once = True

    def is_open(self, subject: ReconciliationCase, at: datetime) -> bool:
        line, payment = subject.line, subject.payment
        return bool(
            super().is_open(subject, at)
            and line
            and payment
            and line.movement == Movement.GIVEN_BACK
            and subject.kind == Kind.MISSING_HERE
            and may_be_won(payment)
        )

    def carry_out(self, subject: ReconciliationCase, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        line = subject.line
        assert line is not None
        assert subject.payment_id is not None
        book_won(subject.payment_id, line, reason=data["reason"], actor=actor, at=at)
        end_if_both_agree(subject, actor=actor, at=at)
        return text("%(amount)s are booked.") % {"amount": display.money(line.amount)}


class IntoSuspense(OfCase):
    name = "suspense"
    label = _("Take it into suspense")
    lead = _(
        "The gateway received money that none of our payments was for. It then stands among the bank transfers, to be given or sent back."
    )
    button = _("Take it")
    right = RECONCILE
    once = True

    def is_open(self, subject: ReconciliationCase, at: datetime) -> bool:
        line = subject.line
        is_money = line is not None and line.movement == Movement.PAYMENT
        return super().is_open(subject, at) and subject.kind in FOR_SUSPENSE and is_money

    def carry_out(self, subject: ReconciliationCase, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        transfer = take_into_suspense(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("%(amount)s wait in suspense.") % {"amount": display.money(transfer.amount)}


class Explain(OfCase):
    name = "explain"
    label = _("Explain it")
    lead = _("You know why both sides differ, and nothing is left to do here. No money moves.")
    button = _("End the difference")
    right = RECONCILE

    def carry_out(self, subject: ReconciliationCase, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        explain(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("The difference has ended.")


class FileForm(ReasonForm):
    source = forms.ChoiceField(label=_("Gateway"))
    day = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    file = forms.FileField(label=_("File of the gateway"))
    field_order = ("source", "day", "file", "reason")

    def __init__(self, data: Sent = None, files: Uploads = None, **options: Unpack[FormOptions]) -> None:
        super().__init__(data, files, **options)
        source = self.fields["source"]
        assert isinstance(source, forms.ChoiceField)
        source.choices = [(code, gateway_name(code)) for code in open_codes()]

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
    about = ("payment", "transfer", "refund")
    tasks = (BookIt(), BookTakenBack(), BookGivenBack(), IntoSuspense(), Explain())
    list_tasks = (ReadFile(),)
    change_list_template = "admin/differences.html"
    change_form_template = "admin/difference.html"
    list_display = ("day", "source", "kind", "theirs", "ours", "payment", "resolution", "resolved_at")
    list_select_related = ("payment",)
    list_filter = (("resolved_at", admin.EmptyFieldListFilter), "kind", "source")
    search_fields = ("=payment__reference", "=line__transaction", "=line__reference")
    date_hierarchy = "day"
    fieldsets = (
        (None, {"fields": ("kind", "source", "day", "found_at", "line", "payment", "transfer", "refund")}),
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
