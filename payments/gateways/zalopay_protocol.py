"""ZaloPay's tables: what each call signs, and what its codes mean to us."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from .base import Movement, Verdict
from .statements import Table

# What goes into the signature of each call, in this order.
MAC_FIELDS = {
    "create": ("app_id", "app_trans_id", "app_user", "amount", "app_time", "embed_data", "item"),
    "query": ("app_id", "app_trans_id", "key1"),
    "refund": ("app_id", "zp_trans_id", "amount", "description", "timestamp"),
    "query_refund": ("app_id", "m_refund_id", "timestamp"),
    "statement": ("app_id", "date"),
    "agreement/bind": (
        *("app_id", "app_trans_id", "binding_data", "binding_type", "identifier", "max_amount", "req_date"),
    ),
    "agreement/query": ("app_id", "app_trans_id", "req_date"),
    "agreement/pay": ("app_id", "identifier", "zp_trans_token", "pay_token", "req_date"),
    "agreement/unbind": ("app_id", "identifier", "binding_id", "req_date"),
}

STATEMENT = Table(
    merchant="app_id",
    movement="type",
    reference="app_trans_id",
    refund="m_refund_id",
    transaction="zp_trans_id",
    amount="amount",
    time="time",
    movements={"PAYMENT": Movement.PAYMENT, "REFUND": Movement.REFUND, "REVERSAL": Movement.TAKEN_BACK},
    instant="%Y-%m-%d %H:%M:%S",
)

ORDER, AGREEMENT = 1, 2
"""What a callback is about."""
CONFIRMED, CANCELLED, DISABLED = 1, 3, 4
"""The status of an agreement."""

SUCCESS, PROCESSING = 1, 3
DUPLICATE_ORDER, DUPLICATE_REFUND, NO_SUCH_ORDER = -68, -23, -101

# Documented refusals that leave nothing behind, so a new attempt is safe.
CREATE_REFUSED = {
    -401: "invalid_request",
    -402: "invalid_credentials",
    -429: "rate_limited",
    -999: "maintenance",
}
ORDER_FAILED = {
    -49: "cancelled",
    -54: "expired",
    -63: "insufficient_funds",
    -217: "bank_error",
    -332: "promotion_error",
    -333: "promotion_error",
    **dict.fromkeys(range(-1333, -1329), "daily_limit"),
    **dict.fromkeys(range(-1343, -1339), "monthly_limit"),
}
REFUND_FAILED = {
    0: "refund_failed",
    -13: "refund_expired",
    -14: "invalid_amount",
    -32: "not_refundable",
    -101: "no_such_payment",
    -401: "invalid_request",
    -402: "invalid_credentials",
}
# Asking says nothing about the refund when the question itself was refused.
QUERY_REFUND_FAILED = {code: REFUND_FAILED[code] for code in (0, -13, -14, -32)}

RETURN_CODES = {
    Verdict.ACCEPTED: (1, "success"),
    Verdict.DUPLICATE: (2, "already processed"),
    Verdict.UNKNOWN_REFERENCE: (-1, "unknown app_trans_id"),
    Verdict.WRONG_AMOUNT: (-1, "amount differs"),
    Verdict.BAD_SIGNATURE: (-1, "mac not equal"),
    Verdict.RETRY_LATER: (0, "call again"),
}


def sign(key: str, text: str) -> str:
    """Lower-case hex HMAC-SHA256 of `text`."""
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def mac(call: str, fields: Mapping[str, object], *, key1: str) -> str:
    """The signature of a call. For `query` the key is part of the text as well as the key."""
    values = {**fields, "key1": key1}
    return sign(key1, "|".join(str(values[name]) for name in MAC_FIELDS[call]))
