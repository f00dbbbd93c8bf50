"""MoMo's tokens: wallets that customers let the merchant charge. How a token travels is the vendor's own."""

from __future__ import annotations

import base64
import json
import sqlite3
import time

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import load_der_private_key

from sandbox.shapes import Json

from ... import ledger, links, telling
from ...config import Config
from ..base import Answer, Row, Struck, is_web_address

SIGNED = {
    "tokenization/bind": "accessKey callbackToken orderId partnerClientId partnerCode requestId",
    "tokenization/cbQuery": "accessKey orderId partnerClientId partnerCode requestId",
    "tokenization/pay": "accessKey amount extraData orderId orderInfo partnerClientId partnerCode requestId token",
    "tokenization/delete": "accessKey orderId partnerClientId partnerCode requestId token",
}
LINK = (
    "accessKey amount extraData ipnUrl orderId orderInfo partnerClientId partnerCode redirectUrl requestId requestType"
)
"""What `create` signs when it links a wallet."""
CALLS = {
    "tokenization/bind": "link_query",
    "tokenization/cbQuery": "link_query",
    "tokenization/pay": "charge",
    "tokenization/delete": "unbind",
}
"""What a fault calls each."""
REFUSALS = {ledger.NO_FUNDS: 1001, ledger.UNAUTHENTICATED: 4010, ledger.OVER_LIMIT: 1004}
"""Of a charge."""
LIVES_S = 15 * 60
BAD_FORMAT, REPEATED_ORDER, NO_SUCH_ORDER, REFUSED, EXPIRED = 20, 41, 42, 1006, 1005
WAITING, PROCESSING, AUTHORISED, OVER = 1000, 7002, 9000, 2001


def secret_of(config: Config) -> str:
    """The partner's: thirty-two characters, for it is a key of AES as well."""
    return config.signs_with("key1")[:32]


def secrets_of(config: Config, now: float) -> list[str]:
    """Under which the partner may come."""
    return [key[:32] for key in config.accepts("key1", now)]


def begin(db: sqlite3.Connection, fields: Json, config: Config, now: float) -> Answer:
    if fields["amount"] or not (is_web_address(fields["redirectUrl"]) and is_web_address(fields["ipnUrl"])):
        return {"resultCode": BAD_FORMAT}
    link = {
        "reference": fields["orderId"],
        "dialect": "momo",
        "customer": fields["partnerClientId"],
        "description": fields["orderInfo"],
        "details": {"requestId": fields["requestId"], "extraData": fields["extraData"]},
        "notify_url": fields["ipnUrl"],
        "return_url": fields["redirectUrl"],
    }
    token = links.begin(db, link, lives_s=LIVES_S, now=now)
    if token is None:
        return {"resultCode": REPEATED_ORDER}
    page = f"{config.public_url}/link/{token}"
    return {"resultCode": 0, "amount": 0, "payUrl": page, "deeplink": "", "qrCodeUrl": page}


def answered(call: str, db: sqlite3.Connection, fields: Json, struck: Struck, config: Config) -> Answer:
    now = time.time()
    if call == "tokenization/pay":
        return _pay(db, fields, struck, config, now)
    if call == "tokenization/delete":
        link = links.by_secret(db, "momo", fields["partnerClientId"], _unsealed(fields["token"]))
        return {"resultCode": 0 if link is not None and links.end(db, link, "merchant") else OVER}
    link = links.by_reference(db, "momo", fields["orderId"])
    if link is None or link["customer"] != fields["partnerClientId"]:
        return {"resultCode": NO_SUCH_ORDER}
    code = result_of(link, now)
    if call == "tokenization/cbQuery":
        return {"resultCode": code, "callbackToken": link["binding"] if code == AUTHORISED else ""}
    if code != AUTHORISED or fields["callbackToken"] != link["binding"]:
        return {"resultCode": OVER if code == AUTHORISED else code}
    return {"resultCode": 0, "aesToken": _sealed({"value": link["secret"], "userAlias": links.masked(link)}, config)}


def result_of(link: Row, now: float) -> int:
    if link["state"] == "open":
        return WAITING if links.is_open(link, now) else EXPIRED
    return {"agreed": AUTHORISED, "refused": REFUSED}.get(link["state"], OVER)


def _pay(db: sqlite3.Connection, fields: Json, struck: Struck, config: Config, now: float) -> Answer:
    link = links.by_secret(db, "momo", fields["partnerClientId"], _unsealed(fields["token"]))
    if link is not None and "revoked" in struck and links.end(db, link, "customer"):
        link = links.by_token(db, link["token"])
    if link is None or link["state"] != "agreed":
        return {"resultCode": OVER}
    order = {
        "reference": fields["orderId"],
        "dialect": "momo",
        "customer": link["customer"],
        "amount": fields["amount"],
        "description": fields["orderInfo"],
        "details": {"requestId": fields["requestId"], "extraData": fields["extraData"]},
        "asked_at": now,
        "notify_url": fields.get("ipnUrl", ""),
        "return_url": "",
    }
    token = ledger.open_order(db, order, lives_s=LIVES_S, now=now)
    if token is None:
        return {"resultCode": REPEATED_ORDER}
    opened = ledger.order_by_token(db, token)
    assert opened is not None
    if not links.charge(db, opened, struck, now=now):
        ended = ledger.order_by_token(db, token)
        assert ended is not None
        return {"resultCode": REFUSALS[ledger.ending(ended)], "amount": fields["amount"], "transId": 0}
    if "slow" in struck:
        return {"resultCode": PROCESSING, "amount": fields["amount"], "transId": 0}
    telling.tell(db, opened, config, now=now)
    paid = ledger.order_by_token(db, token)
    assert paid is not None
    return {
        "resultCode": 0,
        "amount": paid["amount"],
        "transId": paid["txn"],
        "payType": "token",
        "extraData": fields["extraData"],
    }


