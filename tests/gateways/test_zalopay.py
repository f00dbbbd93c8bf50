"""The ZaloPay adapter against the vendor's own vectors and against answers that a gateway should never give."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import httpx
import pytest

from payments.gateways.base import (
    NOT_FOUND,
    BadSignature,
    Failed,
    Pending,
    Redirect,
    Report,
    Succeeded,
    ToPay,
    Unknown,
    Verdict,
)
from payments.gateways.zalopay import ZaloPay
from payments.gateways.zalopay_protocol import mac, sign

KEY1 = "sdngKKJmqEMzvh5QQcdD2A9XBSKUNaYn"
NOON = datetime(2026, 1, 31, 5, 0, tzinfo=UTC)

# The callback printed in the vendor's documentation, with the key printed beside it.
DOCUMENTED_KEY2 = "kLtgPl8HHhfvMuDHPwKfgfsY4Ydm9eIz"
DOCUMENTED_DATA = (
    '{"app_id":2553,"app_trans_id":"200904_2553_1598435687208","app_time":1599189392817,"app_user":"demo",'
    '"amount":10000,"embed_data":"{\\"merchantinfo\\":\\"embeddata123\\",\\"promotioninfo\\":\\"\\"}",'
    '"item":"[{\\"itemid\\":\\"knb\\",\\"itemname\\":\\"kim nguyen bao\\",\\"itemprice\\":198400,'
    '\\"itemquantity\\":1}]","zp_trans_id":200904000000389,"server_time":1599189413498,"channel":38,'
    '"merchant_user_id":"7ZMSl3nEg5sOUJzOLSoUFT8xKNQVaLOLXHB--8Eytqc","user_fee_amount":0,"discount_amount":0}'
)
DOCUMENTED_MAC = "d8d33baf449b31d7f9b94fa50d7c942c08cd4d83f28fa185557da21acb104f67"


def adapter(answer=None, *, key2=DOCUMENTED_KEY2, app_id=2553, seen=None):
    """An adapter whose gateway answers every call with `answer`: a dict, bytes, a status or an exception."""

    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append((request.url.path, {k: v[0] for k, v in parse_qs(request.content.decode(), True).items()}))
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return httpx.Response(answer)
        return httpx.Response(200, content=answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    return ZaloPay(
        code="sandbox",
        base_url="https://gateway.test",
        app_id=app_id,
        key1=KEY1,
        key2=key2,
        client=httpx.Client(transport=httpx.MockTransport(handle)),
        page_hosts=("pay.test", ".zalopay.vn"),
    )


def start(gateway: ZaloPay):
    return gateway.start(
        ToPay(
            reference="260131_000001",
            amount=100_000,
            description="Top up",
            customer_ref="acc42",
            return_url="https://portal.test/return",
            callback_url="https://portal.test/callback",
            at=NOON,
        )
    )


def refund(gateway: ZaloPay):
    return gateway.refund(
        reference="260131_000001",
        gateway_txn_id="260131000000001",
        paid=150_000,
        amount=50_000,
        refund_reference="260131_2553_1",
        at=NOON,
    )


# --- Vectors ----------------------------------------------------------------------------------------------------------


def test_the_documented_callback_verifies():
    body = json.dumps({"data": DOCUMENTED_DATA, "mac": DOCUMENTED_MAC, "type": 1}).encode()

    notice = adapter().parse_notice(body, {})

    assert notice == Report(
        reference="200904_2553_1598435687208",
        outcome=Succeeded(
            gateway_txn_id="200904000000389",
            amount=10_000,
            at=datetime(2020, 9, 4, 3, 16, 53, 498_000, tzinfo=UTC),
        ),
    )


def test_key1_does_not_verify_the_documented_callback():
    body = json.dumps({"data": DOCUMENTED_DATA, "mac": DOCUMENTED_MAC, "type": 1}).encode()

    with pytest.raises(BadSignature):
        adapter(key2="PcY4iZIKFCIdgZvA6ueMcMHHUbRLYjPL").parse_notice(body, {})


@pytest.mark.parametrize(
    ("call", "fields", "expected"),
    [
        (
            "create",
            {
                "app_id": 2554,
                "app_trans_id": "260131_000001",
                "app_user": "acc42",
                "amount": 100_000,
                "app_time": 1769792400000,
                "embed_data": "{}",
                "item": "[]",
            },
            "50fdb81bfe47e76046d3910fb8b9606e096937a463efb49b7966781356e5e79d",
        ),
        (
            "refund",
            {
                "app_id": 2554,
                "zp_trans_id": "260131000000001",
                "amount": 50_000,
                "description": "refund",
                "timestamp": 1769792400000,
            },
            "7e36905364080e1358d132c00ed1db2d77c0e11fcf646da4a4908ab56aa7d002",
        ),
    ],
)
def test_signatures_of_our_calls(call, fields, expected):
    assert mac(call, fields, key1=KEY1) == expected


def test_the_key_stands_inside_the_text_that_a_query_signs():
    fields = {"app_id": 2554, "app_trans_id": "260131_000001"}

    assert mac("query", fields, key1=KEY1) == sign(KEY1, f"2554|260131_000001|{KEY1}")


# --- What we send -----------------------------------------------------------------------------------------------------


def test_references_carry_the_day_in_vietnam():
    late_evening_utc = datetime(2026, 1, 31, 17, 0, tzinfo=UTC)  # already February in Vietnam

    first, second = (adapter().new_reference(late_evening_utc) for _ in range(2))

    assert first.startswith("260201_")
    assert len(first) <= 40
    assert first != second
    assert adapter().new_refund_reference(late_evening_utc).startswith("260201_2553_")
    assert len(adapter().new_refund_reference(late_evening_utc)) <= 45


def test_start_sends_the_customer_to_the_payment_page():
    seen = []
    gateway = adapter({"return_code": 1, "order_url": "https://pay.test/pay/abc"}, seen=seen)

    assert start(gateway) == Redirect("https://pay.test/pay/abc")

    ((path, form),) = seen
    assert path == "/v2/create"
    assert form["app_time"] == "1769835600000"
    assert json.loads(form["embed_data"]) == {"redirecturl": "https://portal.test/return"}
    assert form["callback_url"] == "https://portal.test/callback"
    assert form["mac"] == mac("create", form, key1=KEY1)


def test_keys_must_be_set():
    with pytest.raises(ValueError, match="must not be empty"):
        adapter(key2="")


# --- What we make of answers ------------------------------------------------------------------------------------------

NONSENSE = [
    httpx.ReadTimeout("no answer"),
    httpx.ConnectError("refused"),
    httpx.RemoteProtocolError("cut"),
    500,
    503,
    404,
    302,
    b"",
    b'{"return_code": 1, "order_u',
    b"[" * 100_000,
    b"\xff\xfe",
    b" " * 200_000,
    b"[]",
    b"null",
    {},
    {"return_code": "1"},
    {"return_code": True},
    {"return_code": 2},
    {"return_code": 2, "sub_return_code": -500},
    {"return_code": -500},
    {"return_code": 2, "sub_return_code": -12345},
    {"return_code": 7},
]


@pytest.mark.parametrize("answer", NONSENSE, ids=lambda answer: str(answer)[:40])
def test_nonsense_is_unknown_and_never_failed(answer):
    gateway = adapter(answer)

    assert isinstance(start(gateway), Unknown)
    assert isinstance(gateway.query(reference="260131_000001", at=NOON), Unknown)
    assert isinstance(refund(gateway), Unknown)
    assert isinstance(
        gateway.query_refund(reference="260131_000001", refund_reference="260131_2553_1", amount=50_000, at=NOON),
        Unknown,
    )


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "https://evil.test/",
        "https://pay.test.evil.test/",
        "//pay.test/x",
        "http://[",
        5,
    ],
)
def test_customers_are_sent_to_payment_pages_only(url):
    assert isinstance(start(adapter({"return_code": 1, "order_url": url})), Unknown)


def test_payment_pages_may_be_named_by_domain():
    assert start(adapter({"return_code": 1, "order_url": "https://qcgateway.zalopay.vn/x"})) == Redirect(
        "https://qcgateway.zalopay.vn/x"
    )
    assert isinstance(start(adapter({"return_code": 1, "order_url": "https://evilzalopay.vn/x"})), Unknown)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"return_code": 2, "sub_return_code": -401, "sub_return_message": "bad"}, Failed("invalid_request", "bad")),
        ({"return_code": -402, "return_message": "mac"}, Failed("invalid_credentials", "mac")),
        ({"return_code": 2, "sub_return_code": -429}, Failed("rate_limited", "")),
        ({"return_code": 2, "sub_return_code": -999}, Failed("maintenance", "")),
    ],
)
def test_documented_refusals_of_start_are_final(answer, expected):
    assert start(adapter(answer)) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"return_code": 3, "is_processing": True}, Pending(timedelta(minutes=1))),
        ({"return_code": 2, "sub_return_code": -101}, Unknown(NOT_FOUND)),
        ({"return_code": 2, "sub_return_code": -49}, Failed("cancelled", "")),
        ({"return_code": 2, "sub_return_code": -54}, Failed("expired", "")),
        ({"return_code": 2, "sub_return_code": -63}, Failed("insufficient_funds", "")),
        ({"return_code": 2, "sub_return_code": -1331}, Failed("daily_limit", "")),
        # Our question was refused: that says nothing about the payment.
        ({"return_code": 2, "sub_return_code": -402}, Unknown("code -402")),
        ({"return_code": 2, "sub_return_code": -429}, Unknown("code -429")),
        ({"return_code": 2, "sub_return_code": -999}, Unknown("code -999")),
        # A success has to say which transaction, and how much.
        ({"return_code": 1}, Unknown("success without amount or transaction")),
        ({"return_code": 1, "amount": "5", "zp_trans_id": 1}, Unknown("success without amount or transaction")),
        ({"return_code": 1, "amount": 0, "zp_trans_id": 1}, Unknown("success without amount or transaction")),
        ({"return_code": 1, "amount": True, "zp_trans_id": 1}, Unknown("success without amount or transaction")),
        ({"return_code": 1, "amount": 1.5, "zp_trans_id": 1}, Unknown("success without amount or transaction")),
        ({"return_code": 1, "amount": 5, "zp_trans_id": ""}, Unknown("success without amount or transaction")),
        ({"return_code": 1, "amount": 5, "zp_trans_id": True}, Unknown("success without amount or transaction")),
        ({"return_code": 1, "amount": 5, "zp_trans_id": 7, "server_time": 10**30}, Succeeded("7", 5, NOON)),
        (
            {"return_code": 1, "amount": 5, "zp_trans_id": "7", "server_time": 1769835600500},
            Succeeded("7", 5, NOON + timedelta(milliseconds=500)),
        ),
    ],
    ids=str,
)
def test_what_a_query_says(answer, expected):
    assert adapter(answer).query(reference="260131_000001", at=NOON) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"return_code": 1, "refund_id": 99}, Succeeded("99", 50_000, NOON)),
        ({"return_code": 3, "refund_id": 99}, Pending(timedelta(minutes=1))),
        ({"return_code": 2, "sub_return_code": -14}, Failed("invalid_amount", "")),
        ({"return_code": 2, "sub_return_code": -13}, Failed("refund_expired", "")),
        ({"return_code": 2, "sub_return_code": -101}, Failed("no_such_payment", "")),
        # These may come after the effect: sending the same refund_reference again is safe, a new one is not.
        ({"return_code": 2, "sub_return_code": -429}, Unknown("code -429")),
        ({"return_code": 2, "sub_return_code": -999}, Unknown("code -999")),
    ],
    ids=str,
)
def test_what_a_refund_says(answer, expected):
    assert refund(adapter(answer)) == expected


# --- Notices ----------------------------------------------------------------------------------------------------------


def signed(data: object, **more: object) -> bytes:
    text = data if isinstance(data, str) else json.dumps(data)
    return json.dumps({"data": text, "mac": sign(DOCUMENTED_KEY2, text), "type": 1, **more}).encode()


GOOD = {
    "app_id": 2553,
    "app_trans_id": "260131_1",
    "amount": 10_000,
    "zp_trans_id": 260131000000001,
    "server_time": 1769835600000,
}


def test_a_good_notice_is_read():
    assert adapter().parse_notice(signed(GOOD), {}).outcome == Succeeded("260131000000001", 10_000, NOON)


@pytest.mark.parametrize("position", range(0, len(DOCUMENTED_DATA), 7))
def test_a_changed_character_is_noticed(position):
    changed = DOCUMENTED_DATA[:position] + "~" + DOCUMENTED_DATA[position + 1 :]
    body = json.dumps({"data": changed, "mac": DOCUMENTED_MAC, "type": 1}).encode()

    with pytest.raises(BadSignature, match="mac not equal"):
        adapter().parse_notice(body, {})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 10_000,
        b" " * 20_000,
        b'{"data": 5, "mac": "x", "type": 1}',
        b'{"data": "{}", "mac": null, "type": 1}',
        b'{"data": "{}", "mac": "", "type": 1}',
        '{"data": "{}", "mac": "chữ ký", "type": 1}'.encode(),
        b'{"data": "\\ud800", "mac": "\\ud800", "type": 1}',
        json.dumps({"data": DOCUMENTED_DATA, "mac": DOCUMENTED_MAC.upper(), "type": 1}).encode(),
        json.dumps({"data": DOCUMENTED_DATA, "mac": DOCUMENTED_MAC[:-1], "type": 1}).encode(),
        signed(GOOD, type=2),
        signed(GOOD, type="1"),
        signed("not json"),
        signed("[]"),
        signed({**GOOD, "app_id": 2554}),
        signed({**GOOD, "app_id": "2553"}),
        signed({**GOOD, "amount": -1}),
        signed({**GOOD, "amount": "10000"}),
        signed({**GOOD, "amount": 10**13}),
        signed({**GOOD, "app_trans_id": ""}),
        signed({**GOOD, "app_trans_id": 5}),
        signed({**GOOD, "app_trans_id": "260131\x00"}),
        signed({**GOOD, "app_trans_id": "\ud800"}),
        signed({**GOOD, "app_trans_id": "2" * 61}),
        signed({**GOOD, "zp_trans_id": None}),
        signed({**GOOD, "zp_trans_id": "2\x00"}),
        signed({**GOOD, "zp_trans_id": "\ud800"}),
        signed({**GOOD, "zp_trans_id": "2" * 61}),
        signed({**GOOD, "zp_trans_id": 10**61}),
        signed({**GOOD, "server_time": "now"}),
    ],
    ids=lambda body: repr(body[:60]),
)
def test_any_doubt_about_a_notice_is_a_bad_signature(body):
    with pytest.raises(BadSignature):
        adapter().parse_notice(body, {})


@pytest.mark.parametrize(
    ("verdict", "return_code"),
    [
        (Verdict.ACCEPTED, 1),
        (Verdict.DUPLICATE, 2),
        (Verdict.UNKNOWN_REFERENCE, -1),
        (Verdict.WRONG_AMOUNT, -1),
        (Verdict.BAD_SIGNATURE, -1),
        (Verdict.RETRY_LATER, 0),
    ],
)
def test_replies_say_whether_to_call_again(verdict, return_code):
    status, content_type, body = adapter().reply(verdict)

    assert (status, content_type) == (200, "application/json")
    assert json.loads(body)["return_code"] == return_code
