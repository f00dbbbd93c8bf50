"""The two sides of a difference beside each other: what the statement says, and what we do."""

from __future__ import annotations

from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from kernel import display
from kernel.shapes import Wording
from payments.models import BankTransfer, Payment, ReconciliationCase, Refund, Reversal, SentBack, StatementLine

Movement = StatementLine.Movement
Side = tuple[Wording, str, str]
"""What is compared, what the statement says, what we say."""
Ours = Refund | Reversal | Payment | SentBack | BankTransfer | None


def sides(case: ReconciliationCase) -> list[Side]:
    """Beside each other; a dash where a side says nothing."""
    line, ours = case.line, case.about
    payment = ours.payment if isinstance(ours, Refund | Reversal) else case.payment
    theirs = line.get_movement_display() if line else "–"
    rows: list[Side] = [
        (_("Amount"), _money(case.theirs), _money(case.ours)),
        (_("Transaction id"), line.reference if line else "–", _name_of(ours)),
        (_("Gateway's transaction"), line.transaction if line else "–", _transaction_of(ours)),
        (_("Movement"), theirs, _movement(case, ours)),
        (_("At"), display.instant(line.at) if line else "–", _when(case, ours)),
    ]
    if payment:
        rows.append((_("State"), "–", _state(ours)))
        rows.append((_("Customer"), "–", str(payment.customer)))
    return rows


def _name_of(ours: Ours) -> str:
    """How we call it in what we send, which a statement repeats; of a reversal that of its payment."""
    match ours:
        case Reversal():
            return ours.payment.reference
        case SentBack():
            return ours.transfer.reference
        case None:
            return "–"
    return ours.reference


def _transaction_of(ours: Ours) -> str:
    match ours:
        case Payment() | Refund():
            return ours.gateway_txn_id or "–"
        case Reversal():
            return ours.told_as or ours.reference
        case SentBack():
            return ours.number or "–"
    return "–"


def _movement(case: ReconciliationCase, ours: Ours) -> str:
    if case.movement and not isinstance(ours, Payment):
        return case.get_movement_display()
    match ours:
        case Refund():
            return str(Movement.REFUND.label)
        case SentBack():
            return str(Movement.SENT.label)
        case Reversal():
            return str(Movement(case.moved).label)
        case Payment():
            return ours.get_kind_display()
    return "–"


def _when(case: ReconciliationCase, ours: Ours) -> str:
    match ours:
        case Payment():
            return display.instant(ours.settled_at or ours.created_at)
        case Refund():
            back = ours.came_back_at if case.moved == Movement.CAME_BACK else None
            return display.instant(back or ours.settled_at or ours.approved_at)
        case Reversal():
            back = ours.given_back_at if case.moved == Movement.GIVEN_BACK else None
            return display.instant(back or ours.at)
        case SentBack() | BankTransfer():
            return display.instant(ours.at)
    return "–"


def _state(ours: Ours) -> str:
    match ours:
        case Payment() | Refund():
            return ours.get_state_display()
        case Reversal() if ours.given_back:
            return text("given back: %(amount)s") % {"amount": display.money(ours.given_back)}
        case Reversal():
            return str(Movement.TAKEN_BACK.label)
    return "–"


def _money(amount: int | None) -> str:
    return "–" if amount is None else display.money(amount)
