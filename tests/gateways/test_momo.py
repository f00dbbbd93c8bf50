"""The MoMo adapter: notices that MoMo's test host signed, signatures computed with openssl, and answers not to believe."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from payments.gateways import momo_protocol as protocol
from payments.gateways.base import (
    NOT_FOUND,
    BadSignature,
    Failed,
    Pending,
    Redirect,
    Succeeded,
    ToPay,
    Unknown,
    Verdict,
)
from payments.gateways.momo import SECONDS, MoMo
from payments.gateways.momo_links import LinkingMoMo

ACCESS_KEY, SECRET = "F8BBA842ECF85", "K951B6PE1waDMi640xX08PD3vg6EkVlz"  # the vendor's public ones for tests
NOON = datetime(2026, 1, 31, 5, 0, tzinfo=UTC)
ANSWERED_AT = 1769835600000  # noon in milliseconds
PRIVATE_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_KEY = base64.b64encode(
    PRIVATE_KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
).decode()

NAMES = ("orderId", "requestId", "amount", "orderInfo", "transId", "message", "payType", "responseTime", "signature")
SIGNED_BY_MOMO = [
    (
        *("6cd25bf88002596", "6cd25bf88012596", 10_000, "pay with MoMo", 3105694606, "Successful.", "napas"),
        *(1701645754029, "7c7f9acccaa791344cf63a9819ca594871b05d51bbff4f798d6e72beaa3c59f2"),
    ),
    (
        *("MOMO1721014629740", "MOMO1721014629740", 50_000, "pay with MoMo", 4084757146, "Thành công.", "qr"),
        *(1721014660600, "a5f1ec2a40181e82ae63153bad277bc6d46451a6724fecc88a92a6e869ea2621"),
    ),
    (
        *("ORD-251111-B98B", "ORD-251111-B98B", 17_942_000, "Đơn hàng ORD-251111-B98B", 4610849895, "Thành công."),
        *("qr", 1762884809397, "f03a51ba4d0c85471920036aa6e3ef0ec9993ef01ca23f46ee5405241c8a51d6"),
    ),
    (
        *("673777537f0e4b01332a62e0", "673777537f0e4b01332a62e0", 330_000, "pay with MoMo", 3280981801, "Thành công."),
        *("qr", 1731688358772, "6918c5bce0e7ac9c1cc461726c206bcedef95c70d57efc441a08e20531e79959"),
    ),
    (
        *("MOMO1731137931267", "MOMO1731137931267", 1_000, "undefined nạp tiền vào tài khoản", 4225107942),
        *("Successful.", "qr", 1731137968770, "2068ac90836a9aacdefd4995b58ed03f0b1f1d27046b7ca371b92175bb5437a6"),
    ),
]
NOTICES: list[dict[str, Any]] = [
    dict(zip(NAMES, signed, strict=True))
    | {"partnerCode": "MOMO", "orderType": "momo_wallet", "resultCode": 0, "extraData": ""}
    for signed in SIGNED_BY_MOMO
]


def adapter(answer=None, seen=None, kind=MoMo, **more):
    def respond(request):
        if seen is not None:
            seen.append((request.url.path, json.loads(request.content)))
        found = answer.pop(0) if isinstance(answer, list) else answer
        if isinstance(found, Exception):
            raise found
        if isinstance(found, int):
            return httpx.Response(found)
        if isinstance(found, tuple):
            return httpx.Response(found[0], json=found[1])
        return httpx.Response(200, **({"content": found} if isinstance(found, bytes) else {"json": found}))

    return kind(
        **{
            "code": "momo",
            "base_url": "https://momo.test",
            "partner_code": "MOMO",
            "access_key": ACCESS_KEY,
            "secret": SECRET,
            "client": httpx.Client(transport=httpx.MockTransport(respond)),
            "page_hosts": ("pay.test", ".momo.vn"),
            **more,
        }
    )


def linking(answer=None, seen=None):
    return adapter(answer, seen, kind=LinkingMoMo, public_key=PUBLIC_KEY)


def start(gateway, **more):
    return gateway.start(
        ToPay(
            **{
                "reference": "260131-1",
                "amount": 150_000,
                "description": "Nạp tiền",
                "customer_ref": "acme",
                "return_url": "https://portal.test/return",
                "callback_url": "https://portal.test/notice",
                "at": NOON,
                **more,
            }
        )
    )


def refund(gateway):
    return gateway.refund(
        reference="260131-1", gateway_txn_id="3105694606", paid=150_000, amount=50_000, refund_reference="R1", at=NOON
    )


def query(answer):
    return adapter(answer).query(reference="260131-1", at=NOON)


PAID = {"resultCode": 0, "amount": 150_000, "transId": 3105694606, "responseTime": ANSWERED_AT}


# --- What MoMo itself has signed --------------------------------------------------------------------------------------


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice["orderId"])
def test_a_notice_that_momos_test_host_signed_is_read(notice):
    report = adapter().parse_notice(json.dumps(notice).encode(), {})

    assert report.reference == notice["orderId"]
    assert report.outcome == Succeeded(
        str(notice["transId"]), notice["amount"], datetime.fromtimestamp(notice["responseTime"] / 1000, UTC)
    )


@pytest.mark.parametrize("name", protocol.NOTICE)
@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: notice["orderId"])
def test_a_notice_that_was_changed_in_any_field_is_refused(notice, name):
    value = notice[name]
    others = [value + 1, str(value) + "0", None] if isinstance(value, int) else [value + "1", 5, None]
    if value:
        others.append("")
    for other in others:
        if other is None and value == "":
            continue  # nothing is signed as nothing
        with pytest.raises(BadSignature, match="signature not equal"):
            adapter().parse_notice(json.dumps({**notice, name: other}).encode(), {})


# --- What we send -----------------------------------------------------------------------------------------------------


def test_a_payment_is_opened_with_its_reference_as_the_request_that_may_be_repeated():
    seen = []
    gateway = adapter({"resultCode": 0, "payUrl": "https://test-payment.momo.vn/v2/gateway/pay?t=1"}, seen)

    assert start(gateway) == Redirect("https://test-payment.momo.vn/v2/gateway/pay?t=1")

    ((path, sent),) = seen
    assert path == "/v2/gateway/api/create"
    assert (sent["orderId"], sent["requestId"], sent["amount"]) == ("260131-1", "260131-1", 150_000)
    assert sent["signature"] == "3f95c81b300a3d2c6f18839cbf5cd5b959f9ab7890acd4c02ad4f921be6b0bdc"


@pytest.mark.usefixtures("fixed_request")
def test_each_question_is_a_request_of_its_own():
    seen = []
    adapter(PAID, seen).query(reference="260131-1", at=NOON)

    ((path, sent),) = seen
    assert (path, sent["requestId"]) == ("/v2/gateway/api/query", "rid1")
    assert sent["signature"] == "7173f3f47518a9805d47efbaefd4fdf574fa890a5f555199ea9cc957f325bb23"


def test_a_refund_is_an_order_of_its_own():
    seen = []
    refund(adapter({**PAID, "amount": 50_000}, seen))

    ((path, sent),) = seen
    assert (path, sent["orderId"], sent["transId"]) == ("/v2/gateway/api/refund", "R1", 3105694606)
    assert sent["signature"] == "e7a525c3f684fe2256c35e27136dd140f59f2ba6dd1cd6d6760019679e087a73"


def test_references_have_the_documented_form():
    first, second = (adapter().new_reference(NOON) for _ in range(2))

    assert first.startswith("260131-")
    assert len(adapter().new_refund_reference(NOON)) <= 50
    assert first != second


def test_calls_wait_as_long_as_the_vendor_asks():
    assert SECONDS >= 30


@pytest.mark.parametrize("missing", ["partner_code", "access_key", "secret"])
def test_codes_and_keys_must_be_set(missing):
    with pytest.raises(ValueError, match="must not be empty"):
        adapter(**{missing: ""})


# --- What we make of answers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ReadTimeout("no answer"),
        500,
        302,
        b"",
        b'{"resultCode": 0, "payU',
        b"[]",
        {},
        {"resultCode": "0"},
        {"resultCode": True},
        {"resultCode": 0},
        {"resultCode": 99},
        {"resultCode": 12345},
        (400, {"resultCode": 43}),
        {**PAID, "payUrl": "https://pay.test/", "orderId": "260131-2"},
        {**PAID, "payUrl": "https://pay.test/", "partnerCode": "OTHER"},
        {**PAID, "amount": "150000"},
        {**PAID, "amount": 0},
        {**PAID, "transId": 0},
        {**PAID, "transId": None},
    ],
    ids=lambda answer: str(answer)[:60],
)
def test_nonsense_is_unknown_and_never_failed(answer):
    assert isinstance(start(adapter(answer)), Unknown)
    assert isinstance(query(answer), Unknown)
    assert isinstance(refund(adapter(answer)), Unknown)


@pytest.mark.parametrize("url", [None, "", "javascript:alert(1)", "https://evil.test/", "https://evilmomo.vn/", 5])
def test_customers_are_sent_to_payment_pages_only(url):
    assert isinstance(start(adapter({"resultCode": 0, "payUrl": url})), Unknown)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (10, "maintenance"),
        (11, "invalid_credentials"),
        (13, "invalid_credentials"),
        (20, "invalid_request"),
        (22, "invalid_amount"),
    ],
)
def test_a_refused_start_leaves_nothing_behind(code, expected):
    assert start(adapter((400, {"resultCode": code, "message": "no"}))) == Failed(expected, "no")


def test_repeating_a_reference_asks_instead_of_charging():
    seen = []
    assert start(adapter([{"resultCode": 41}, PAID], seen)) == Succeeded("3105694606", 150_000, NOON)
    assert [path for path, _sent in seen] == ["/v2/gateway/api/create", "/v2/gateway/api/query"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (PAID, Succeeded("3105694606", 150_000, NOON)),
        *(({"resultCode": code}, Pending(timedelta(minutes=1))) for code in (1000, 7000, 7002, 8000, 9000)),
        ({"resultCode": 42}, Unknown(NOT_FOUND)),
        ({"resultCode": 1001}, Failed("insufficient_funds", "")),
        ({"resultCode": 1003}, Failed("cancelled", "")),
        ({"resultCode": 1004}, Failed("daily_limit", "")),
        ({"resultCode": 1005}, Failed("expired", "")),
        ({"resultCode": 1006}, Failed("cancelled", "")),
        # Our question was refused: that says nothing about the payment.
        *(({"resultCode": code}, Unknown(f"code {code}")) for code in (10, 11, 12, 13, 20, 40, 99)),
    ],
    ids=str,
)
def test_what_a_query_says(answer, expected):
    assert query(answer) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({**PAID, "amount": 50_000, "transId": 77}, Succeeded("77", 50_000, NOON)),
        ({**PAID, "transId": 77}, Unknown("an answer about another amount")),
        ({"resultCode": 7002}, Pending(timedelta(minutes=1))),
        ({"resultCode": 1080}, Failed("refund_expired", "")),
        ({"resultCode": 1081}, Failed("not_refundable", "")),
        ({"resultCode": 22}, Failed("invalid_amount", "")),
        ({"resultCode": 10}, Unknown("code 10")),
    ],
    ids=str,
)
def test_what_a_refund_says(answer, expected):
    assert refund(adapter(answer)) == expected


def test_a_repeated_refund_is_looked_up_in_the_list_of_its_payment():
    listed = {"orderId": "R1", "amount": 50_000, "resultCode": 0, "transId": 77}
    other = {"orderId": "R2", "amount": 50_000, "resultCode": 0, "transId": 78}

    assert refund(adapter([{"resultCode": 41}, {**PAID, "refundTrans": [other, listed]}])) == Succeeded(
        "77", 50_000, NOON
    )
    for nothing in (None, [], "x", [other], [5], [{"orderId": "R1"}]):
        assert refund(adapter([{"resultCode": 40}, {**PAID, "refundTrans": nothing}])) == Unknown(NOT_FOUND)


# --- Notices ----------------------------------------------------------------------------------------------------------


def told(names=protocol.NOTICE, **changed):
    fields = {**NOTICES[0], **changed}
    signature = protocol.sign(ACCESS_KEY, SECRET, names, fields)
    return json.dumps({**fields, "signature": signature}).encode()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (9000, Pending(timedelta(minutes=1))),
        (1006, Failed("cancelled", "Successful.")),
        (1001, Failed("insufficient_funds", "Successful.")),
        (12345, Unknown("code 12345")),
    ],
)
def test_notices_tell_of_failures_as_well(code, expected):
    assert adapter().parse_notice(told(resultCode=code), {}).outcome == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 10_000,
        b" " * 20_000,
        b"{}",
        json.dumps({**NOTICES[0], "signature": None}).encode(),
        json.dumps({**NOTICES[0], "signature": NOTICES[0]["signature"].upper()}).encode(),
        json.dumps({**NOTICES[0], "message": "\ud800"}).encode(),
        json.dumps({**NOTICES[0], "resultCode": False}).encode(),
        told(partnerCode="OTHER"),
        told(orderId=""),
        told(orderId="2" * 61),
        told(amount=-1),
        told(amount="10000"),
        told(amount=10**13),
        told(resultCode="0"),
        told(responseTime=10**30),
        told(responseTime="now"),
    ],
    ids=lambda body: repr(body[:60]),
)
def test_any_doubt_about_a_notice_is_a_bad_signature(body):
    with pytest.raises(BadSignature):
        adapter().parse_notice(body, {})


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        (Verdict.ACCEPTED, 204),
        (Verdict.DUPLICATE, 204),
        (Verdict.UNKNOWN_REFERENCE, 400),
        (Verdict.WRONG_AMOUNT, 400),
        (Verdict.BAD_SIGNATURE, 400),
        (Verdict.RETRY_LATER, 503),
    ],
)
def test_a_notice_is_answered_by_a_status_without_words(verdict, expected):
    status, _content_type, body = adapter().reply(verdict)

    assert (status, body) == (expected, b"")
