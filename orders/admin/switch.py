"""Switching a customer's billing mode: the rehearsal, the reason, and exactly the rehearsed plan."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.tasks import ReasonForm, Task
from accounts.models import BillingMode, BillingModeSwitch, Customer
from kernel.actors import Actor
from kernel.shapes import Cleaned
from orders.acts import ask_for_switch, digest_of
from orders.rights import SWITCH_BILLING_MODE
from orders.services.switch import Becomes, rehearse_switch


class SwitchForm(ReasonForm):
    digest = forms.CharField(widget=forms.HiddenInput, required=True, max_length=64)


class SwitchBillingMode(Task[Customer]):
    name = "switch-billing-mode"
    label = _("Switch billing mode")
    lead = _(
        "This is a rehearsal: nothing has changed yet. Confirming carries out exactly this plan, or nothing; above the limit of"
        " one person, somebody else approves it first."
    )
    button = _("Switch as rehearsed")
    right = SWITCH_BILLING_MODE
    dangerous = True
    form = SwitchForm
    template = "admin/switch.html"

    def context(self, subject: Customer, *, at: datetime) -> dict[str, object]:
        to_mode = other_mode(subject)
        plan = rehearse_switch(subject, to_mode, at=at)
        return {
            "plan": plan,
            "digest": digest_of(plan),
            "from_mode": subject.get_billing_mode_display(),
            "to_mode": BillingMode(to_mode).label,
            "to_postpaid": to_mode == BillingMode.POSTPAID,
            "open_total": sum(invoice["due"] for invoice in plan["open_invoices"]),
            "resources": [
                {
                    **row,
                    "paid_until": datetime.fromisoformat(row["paid_until"]) if row["paid_until"] else None,
                    "becomes": Becomes(row["becomes"]).label,
                }
                for row in plan["resources"]
            ],
            "window_until": datetime.fromisoformat(plan["renewal_window_until"])
            if plan["renewal_window_until"]
            else None,
            "history": BillingModeSwitch.objects.filter(customer=subject).order_by("-pk"),
        }

    def carry_out(self, subject: Customer, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        asked = ask_for_switch(
            subject, other_mode(subject), reason=data["reason"], digest=data["digest"], actor=actor, at=at
        )
        return asked.told(
            lambda switch: (
                text("%(customer)s is %(mode)s from now on.")
                % {"customer": subject.name, "mode": switch.get_to_mode_display()}
            )
        )


def other_mode(customer: Customer) -> BillingMode:
    return BillingMode.POSTPAID if customer.is_prepaid else BillingMode.PREPAID
