"""What gateways told us, and the tasks that move a customer's money."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Unpack

from django import forms
from django.contrib import admin
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin
from accounts.admin.tasks import ReasonForm, Task
from accounts.four_eyes import ask
from accounts.models import Customer
from invoices.models import Invoice
from kernel import display
from kernel.actors import Actor
from kernel.fields import DongField, field_of
from kernel.periods import local_day, start_of_day
from kernel.shapes import Cleaned, FormOptions, Sent, Uploads
from ledger.models import Account
from payments import acts
from payments.acts import wallet_facts
from payments.admin.poc import GrantPoc, StopPoc
from payments.admin.transfer import RecordBankTransfer
from payments.models import Allocation, GatewayNotice
from payments.rights import GRANT_CREDIT, REQUEST_ADJUSTMENT


def with_money(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """Customers with `available` credit and what is still `owed` on open invoices."""
    buckets = Account.objects.filter(customer=OuterRef("pk"), kind__in=Account.WALLET)
    wallet = buckets.order_by().values("customer")
    open_invoices = Invoice.objects.open().filter(customer=OuterRef("pk")).order_by().values("customer")
    return customers.annotate(
        available=Coalesce(Subquery(wallet.annotate(sum=Sum(F("balance") - F("held"))).values("sum")), 0),
        owed=Coalesce(Subquery(open_invoices.annotate(sum=Sum("due")).values("sum")), 0),
    )


class AdjustmentForm(ReasonForm):
    amount = DongField(
        label=_("Amount (₫)"), least=1, signed=True, help_text=_("Positive gives credit, negative takes it.")
    )
    field_order = ("amount", "reason")


class RequestAdjustment(Task[Customer]):
    name = "adjust-credit"
    label = _("Adjust credit")
    lead = _("Above the limit of one person, nothing moves until somebody else has approved it.")
    button = _("Adjust the credit")
    right = REQUEST_ADJUSTMENT
    form = AdjustmentForm
    once = True

    def context(self, subject: Customer, *, at: datetime) -> dict[str, object]:
        return {"facts": wallet_facts(subject)}

    def carry_out(self, subject: Customer, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        asked = ask(
            acts.AdjustCredit, customer=subject, amount=data["amount"], reason=data["reason"], actor=actor, at=at
        )
        return asked.sentence or text("The adjustment is carried out.")


class GrantForm(ReasonForm):
    amount = DongField(label=_("Amount (₫)"), least=1)
    last_day = forms.DateField(
        label=_("Can be spent until the end of"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    field_order = ("amount", "last_day", "reason")

    def __init__(self, data: Sent = None, files: Uploads = None, **options: Unpack[FormOptions]) -> None:
        super().__init__(data, files, **options)
        reason = field_of(self, forms.CharField, "reason")
        reason.max_length = 200
        reason.validators.append(forms.CharField(max_length=200).validators[0])


class GrantCredit(Task[Customer]):
    name = "grant-credit"
    label = _("Grant promotional credit")
    lead = _("It is used before bought credit, and what is left at its end is taken back.")
    button = _("Grant")
    right = GRANT_CREDIT
    form = GrantForm
    once = True

    def form_options(self, subject: Customer, *, at: datetime) -> dict[str, object]:
        return {"initial": {"last_day": local_day(at) + timedelta(days=90)}}

    def context(self, subject: Customer, *, at: datetime) -> dict[str, object]:
        return {"facts": wallet_facts(subject)}

    def carry_out(self, subject: Customer, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        ends = start_of_day(data["last_day"] + timedelta(days=1))
        asked = ask(
            acts.GrantCredit,
            customer=subject,
            amount=data["amount"],
            facts={"expires_at": ends.isoformat()},
            reason=data["reason"],
            actor=actor,
            at=at,
        )
        granted = text("%(amount)s of promotional credit is granted.") % {"amount": display.money(data["amount"])}
        return asked.sentence or granted


CUSTOMER_TASKS = (RecordBankTransfer(), RequestAdjustment(), GrantCredit(), GrantPoc(), StopPoc())


@admin.register(GatewayNotice)
class GatewayNoticeAdmin(LookOnlyAdmin):
    list_display = ("received_at", "gateway", "is_genuine", "verdict", "payment")
    list_select_related = ("payment",)
    list_filter = ("gateway", "is_genuine", "verdict")
    search_fields = ("=payment__reference", "=digest")
    date_hierarchy = "received_at"


@admin.register(Allocation)
class AllocationAdmin(LookOnlyAdmin):
    list_display = ("at", "customer", "payment", "credit_note", "invoice", "amount", "promotional")
    list_select_related = ("customer", "payment", "credit_note", "invoice")
    search_fields = ("=payment__reference", "=invoice__number", "customer__name")
