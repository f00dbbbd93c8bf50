"""Payments: every attempt, what became of it, and asking the gateway again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin, LookOnlyInline
from accounts.admin.tasks import Task
from accounts.services import record_audit
from accounts.staff import CHECK_PAYMENT
from kernel.actors import Actor
from kernel.errors import DomainError
from orders.services.settle import check_payment
from payments.gateways import UnknownGateway
from payments.models import Allocation, GatewayNotice, Payment


class GatewayGone(DomainError):
    code = "gateway-gone"
    message = _("The gateway %(gateway)s is not set up here.")


class CheckPayment(Task):
    """Not in one transaction: the gateway is called in between, and what it says is folded in by its own."""

    name = "check"
    label = _("Ask the gateway")
    lead = _(
        "Asks the gateway what became of this payment and carries on what it pays for. Repeating it changes nothing."
    )
    button = _("Ask the gateway")
    right = CHECK_PAYMENT

    def is_open(self, subject: Payment, at: datetime) -> bool:
        settled = {Payment.State.SUCCEEDED, Payment.State.REFUNDED}
        return subject.means == Payment.Means.GATEWAY and subject.state not in settled

    def carry_out(self, subject: Payment, data: dict[str, Any], *, actor: Actor, at: datetime) -> str:
        try:
            payment = check_payment(subject.pk, actor=actor, at=at)
        except UnknownGateway:
            raise GatewayGone(gateway=subject.gateway) from None
        record_audit(
            "ask gateway",
            payment.reference,
            actor=actor,
            at=at,
            reason=data["reason"],
            customer=payment.customer,
            state=payment.state,
        )
        return text("The payment is: %(state)s.") % {"state": payment.get_state_display()}


class AllocationInline(LookOnlyInline):
    model = Allocation
    fields = ("at", "invoice", "amount", "promotional")
    related_rows = ("invoice",)
    ordering = ("pk",)


class NoticeInline(LookOnlyInline):
    model = GatewayNotice
    fields = ("received_at", "gateway", "is_genuine", "verdict", "body")
    ordering = ("pk",)
    show_change_link = True


@admin.register(Payment)
class PaymentAdmin(LookOnlyAdmin):
    tasks = (CheckPayment(),)
    inlines = (AllocationInline, NoticeInline)
    list_display = ("created_at", "customer", "amount", "state", "kind", "means", "gateway", "description", "reference")
    list_select_related = ("customer",)
    list_filter = ("state", "means", "kind", "gateway")
    search_fields = ("=reference", "=gateway_txn_id", "customer__name", "customer__tax_code", "description")
    date_hierarchy = "created_at"
    fieldsets = (
        (None, {"fields": ("reference", "state", "failure", "customer", "kind", "means", "description")}),
        (_("Amounts"), {"fields": ("amount", "promotional", "allocated", "refunded")}),
        (_("Gateway"), {"fields": ("gateway", "gateway_txn_id", "redirect_url", "check_at", "checks")}),
        (_("History"), {"fields": ("payable", "order_id", "invoice_ids", "actor", "created_at", "settled_at")}),
    )
