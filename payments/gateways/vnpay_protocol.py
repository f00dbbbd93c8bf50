"""VNPay's tables: what is signed in which form, and what its codes mean to us."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Mapping
from urllib.parse import urlencode

from .base import Movement, Verdict
from .statements import Table
from .wire import text_of

# The server calls sign their fields joined with a bar, in this order; an answer is signed likewise.
ASKED = {
    "querydr": "RequestId|Version|Command|TmnCode|TxnRef|TransactionDate|CreateDate|IpAddr|OrderInfo",
    "refund": "RequestId|Version|Command|TmnCode|TransactionType|TxnRef|Amount|TransactionNo|TransactionDate|CreateBy"
    "|CreateDate|IpAddr|OrderInfo",
    "statement": "RequestId|Version|Command|TmnCode|Date|CreateDate|IpAddr",
}
ANSWERED = {
    "querydr": "ResponseId|Command|ResponseCode|Message|TmnCode|TxnRef|Amount|BankCode|PayDate|TransactionNo"
    "|TransactionType|TransactionStatus|OrderInfo|PromotionCode|PromotionAmount",
    "refund": "ResponseId|Command|ResponseCode|Message|TmnCode|TxnRef|Amount|BankCode|PayDate|TransactionNo"
    "|TransactionType|TransactionStatus|OrderInfo",
}
STATEMENT = Table(
    merchant="vnp_TmnCode",
    movement="vnp_TransactionType",
    reference="vnp_TxnRef",
    refund="vnp_RequestId",
    transaction="vnp_TransactionNo",
    amount="vnp_Amount",
    time="vnp_PayDate",
    movements={
        "01": Movement.PAYMENT,
        "02": Movement.REFUND,
        "03": Movement.REFUND,
        "04": Movement.TAKEN_BACK,
    },
    instant="%Y%m%d%H%M%S",
    hundredths=True,
)
UNSIGNED = {"vnp_SecureHash", "vnp_SecureHashType"}

DONE, INCOMPLETE, ERROR, REVERSED, REFUNDING, AT_THE_BANK, SUSPECTED, REFUND_REJECTED = (
    *("00", "01", "02", "04", "05", "06", "07", "09"),
)
"""vnp_TransactionStatus: where the money is. vnp_ResponseCode says of a call only whether it was understood."""
PAYMENT = "01"
"""vnp_TransactionType; 02 is a full refund and 03 a partial one."""
FULL_REFUND, PARTIAL_REFUND = "02", "03"

NO_SUCH, REPEATED = "91", "94"

PAYMENT_FAILED = {
    "11": "expired",
    "24": "cancelled",
    "51": "insufficient_funds",
    "65": "daily_limit",
    "75": "maintenance",
}
"""vnp_ResponseCode of a payment that failed; any other is the bank's refusal."""
REFUND_FAILED = {
    "02": "invalid_credentials",
    "03": "invalid_request",
    "91": "no_such_payment",
    "95": "not_refundable",
    "97": "invalid_credentials",
}
REPLIES = {
    Verdict.ACCEPTED: ("00", "Confirm Success"),
    Verdict.DUPLICATE: ("02", "Order already confirmed"),
    Verdict.UNKNOWN_REFERENCE: ("01", "Order not found"),
    Verdict.WRONG_AMOUNT: ("04", "Invalid amount"),
    Verdict.BAD_SIGNATURE: ("97", "Invalid signature"),
    Verdict.RETRY_LATER: ("99", "Unknown error"),
}
"""00 and 02 end it; after the others VNPay calls again."""


def sign(secret: str, text: str) -> str:
    """Hex HMAC-SHA512 of `text`."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha512).hexdigest()


def query_string(fields: Mapping[str, str]) -> str:
    """What a browser's address and a notice sign: keys sorted, empty values left out, a space as a plus."""
    return urlencode(sorted((name, value) for name, value in fields.items() if value and name not in UNSIGNED))


def joined(order: str, fields: Mapping[str, object]) -> str:
    """What a server call or its answer signs."""
    return "|".join(text_of(fields, f"vnp_{name}") for name in order.split("|"))


def plain(text: str) -> str:
    """Without accents and signs, as vnp_OrderInfo wants it."""
    bare = unicodedata.normalize("NFKD", text.replace("đ", "d").replace("Đ", "D")).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9.:-]+", " ", bare).strip()[:255].strip()