def _sealed(content: Json, config: Config) -> str:
    padder = PKCS7(128).padder()
    padded = padder.update(json.dumps(content).encode()) + padder.finalize()
    encryptor = Cipher(AES(secret_of(config).encode()), CBC(bytes(16))).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def _unsealed(token: object) -> str:
    """What the merchant sealed under our public key; nothing where it did something else."""
    key = load_der_private_key(base64.b64decode(PRIVATE_KEY), None)
    assert isinstance(key, RSAPrivateKey)
    try:
        content = json.loads(key.decrypt(base64.b64decode(str(token)), PKCS1v15()))
        return str(content["value"])
    except (ValueError, KeyError, TypeError):
        return ""


PRIVATE_KEY = (
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC4HRyq9Oi1L6wWKQIpw9tOkQkKfXt5DTFpzXwKcg3ZMOU6goSsRsfctmc82d"
    "WTpuWK3MIKcbAW5HQsikO9yOJmSMIt4BQnrdXtxuMauHDr2kRvH8opx8n7fMViKmLSTP64+jIeRP75tt6sM+UnpusGuNQ44bjAmILA89RUeppD"
    "BB3isumH1NEfUA1k+SwHptwe7KqEbGTJJLFdDYEXtfMkjtGtc9ExxCGHDOTZJreJb/QI8RFYAoT3Pqbp55qepX1de6GqLZvNXgiwThXHuYkQrV"
    "5FTd1gesharK9Aq+JIA090OjWjl8VPVk/WHjl80iOT8aXajdfXg1KYyzPzh66XAgMBAAECggEAEMO52gk97U2fdk8antHyNLe5IobliNK+Npua"
    "2VqkTywIG2lKCmPRjBPh16UgMPcn/Jp4YroSZis8NtgKLgxOLTEf2UyHmUtXaPTMtiCoS5mO1K2I24ARMMCeOn+QiwSuxwolKSNwMi3IHdcF3T"
    "PyP6Tx0hIfoA3jDg3FvkGBrWtZgaC8INHXPN1I/eSlBmog4rp7C6eHx8DA7HSR6Ki79p5MErPEu09WiSp0A9N+9LNb/9Zn0eyYQ84ghZgjYe+J"
    "YmG6rcU3daOxJb5sHYhibOJtkR6JSTmCEN4xY7eruz9LaeM/q/E0w/p3Raf2RNmwYNatsEAVt7DCtYdADto0oQKBgQDaT3O29GQf777+TL2JAR"
    "oDK95CyCHDoBsB1YeRt6+LQ8Yn4LWgE/vmT3P7s1GxTE6XMGH6ODxQlJ0PGPbBto0cQikdYNCdp+Azu3VpowDo/I7dtWJKoAcZFAAu8T3zsP4y"
    "LuOqu21523O/GIqA2Z2PANo2RbOtq8D0ymwv3DqEIQKBgQDX5kn/RC+BLEisSmBGrtCob8/5sZW/oL8DJu+v3+wf9tKhDGP04fpYEQ2RIOB3YG"
    "a4yqRtA+o7UVj47hr0JPNzcxbBe2jSsiamEg7Asap9618RPLaN2Z76kbbvoxn1lgK/fFlfE8x8sV7wvkvY3N0OeJPXh2RCE0lJyAYaoUvbtwKB"
    "gQDCgMNiIAANDDeoroq3xAl/Bdiyu0iJ2N33Fl4BEB0RAUNNSEHJ68QlAGkfujZwtsHWpj7FBtGGIcKFLwK6uICkyrWC/T0hGe8BaGVFxvsKme"
    "pX0kFOp6FrUIyRRlKiCfGQmIIzHWZ+iW1ott6/yiM8w8+nRxa9ByeVcbxOL/LawQKBgHoeytBW8z/vmpPJ5jdU/rWnuU4VgwzHkgPobD9hO6DA"
    "7lcmOQv1HrPdwXzLyev8XV49UVBQnJc85kS3+gsLM6GkAcUjVyGGn5HkOPAKDtP25OlNHD2UUPaOoZle+noNhjRl0++RtWL6uScXnLNoCqn6zj"
    "VlYfJ2EkhnmfxKLCx1AoGANpgEFj7G+1GetqC0nzS62y+dmLd1LqnvSVrK1yExHEmQBEhZs//yXTIKlF/jkaBgFWPQP0H8+ApCJWt7jf+E8oXC"
    "/p1FmA+cQI/tF5T9n2+4C1DLgdg2VeWrF4gZmQDm0aCnFTMthKfOhuEgLEeQ6hCnATMjByErGYAmMr56jrg="
)
"""Of the sandbox and nobody else: no secret."""
