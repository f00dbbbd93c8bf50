"""Lines of our balance at Stripe, which are its statement."""

from __future__ import annotations

from .base import Moved, Movement, UnreadableStatement
from .stripe_calls import CURRENCY, made_at
from .wire import Told, is_amount, is_int, part_of, rows_of, text_of

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
DISPUTES = ("dp_", "du_")
"""How Stripe's ids of disputes begin."""
OF_A_REFUND = frozenset({Movement.REFUND, Movement.CAME_BACK})
OF_A_DISPUTE = frozenset({Movement.TAKEN_BACK, Movement.GIVEN_BACK})


def moved_of(row: Told) -> Moved | None:
    """
    A line of our balance, if it is about a customer's money; fees, payouts and adjustments that are no dispute are not. That of a dispute
    names its payment as Stripe does.

    The line is in the currency in which Stripe settles with us, which need not be that of the payment: then its source says the đồng.

    :raises UnreadableStatement: it is, and does not say what
    """
    kind, source, signed = text_of(row, "type"), row.get("source"), row.get("amount") or 0
    if kind not in COMES_IN.keys() | GOES_OUT.keys() or (kind == "adjustment" and not _is_dispute(source)):
        return None
    if not isinstance(source, dict) or not isinstance(signed, int):
        raise UnreadableStatement("a line cannot be read")
    movement = (COMES_IN if signed > 0 else GOES_OUT).get(kind)
    if movement is None:
        raise UnreadableStatement("a line moves money the wrong way")
    amount = _in_dong(row, source)
    transaction = text_of(source, "payment_intent" if movement == Movement.PAYMENT else "id")
    if not transaction:
        raise UnreadableStatement("a line does not say what moved")
    return Moved(movement, (_named(source, movement) or transaction)[:60], transaction, amount, made_at(row))


def won_of(dispute: Told) -> object:
    """How much of what a dispute is about came back, by the lines of our balance that it lists: all of it, unless those say another đồng."""
    rows = rows_of(dispute, "balance_transactions")
    came = [amount for row in rows if is_int(amount := row.get("amount")) and amount > 0]
    is_in_dong = all(row.get("currency") == CURRENCY for row in rows)
    return sum(came) if came and is_in_dong else dispute.get("amount")


def _is_dispute(source: object) -> bool:
    """Also of one that is not opened: that says only its id, so its line cannot be read."""
    if isinstance(source, dict):
        return source.get("object") == "dispute"
    return isinstance(source, str) and source.startswith(DISPUTES)


def _in_dong(row: Told, source: Told) -> int:
    told = row if row.get("currency") == CURRENCY else source
    amount = told.get("amount")
    if told.get("currency") != CURRENCY or not isinstance(amount, int) or not is_amount(abs(amount)):
        raise UnreadableStatement("a line is not in đồng")
    return abs(amount)


def _named(source: Told, movement: Movement) -> str:
    """Our name of it, or of a disputed payment Stripe's."""
    if movement in OF_A_DISPUTE:
        return text_of(source, "payment_intent")
    marks = part_of(source, "metadata")
    return str(marks.get("refund" if movement in OF_A_REFUND else "reference") or "")
