"""Lines of our balance at Stripe, which are its statement."""

from __future__ import annotations

from datetime import UTC, datetime

from kernel.shapes import Json

from .base import Moved, Movement, UnreadableStatement
from .stripe_calls import CURRENCY
from .wire import is_amount, text_of

MOVEMENTS = {
    "charge": Movement.PAYMENT,
    "payment": Movement.PAYMENT,
    "refund": Movement.REFUND,
    "payment_refund": Movement.REFUND,
    "adjustment": Movement.TAKEN_BACK,
}
"""The types of balance transactions that are a customer's money."""


def moved_of(row: Json) -> Moved | None:
    """
    A line of our balance, if it is about a customer's money; fees and payouts are not.

    :raises UnreadableStatement: it is, and does not say what
    """
    movement, source = MOVEMENTS.get(text_of(row, "type")), row.get("source")
    if movement is None:
        return None
    if not isinstance(source, dict) or not is_amount(abs(row.get("amount") or 0)) or row.get("currency") != CURRENCY:
        raise UnreadableStatement("a line cannot be read")
    if movement == Movement.TAKEN_BACK and source.get("object") != "dispute":
        return None
    marks = source.get("metadata") or {}
    reference = str(marks.get("refund" if movement == Movement.REFUND else "reference") or "")[:60]
    transaction = text_of(source, "payment_intent" if movement == Movement.PAYMENT else "id")
    if not transaction:
        raise UnreadableStatement("a line does not say what moved")
    at = datetime.fromtimestamp(int(row.get("created") or 0), UTC)
    return Moved(movement, reference or transaction, transaction, abs(row["amount"]), at)
