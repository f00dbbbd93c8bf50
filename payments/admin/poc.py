"""POC credit, as staff grant and stop it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Unpack

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin
from accounts.admin.shown import money
from accounts.admin.tasks import ReasonForm, Task
from accounts.four_eyes import ask
from accounts.models import Customer
from catalog.models import Product
from kernel import display
from kernel.actors import Actor
from kernel.errors import InvalidInput
from kernel.fields import DongField, field_of
from kernel.periods import local_day, start_of_day
from kernel.shapes import Cleaned, FormOptions, Sent, Uploads
from ledger.models import Grant
from payments import acts
from payments.acts import wallet_facts
from payments.models import PocTime
from payments.poc import name_lines, poc_credit_of
from payments.rights import GRANT_POC
from payments.services.poc import stop_poc_credit

DAYS = 30
"""For so long POC credit is proposed."""
LONGEST_REASON = 200


class ShortReasonForm(ReasonForm):
    """The reason is kept with the credit, and its customer reads it."""

    def __init__(self, data: Sent = None, files: Uploads = None, **options: Unpack[FormOptions]) -> None:
        super().__init__(data, files, **options)
        reason = field_of(self, forms.CharField, "reason")
        reason.max_length = LONGEST_REASON
        reason.validators.append(forms.CharField(max_length=LONGEST_REASON).validators[0])


class GrantPocForm(ShortReasonForm):
    amount = DongField(label=_("Amount (₫)"), least=1)
    products = forms.ModelMultipleChoiceField(
        Product.objects.none(), label=_("For these products"), widget=forms.CheckboxSelectMultiple
    )
    first_day = forms.DateField(
        label=_("Can be spent from the day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last_day = forms.DateField(
        label=_("Can be spent until the end of"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    field_order = ("amount", "products", "first_day", "last_day", "reason")

    def __init__(self, data: Sent = None, files: Uploads = None, **options: Unpack[FormOptions]) -> None:
        super().__init__(data, files, **options)
        field_of(self, forms.ModelMultipleChoiceField, "products").queryset = Product.objects.filter(
            is_on_sale=True
        ).order_by("code")


class GrantPoc(Task[Customer]):
    name = "grant-poc"
    label = _("Grant POC credit")
    lead = _(
        "For a proof of concept: it pays new resources of these products first, and their renewal, at the usual prices and without"
        " an invoice. What it pays ends with its last day."
    )
    button = _("Grant it")
    right = GRANT_POC
    form = GrantPocForm
    once = True

    def form_options(self, subject: Customer, *, at: datetime) -> dict[str, object]:
        today = local_day(at)
        return {"initial": {"first_day": today, "last_day": today + timedelta(days=DAYS)}}

    def context(self, subject: Customer, *, at: datetime) -> dict[str, object]:
        return {"facts": wallet_facts(subject)}

    def carry_out(self, subject: Customer, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        asked = ask(
            acts.GrantPocCredit,
            customer=subject,
            amount=data["amount"],
            facts={
                "products": [str(product.pk) for product in data["products"]],
                "starts_at": max(start_of_day(data["first_day"]), at).isoformat(),
                "expires_at": start_of_day(data["last_day"] + timedelta(days=1)).isoformat(),
            },
            reason=data["reason"],
            actor=actor,
            at=at,
        )
        granted = text("%(amount)s of POC credit is granted.") % {"amount": display.money(data["amount"])}
        return asked.sentence or granted


class StopPocForm(ShortReasonForm):
    grant = forms.ModelChoiceField(Grant.objects.none(), label=capfirst(_("POC credit")), empty_label=None)
    field_order = ("grant", "reason")

    def __init__(
        self, data: Sent = None, files: Uploads = None, *, grants: QuerySet[Grant], **options: Unpack[FormOptions]
    ) -> None:
        super().__init__(data, files, **options)
        field_of(self, forms.ModelChoiceField, "grant").queryset = grants


class StopPoc(Task[Customer]):
    name = "stop-poc"
    label = _("Stop POC credit")
    lead = _(
        "What is left is gone. What runs on it ends after the renewal window, and its customer is told, so that there is time"
        " to buy a paid period or to save the data."
    )
    button = _("Stop it")
    right = GRANT_POC
    form = StopPocForm
    dangerous = True

    def is_open(self, subject: Customer, at: datetime) -> bool:
        return _running(subject, at).exists()

    def form_options(self, subject: Customer, *, at: datetime) -> dict[str, object]:
        return {"grants": _running(subject, at)}

    def context(self, subject: Customer, *, at: datetime) -> dict[str, object]:
        return {"facts": [(one.reason, one.in_words) for one in poc_credit_of(subject.pk, at=at) if one.is_open]}

    def carry_out(self, subject: Customer, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        if data["grant"].customer_id != subject.pk:
            raise InvalidInput(_("Choose the POC credit."), field="grant")
        stop_poc_credit(data["grant"].pk, reason=data["reason"], actor=actor, at=at)
        return text("The POC credit is stopped.")


@admin.register(PocTime)
class PocTimeAdmin(LookOnlyAdmin):
    about = ("customer", "resource")
    list_display = ("at", "customer", "resource_name", "product", "starts_at", "covered_until", "amount", "returned")
    list_select_related = ("customer", "product")
    list_filter = ("product",)
    search_fields = ("resource_name", "customer__name")
    ordering = ("-at", "-pk")
    fields = (
        *("at", "customer", "grant", "resource", "resource_name", "product", "paid_for"),
        *("starts_at", "ends_at", "covered_until", "amount", "returned"),
    )

    @admin.display(description=_("lines"))
    def paid_for(self, time: PocTime) -> SafeString:
        """What it consists of, a line each."""
        name_lines([time])
        return format_html_join(mark_safe("<br>"), "{}: {}", ((name, money(total)) for name, total in time.said))


def _running(customer: Customer, at: datetime) -> QuerySet[Grant]:
    grants = Grant.objects.filter(customer=customer, kind=Grant.Kind.POC, stopped_at=None, expires_at__gt=at)
    return grants.order_by("expires_at", "pk")
