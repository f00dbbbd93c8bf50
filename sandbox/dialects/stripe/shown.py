"""Stripe's objects, as far as a merchant reads them: made from the ledger each time somebody looks."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from sandbox.shapes import Json

from ... import ledger, links, statements
from ..base import Row, Struck

CURRENCY = "vnd"
EXPIRES_IN_YEARS = 3
ERRORS = {
    ledger.NO_FUNDS: {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": "insufficient_funds",
        "message": "Your card has insufficient funds.",
    },
    ledger.WRONG_OTP: {
        "type": "card_error",
        "code": "payment_intent_authentication_failure",
        "message": "The provided PaymentMethod has failed authentication.",
    },
    ledger.UNAUTHENTICATED: {
        "type": "card_error",
        "code": "authentication_required",
        "decline_code": "authentication_required",
        "message": "Your card was declined. This transaction requires authentication.",
    },
    ledger.OVER_LIMIT: {
        "type": "card_error",
        "code": "card_declined",
        "decline_code": "card_velocity_exceeded",
        "message": "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
    },
}
"""How a try ended, as it stands in last_payment_error."""
REFUND_STATUS = {"processing": "pending", "done": "succeeded", "rejected": "failed", "bounced": "failed"}


def is_begun(order: Row) -> bool:
    """A PaymentIntent is there once a card was charged, or somebody on the page has tried to pay."""
    moved = order["state"] in ("paid", "reversed") or order["pays_late_at"] is not None
    return moved or order["ending"] in ERRORS or is_charge(order)


def is_charge(order: Row) -> bool:
    """Of a linked card, without its holder."""
    return bool(ledger.details(order)["off_session"])


def intent(order: Row, struck: Struck) -> Json:
    paid = order["state"] in ("paid", "reversed")
    at = order["paid_at"] or order["created_at"]
    charge = {"id": f"ch_{order['token']}", "object": "charge", "created": int(ledger.merchants_time(order, at))}
    return {
        "id": intent_id(order["token"]),
        "object": "payment_intent",
        "amount": order["amount"],
        "amount_received": order["amount"] + int(struck.get("wrong_amount", 0)) if paid else 0,
        "currency": CURRENCY,
        "livemode": "other_merchant" in struck,
        "created": int(order["created_at"]),
        "description": order["description"],
        "metadata": ledger.details(order)["metadata"],
        "status": "processing" if "pending_forever" in struck else _status(order, is_paid=paid),
        "cancellation_reason": "abandoned" if _is_over(order) else None,
        "last_payment_error": None if paid else ERRORS.get(order["ending"]),
        "latest_charge": charge if paid else None,
    }


def intent_id(token: str) -> str:
    return f"pi_{token}"


def _status(order: Row, *, is_paid: bool) -> str:
    if is_paid:
        return "succeeded"
    if order["pays_late_at"] is not None:
        return "processing"
    return "canceled" if _is_over(order) else "requires_payment_method"


def _is_over(order: Row) -> bool:
    """Its page has expired."""
    return bool(order["state"] == "failed" and order["pays_late_at"] is None and not is_charge(order))


def session(token: str, *, page: str, mode: str, metadata: Json, expires_at: float, status: str = "open") -> Json:
    return {
        "id": f"cs_test_{token}",
        "object": "checkout.session",
        "url": page if status == "open" else None,
        "mode": mode,
        "status": status,
        "livemode": False,
        "metadata": metadata,
        "expires_at": int(expires_at),
    }


def refund(row: Row, order: Row) -> Json:
    """The merchant named it in its metadata."""
    rejected = row["state"] in ("rejected", "bounced")
    return {
        "id": f"re_{row['txn']}",
        "object": "refund",
        "amount": row["amount"],
        "currency": CURRENCY,
        "payment_intent": intent_id(order["token"]),
        "created": int(row["created_at"]),
        "metadata": _marks(order["reference"]) | {"refund": name_of(row["reference"])},
        "status": REFUND_STATUS[row["state"]],
        "failure_reason": "expired_or_canceled_card" if rejected else None,
    }


def dispute(order: Row) -> Json:
    return {
        "id": f"dp_{order['token']}",
        "object": "dispute",
        "amount": order["amount"],
        "currency": CURRENCY,
        "payment_intent": intent_id(order["token"]),
        "metadata": {},
        "status": "won" if order["won_at"] is not None else "lost",
        "balance_transactions": [
            {"object": "balance_transaction", "type": "adjustment", "amount": amount, "currency": CURRENCY}
            for amount in (-order["amount"], ledger.won_of(order))
            if amount < 0 or order["won_at"] is not None
        ],
    }


def customer(row: Row, metadata: Json) -> Json:
    return {"id": row["id"], "object": "customer", "livemode": False, "metadata": metadata}


def setup_intent(link: Row) -> Json:
    """Refused is what its holder walked away from: nothing was set up, and nothing says so."""
    is_done = link["state"] in ("agreed", "ended")
    details = links.details(link)
    return {
        "id": f"seti_{link['binding']}",
        "object": "setup_intent",
        "livemode": False,
        "customer": details["holder"],
        "payment_method": card_id(link) if is_done else None,
        "usage": "off_session",
        "metadata": details["metadata"],
        "status": "succeeded" if is_done else "requires_payment_method",
    }


def card_id(link: Row) -> str:
    return f"pm_{link['binding']}"


def card(link: Row) -> Json:
    """Detached, it belongs to nobody."""
    year, month = statements.day_of(link["created_at"]).year, 12
    return {
        "id": card_id(link),
        "object": "payment_method",
        "type": "card",
        "livemode": False,
        "customer": links.details(link)["holder"] if link["state"] == "agreed" else None,
        "card": {
            "brand": "visa",
            "last4": links.last_digits(link),
            "exp_month": month,
            "exp_year": year + EXPIRES_IN_YEARS,
        },
    }


def balance_transaction(line: statements.Line) -> Json:
    """A line of the merchant's balance with what it is about, which was asked for beside it."""
    about = {"payment_intent": intent_id(line.token), "metadata": _marks(line.reference)}
    charge = {"id": f"ch_{line.token}", "object": "charge", **about}
    marks = _marks(line.reference) | {"refund": name_of(line.refund)}
    returned = {"id": f"re_{line.txn}", "object": "refund", **about, "metadata": marks}
    disputed = {"id": f"dp_{line.token}", "object": "dispute", **about, "metadata": {}}
    kinds = {
        "debit": ("charge", charge),
        "refund": ("refund", returned),
        "bounce": ("refund_failure", returned),
        "reversal": ("adjustment", disputed),
        "regain": ("adjustment", disputed),
    }
    kind, source = kinds[line.kind]
    return {
        "id": f"txn_{line.place}",
        "object": "balance_transaction",
        "type": kind,
        "amount": line.amount if line.kind in ("debit", "bounce", "regain") else -line.amount,
        "currency": CURRENCY,
        "created": int(line.at),
        "source": source,
    }


def listed(found: Sequence[Json], url: str, *, has_more: bool = False, kind: str = "list") -> Json:
    return {"object": kind, "data": list(found), "has_more": has_more, "url": url}


def name_of(reference: str) -> str:
    """The merchant's name of what the ledger may hold under another: see `fresh_reference`."""
    return reference.partition("#")[0]


def fresh_reference(db: sqlite3.Connection, table: str, wanted: str) -> str:
    """Stripe does not mind a merchant's using a name twice, and charges twice: the second is told apart in the ledger alone."""
    (used,) = db.execute(
        f"SELECT count(*) FROM {table} WHERE reference = ? OR reference LIKE ? || '#%'", [wanted, wanted]
    ).fetchone()
    return f"{wanted}#{used + 1}" if used else wanted


def _marks(reference: str) -> Json:
    return {"reference": name_of(reference)}
