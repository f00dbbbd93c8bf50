"""What staff do about payments of a gateway, and above a limit not alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.models import StaffAct
from kernel import display
from kernel.actors import Actor
from orders.services.settle import settle_by_hand
from payments.acts import MoneyAct
from payments.models import Payment


class BookReceived(MoneyAct):
    """`subject` is the reference of the payment, `facts`: payment, gateway_txn_id."""

    code = "book-received"
    label = _("money that a gateway received")

    def details(self, act: StaffAct) -> list[tuple[Any, Any]]:
        return [
            (_("Payment"), act.subject),
            (_("Gateway's transaction"), act.facts["gateway_txn_id"]),
            *held_facts(Payment.objects.get(pk=act.facts["payment"])),
        ]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> None:
        assert act.amount is not None
        settle_by_hand(
            UUID(act.facts["payment"]),
            act.amount,
            gateway_txn_id=act.facts["gateway_txn_id"],
            reason=act.reason,
            actor=actor,
            at=at,
        )


def held_facts(payment: Payment) -> list[tuple[Any, str]]:
    """What was asked for, why it is held, and what the gateway said."""
    facts = [(_("Asked for"), display.money(payment.amount))]
    if payment.held:
        facts.append((_("Held because"), payment.get_held_display()))
    if payment.held_amount:
        facts.append((_("The gateway says"), f"{display.money(payment.held_amount)} · {payment.held_txn_id}"))
    return facts
