"""What staff decide by two that changes how a customer orders and pays."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.four_eyes import Act, Asked, ask
from accounts.models import BillingMode, BillingModeSwitch, Customer, StaffAct
from accounts.rights import APPROVE_MONEY
from kernel import display
from kernel.actors import Actor
from kernel.errors import InvalidInput
from kernel.shapes import Json, Wording
from orders.services.switch import Becomes, PlanChanged, confirmed, rehearse_switch, switch_billing_mode

SHOWN = 20
"""So many resources are named to the second person; the page of the customer has all."""


class SwitchMode(Act[BillingModeSwitch]):
    """
    `facts`: to_mode, and what was `confirmed` of the rehearsal.

    The amount is what the customer's resources cost in 30 days: so much is lent, or is to be paid for at once. Without any,
    nobody can say how much it will be, and it waits for the second person.
    """

    code = "switch-mode"
    label = _("switch of the billing mode")
    right = APPROVE_MONEY

    def facts(self, act: StaffAct) -> list[tuple[Wording, object]]:
        rows = sorted((name, Becomes(becomes).label) for name, _end, becomes, *_more in act.facts["confirmed"].values())
        more = len(rows) - SHOWN
        return [
            (_("New billing mode"), BillingMode(act.facts["to_mode"]).label),
            (_("What its resources cost in 30 days"), display.money(act.amount or 0)),
            *rows[:SHOWN],
            *([("", ngettext("and %(count)d more", "and %(count)d more", more) % {"count": more})] if more > 0 else []),
        ]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> BillingModeSwitch:
        return switch_billing_mode(act, actor=actor, at=at)


@transaction.atomic
def ask_for_switch(
    customer: Customer, to_mode: str, *, reason: str, digest: str | None = None, actor: Actor, at: datetime
) -> Asked[BillingModeSwitch]:
    """
    Switch the billing mode as it was rehearsed (`digest`), or as a rehearsal says now; above the limit of one person it waits.

    :raises InvalidInput: no reason
    :raises PlanChanged: today's plan is another one than was rehearsed
    :raises ModeAlready, OrdersOpen: see `switch_billing_mode`
    """
    if not reason.strip():
        raise InvalidInput(_("Say why the billing mode is switched."), field="reason")
    plan = rehearse_switch(customer, to_mode, at=at)
    if digest is not None and digest != digest_of(plan):
        raise PlanChanged(what=_("the plan that you saw is an older one"))
    facts = {"to_mode": str(to_mode), "confirmed": confirmed(plan)}
    return ask(
        SwitchMode,
        customer=customer,
        amount=plan["thirty_days"] or None,
        facts=facts,
        reason=reason.strip(),
        actor=actor,
        at=at,
    )


def digest_of(plan: Json) -> str:
    """What somebody who looks at a plan confirms."""
    return hashlib.sha256(json.dumps(confirmed(plan), sort_keys=True).encode()).hexdigest()
