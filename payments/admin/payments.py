"""Payments: every attempt, what became of it, and asking the gateway again."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin, LookOnlyInline
from accounts.admin.tasks import ReasonForm, Task
from accounts.four_eyes import ask
from kernel import clock, display
from kernel.actors import Actor
from kernel.fields import DongField
from kernel.shapes import Cleaned, Wording
from payments.acts import BookReceived, RefundTopUp, held_facts, refund_facts
from payments.admin.reversals import another_field
from payments.models import SETTLED, Allocation, GatewayNotice, Payment, Refund
from payments.rights import CHECK_PAYMENT, DECIDE_PAYMENT, REFUND_TOP_UP, TAKE_BACK_PAYMENT
from payments.services.asking import check_payment
from payments.services.held import close_held
from payments.services.refunds import returnable
from payments.services.reversals import left_of, take_back, takeable
from payments.services.wallet import wallet_of
from payments.story import story_of


class CheckPayment(Task[Payment]):
    name = "check"
    label = _("Ask the gateway")
    lead = _(
        "Asks the gateway what became of this payment and carries on what it pays for. Repeating it changes nothing."
    )
    button = _("Ask the gateway")
    right = CHECK_PAYMENT

    def is_open(self, subject: Payment, at: datetime) -> bool:
        return subject.means == Payment.Means.GATEWAY and subject.state not in SETTLED

    def carry_out(self, subject: Payment, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        payment = check_payment(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("The payment is: %(state)s.") % {"state": payment.get_state_display()}


class ReceivedForm(ReasonForm):
    amount = DongField(label=_("Amount that the gateway received (₫)"), least=1)
    gateway_txn_id = forms.CharField(label=_("Gateway's transaction"), max_length=60)
    field_order = ("amount", "gateway_txn_id", "reason")


class BookReceivedByHand(Task[Payment]):
    name = "book"
    label = _("Book what the gateway received")
    lead = _(
        "Look the payment up at the gateway first. What it received becomes credit and pays what it was meant for, as if the gateway had told us."
    )
    button = _("Book it")
    right = DECIDE_PAYMENT
    form = ReceivedForm
    once = True
    dangerous = True

    def is_open(self, subject: Payment, at: datetime) -> bool:
        return subject.means == Payment.Means.GATEWAY and subject.state not in SETTLED

    def form_options(self, subject: Payment, *, at: datetime) -> dict[str, object]:
        found = subject.held_amount or subject.amount
        return {"initial": {"amount": found, "gateway_txn_id": subject.held_txn_id}}

    def context(self, subject: Payment, *, at: datetime) -> dict[str, object]:
        return {"facts": held_facts(subject)}

    def carry_out(self, subject: Payment, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        asked = ask(
            BookReceived,
            customer=subject.customer,
            amount=data["amount"],
            subject=subject.reference,
            facts={"payment": str(subject.pk), "gateway_txn_id": data["gateway_txn_id"]},
            reason=data["reason"],
            actor=actor,
            at=at,
        )
        return asked.sentence or text("%(amount)s are booked.") % {"amount": display.money(data["amount"])}


class TakeBackForm(ReasonForm):
    amount = DongField(label=_("Amount that was taken back (₫)"), least=1)
    reference = forms.CharField(
        label=_("Reference of the bank or gateway"),
        max_length=60,
        help_text=_("Booked once: the same reference of this payment changes nothing."),
    )
    is_another = another_field()
    field_order = ("amount", "reference", "is_another", "reason")


class TakeBack(Task[Payment]):
    name = "take-back"
    label = _("Taken back by bank or gateway")
    lead = _(
        "Credit is taken back as far as there is any, then invoices that were paid with it are open again, and the rest is a debt."
    )
    button = _("Book it")
    right = TAKE_BACK_PAYMENT
    form = TakeBackForm
    once = True
    dangerous = True

    def is_open(self, subject: Payment, at: datetime) -> bool:
        return takeable(subject) > 0

    def form_options(self, subject: Payment, *, at: datetime) -> dict[str, object]:
        return {"initial": {"amount": takeable(subject)}}

    def context(self, subject: Payment, *, at: datetime) -> dict[str, object]:
        return {
            "facts": [
                (_("Received"), display.money(subject.received)),
                (_("Taken back"), display.money(subject.taken_back)),
                (_("Returned to its source"), display.money(subject.to_source)),
                (_("Credit in the wallet"), display.money(wallet_of(subject.customer_id).credit)),
            ]
        }

    def carry_out(self, subject: Payment, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        reversal = take_back(
            subject.pk,
            data["amount"],
            reference=data["reference"],
            reason=data["reason"],
            is_another=data["is_another"],
            actor=actor,
            at=at,
        )
        return text(
            "%(credit)s came out of the wallet, invoices of %(reopened)s are open again, %(debt)s are a debt."
        ) % {
            "credit": display.money(reversal.from_credit),
            "reopened": display.money(reversal.reopened),
            "debt": display.money(reversal.debt),
        }


class RefundForm(ReasonForm):
    amount = DongField(label=_("Amount to return (₫)"), least=1)
    field_order = ("amount", "reason")


class ReturnToSource(Task[Payment]):
    name = "return"
    label = _("Return to its source")
    lead = _(
        "What is left of this top-up goes back to where it came from, as a whole or in part. Nothing moves until somebody else has approved it."
    )
    button = _("Ask for approval")
    right = REFUND_TOP_UP
    form = RefundForm
    once = True
    dangerous = True

    def is_open(self, subject: Payment, at: datetime) -> bool:
        is_top_up = subject.kind == Payment.Kind.TOP_UP and subject.means == Payment.Means.GATEWAY
        return is_top_up and left_of(subject) > 0

    def form_options(self, subject: Payment, *, at: datetime) -> dict[str, object]:
        return {"initial": {"amount": returnable(subject) or None}}

    def context(self, subject: Payment, *, at: datetime) -> dict[str, object]:
        return {"facts": refund_facts(subject)}

    def carry_out(self, subject: Payment, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        asked = ask(
            RefundTopUp,
            customer=subject.customer,
            amount=data["amount"],
            subject=subject.reference,
            facts={"payment": str(subject.pk)},
            reason=data["reason"],
            actor=actor,
            at=at,
        )
        return asked.sentence


class CloseHeld(Task[Payment]):
    name = "close"
    label = _("Nothing was received")
    lead = _("Look the payment up at the gateway first. It stays failed; money that arrives later still counts.")
    button = _("Close it")
    right = DECIDE_PAYMENT

    def is_open(self, subject: Payment, at: datetime) -> bool:
        return bool(subject.held)

    def context(self, subject: Payment, *, at: datetime) -> dict[str, object]:
        return {"facts": held_facts(subject)}

    def carry_out(self, subject: Payment, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        close_held(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("The payment is closed.")


class WaitsForStaff(admin.SimpleListFilter):
    title = _("waits for staff")
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Wording]]:
        return [("held", _("held for staff")), ("old", _("undecided for more than a day"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        match self.value():
            case "held":
                return queryset.exclude(held="")
            case "old":
                return queryset.filter(pk__in=Payment.objects.open_for_a_day(clock.now()))
        return queryset


class AllocationInline(LookOnlyInline):
    model = Allocation
    fields = ("at", "invoice", "amount", "promotional")
    related_rows = ("invoice",)
    ordering = ("pk",)


class RefundInline(LookOnlyInline):
    model = Refund
    fields = ("approved_at", "reference", "amount", "state", "failure", "settled_at")
    ordering = ("approved_at",)
    show_change_link = True


class NoticeInline(LookOnlyInline):
    model = GatewayNotice
    fields = ("received_at", "gateway", "is_genuine", "verdict", "body")
    ordering = ("pk",)
    show_change_link = True


@admin.register(Payment)
class PaymentAdmin(LookOnlyAdmin):
    about = ("customer",)
    tasks = (CheckPayment(), BookReceivedByHand(), CloseHeld(), TakeBack(), ReturnToSource())
    change_form_template = "admin/payment.html"
    inlines = (AllocationInline, RefundInline, NoticeInline)
    list_display = ("created_at", "customer", "amount", "state", "kind", "means", "gateway", "description", "reference")
    list_select_related = ("customer",)
    list_filter = (WaitsForStaff, "state", "means", "kind", "gateway")
    search_fields = ("=reference", "=gateway_txn_id", "customer__name", "customer__buyers__tax_code", "description")
    date_hierarchy = "created_at"
    fieldsets = (
        (None, {"fields": ("reference", "state", "failure", "held", "customer", "kind", "means", "description")}),
        (
            _("Amounts"),
            {"fields": ("amount", "captured", "promotional", "allocated", "refunded", "taken_back", "to_source")},
        ),
        (
            _("Gateway"),
            {
                "fields": (
                    "gateway",
                    "gateway_txn_id",
                    "held_amount",
                    "held_txn_id",
                    "redirect_url",
                    "check_at",
                    "checks",
                )
            },
        ),
        (_("History"), {"fields": ("payable", "order_id", "invoice_ids", "actor", "created_at", "settled_at")}),
    )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        payment = self.get_object(request, object_id)
        page: dict[str, object] = {"events": story_of(payment)} if isinstance(payment, Payment) else {}
        return super().change_view(request, object_id, form_url, {**page, **(extra_context or {})})
