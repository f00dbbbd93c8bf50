"""Refunds to the source: each with what the gateway says, and the ways on of one that it never decided."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin
from accounts.admin.tasks import ReasonForm, Task
from accounts.four_eyes import ask
from kernel import display
from kernel.actors import Actor
from kernel.shapes import Cleaned, Wording
from payments.acts import DecideRefund
from payments.models import Refund
from payments.queries import account_words
from payments.rights import CHECK_PAYMENT, DECIDE_PAYMENT
from payments.services.refunds import may_come_back, source_of
from payments.services.returns import check_refund


class OfRefund(Task[Refund]):
    """Something that is done to a refund whose end is not known."""

    def is_open(self, subject: Refund, at: datetime) -> bool:
        return subject.is_undecided

    def context(self, subject: Refund, *, at: datetime) -> dict[str, object]:
        facts: list[tuple[Wording, str]] = [
            (_("Amount"), display.money(subject.amount)),
            (_("To"), account_words(source_of(subject.payment))),
            (_("Reference at the gateway"), subject.reference),
            (_("Sent to the gateway"), display.instant(subject.sent_at) if subject.sent_at else "–"),
        ]
        return {"facts": facts}


class CheckRefund(OfRefund):
    name = "check"
    label = _("Ask the gateway")
    lead = _(
        "Asks the gateway what became of this refund. Repeating it changes nothing, and nothing is returned twice."
    )
    button = _("Ask the gateway")
    right = CHECK_PAYMENT

    def is_open(self, subject: Refund, at: datetime) -> bool:
        return super().is_open(subject, at) or may_come_back(subject)

    def carry_out(self, subject: Refund, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        refund = check_refund(subject.pk, reason=data["reason"], actor=actor, at=at)
        return text("The refund is: %(state)s.") % {"state": refund.get_state_display()}


class FoundForm(ReasonForm):
    gateway_txn_id = forms.CharField(
        label=_("Gateway's transaction"),
        max_length=60,
        required=False,
        help_text=_("Of the refund. Leave it empty when nothing went back: then it is credit again."),
    )
    field_order = ("gateway_txn_id", "reason")


class DecideByHand(OfRefund):
    name = "decide"
    label = _("Decide what became of it")
    lead = _("Look the refund up at the gateway first. Nothing is booked until somebody else has approved it.")
    button = _("Ask for approval")
    right = DECIDE_PAYMENT
    form = FoundForm
    once = True
    dangerous = True

    def is_open(self, subject: Refund, at: datetime) -> bool:
        return subject.is_undecided and subject.check_at is None

    def carry_out(self, subject: Refund, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        asked = ask(
            DecideRefund,
            customer=subject.customer,
            amount=subject.amount,
            subject=subject.reference,
            facts={"refund": str(subject.pk), "gateway_txn_id": data["gateway_txn_id"].strip()},
            reason=data["reason"],
            actor=actor,
            at=at,
        )
        return asked.sentence


class Stuck(admin.SimpleListFilter):
    title = _("waits for staff")
    parameter_name = "waits"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Wording]]:
        return [("stuck", _("the gateway never said what became of it"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        return queryset.filter(pk__in=Refund.objects.stuck()) if self.value() == "stuck" else queryset


@admin.register(Refund)
class RefundAdmin(LookOnlyAdmin):
    about = ("customer", "payment", "act")
    tasks = (CheckRefund(), DecideByHand())
    list_display = (
        *("approved_at", "customer", "payment", "amount", "state", "gateway", "reference"),
        *("settled_at", "came_back_at"),
    )
    list_select_related = ("customer", "payment")
    list_filter = (Stuck, "state", "gateway")
    search_fields = ("=reference", "=gateway_txn_id", "=payment__reference", "customer__name")
    date_hierarchy = "approved_at"
