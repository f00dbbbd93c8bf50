"""Lines of our balance at Stripe, which are its statement."""

from __future__ import annotations

from datetime import UTC, datetime

from kernel.shapes import Json

from .base import Moved, Movement, UnreadableStatement
from .stripe_calls import CURRENCY
from .wire import is_amount, text_of

COMES_IN = {
    "charge": Movement.PAYMENT,
    "payment": Movement.PAYMENT,
    "refund_failure": Movement.CAME_BACK,
    "payment_failure_refund": Movement.CAME_BACK,
    "adjustment": Movement.GIVEN_BACK,
}
GOES_OUT = {
    "refund": Movement.REFUND,
    "payment_refund": Movement.REFUND,
    "adjustment": Movement.TAKEN_BACK,
}
"""The types of balance transactions that are a customer's money, by the sign that each has."""
OF_A_REFUND = frozenset({Movement.REFUND, Movement.CAME_BACK})
OF_A_DISPUTE = frozenset({Movement.TAKEN_BACK, Movement.GIVEN_BACK})


def moved_of(row: Json) -> Moved | None:
    """
    A line of our balance, if it is about a customer's money; fees and payouts are not. That of a dispute names its payment as Stripe does.

    :raises UnreadableStatement: it is, and does not say what
    """
    kind, source, amount = text_of(row, "type"), row.get("source"), row.get("amount") or 0
    if kind not in COMES_IN.keys() | GOES_OUT.keys():
        return None
    if not isinstance(source, dict) or not is_amount(abs(amount)) or row.get("currency") != CURRENCY:
        raise UnreadableStatement("a line cannot be read")
    movement = (COMES_IN if amount > 0 else GOES_OUT).get(kind)
    if movement is None:
        raise UnreadableStatement("a line moves money the wrong way")
    if movement in OF_A_DISPUTE and source.get("object") != "dispute":
        return None
    transaction = text_of(source, "payment_intent" if movement == Movement.PAYMENT else "id")
    if not transaction:
        raise UnreadableStatement("a line does not say what moved")
    at = datetime.fromtimestamp(int(row.get("created") or 0), UTC)
    return Moved(movement, (_named(source, movement) or transaction)[:60], transaction, abs(amount), at)


def _named(source: Json, movement: Movement) -> str:
    """Our name of it, or of a disputed payment Stripe's."""
    if movement in OF_A_DISPUTE:
        return text_of(source, "payment_intent")
    marks = source.get("metadata") or {}
    return str(marks.get("refund" if movement in OF_A_REFUND else "reference") or "")
