"""MoMo's tables: what is signed, what its codes mean to us, and how the token of a linked wallet travels."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import load_der_public_key

from .base import Movement
from .wire import text_of

# What each call signs beside the access key; the names are sorted, the values stand as they are.
CREATE = (
    "amount",
    "extraData",
    "ipnUrl",
    "orderId",
    "orderInfo",
    "partnerCode",
    "redirectUrl",
    "requestId",
    "requestType",
)
SIGNED = {
    "create": CREATE,
    "create link": (*CREATE, "partnerClientId"),
    "query": ("orderId", "partnerCode", "requestId"),
    "refund": ("amount", "description", "orderId", "partnerCode", "requestId", "transId"),
    "statement": ("date", "orderId", "partnerCode", "requestId"),
    "tokenization/bind": ("callbackToken", "orderId", "partnerClientId", "partnerCode", "requestId"),
    "tokenization/cbQuery": ("orderId", "partnerClientId", "partnerCode", "requestId"),
    "tokenization/pay": (
        *("amount", "extraData", "orderId", "orderInfo", "partnerClientId", "partnerCode", "requestId", "token"),
    ),
    "tokenization/delete": ("orderId", "partnerClientId", "partnerCode", "requestId", "token"),
}
NOTICE = (
    *("amount", "extraData", "message", "orderId", "orderInfo", "orderType", "partnerCode", "payType", "requestId"),
    *("responseTime", "resultCode", "transId"),
)
LINK_NOTICE = (*NOTICE, "callbackToken", "partnerClientId")

MOVEMENTS = {"payment": Movement.PAYMENT, "refund": Movement.REFUND, "reversal": Movement.TAKEN_BACK}

SUCCESS, AUTHORISED = 0, 9000
OPEN = {1000, 7000, 7002, 8000, AUTHORISED}
REPEATED_REQUEST, REPEATED_ORDER, NO_SUCH_ORDER = 40, 41, 42

# A refused create leaves nothing behind, so a new attempt is safe.
CREATE_REFUSED = {
    10: "maintenance",
    11: "invalid_credentials",
    12: "invalid_request",
    13: "invalid_credentials",
    20: "invalid_request",
    21: "invalid_amount",
    22: "invalid_amount",
}
PAYMENT_FAILED = {
    1001: "insufficient_funds",
    1002: "declined",
    1003: "cancelled",
    1004: "daily_limit",
    1005: "expired",
    1006: "cancelled",
    1007: "declined",
    1017: "cancelled",
    1026: "promotion_error",
    1030: "declined",
    4001: "declined",
    4010: "declined",
    4011: "declined",
    4015: "declined",
    4100: "declined",
}
"""Codes that the vendor calls final; whatever is not listed is asked about again."""
DECLINED = {**PAYMENT_FAILED, 2001: "revoked", 2007: "revoked", 4010: "needs_customer", 4011: "needs_customer"}
"""The same of a charge of a linked wallet, by whichever way it is told."""
CHARGE_FAILED = {**DECLINED, 20: "invalid_request", 21: "invalid_amount", 22: "invalid_amount"}
CHARGE_MARK = base64.b64encode(b'{"charge":"linked"}').decode()
"""The extraData of a charge, which is repeated wherever it is told of."""
REFUND_FAILED = {
    20: "invalid_request",
    21: "invalid_amount",
    22: "invalid_amount",
    1002: "declined",
    1080: "refund_expired",
    1081: "not_refundable",
    1088: "not_refundable",
}
LINK_REFUSED = {3001: "cancelled", 3002: "declined", 1005: "expired", 1006: "cancelled"}
LINK_OVER = {2001, 2007}


def failures_of(told: Mapping[str, object]) -> Mapping[int, str]:
    """What the codes of a payment mean in an answer to a question, or in a notice."""
    return DECLINED if told.get("extraData") == CHARGE_MARK else PAYMENT_FAILED


def sign(access_key: str, secret: str, names: tuple[str, ...], fields: Mapping[str, object]) -> str:
    """Lower-case hex HMAC-SHA256 of "accessKey=...&name=value&..." with the names sorted."""
    values = {name: text_of(fields, name) for name in names} | {"accessKey": access_key}
    text = "&".join(f"{name}={values[name]}" for name in sorted(values))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def opened(sealed: str, secret: str) -> dict[str, object]:
    """
    The token of a linked wallet as MoMo sends it: JSON under AES in CBC with the secret as key and no vector.

    :raises ValueError: it is something else
    """
    try:
        content = base64.b64decode(sealed, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    decryptor = Cipher(AES(secret.encode()), CBC(bytes(16))).decryptor()
    padded = decryptor.update(content) + decryptor.finalize()
    unpadder = PKCS7(128).unpadder()
    told = json.loads(unpadder.update(padded) + unpadder.finalize())
    if not isinstance(told, dict):
        raise ValueError("not an object")
    return told


def rsa_key(text: str) -> RSAPublicKey:
    """MoMo's key as its portal shows it: base64 in one line. :raises ValueError: it is something else"""
    key = load_der_public_key(base64.b64decode(text, validate=True))
    if not isinstance(key, RSAPublicKey):
        raise ValueError("not an RSA key")
    return key


def sealed(token: str, key: RSAPublicKey) -> str:
    """The same token as we send it: JSON under MoMo's RSA key."""
    content = json.dumps({"value": token, "requireSecurityCode": False}).encode()
    return base64.b64encode(key.encrypt(content, PKCS1v15())).decode()
