"""VNPay's page and calls as a merchant's hand-written client sees them: parameters, signatures, refusals, and what is told."""

import hashlib
import hmac
import time
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qsl, quote_plus

import pytest
from flask import Flask, jsonify, request

from .servers import KEY1, running_sandbox, serving, until

VIETNAM = timezone(timedelta(hours=7))
REFERENCE = "20260131x1"


def stamp(minutes=0):
    return f"{datetime.now(UTC).astimezone(VIETNAM) + timedelta(minutes=minutes):%Y%m%d%H%M%S}"


def sealed(text, key=KEY1):
    return hmac.new(key.encode(), text.encode(), hashlib.sha512).hexdigest()


def address(**changes):
    """A correctly signed address, then changed; what is None is left out before it is signed."""
    fields = {
        "vnp_Version": "2.1.0",
        "vnp_Command": "pay",
        "vnp_TmnCode": "SANDBOX1",
        "vnp_Amount": "15000000",
        "vnp_CreateDate": stamp(),
        "vnp_ExpireDate": stamp(15),
        "vnp_CurrCode": "VND",
        "vnp_IpAddr": "203.0.113.9",
        "vnp_Locale": "vn",
        "vnp_OrderInfo": "Nap tien",
        "vnp_OrderType": "other",
        "vnp_ReturnUrl": "https://shop.test/return",
        "vnp_TxnRef": REFERENCE,
    } | changes
    query = "&".join(f"{name}={quote_plus(value)}" for name, value in sorted(fields.items()) if value)
    return f"/vnpay/paymentv2/vpcpay.html?{query}&vnp_SecureHash={sealed(query)}"


def opened(sandbox, created, **changes):
    answer = sandbox.http.get(address(vnp_CreateDate=created, **changes))
    assert answer.status_code == 303
    return answer.headers["Location"]


def query(sandbox, created, **changes):
    fields = {
        "vnp_RequestId": hashlib.md5(stamp().encode() + str(changes).encode(), usedforsecurity=False).hexdigest(),
        "vnp_Version": "2.1.0",
        "vnp_Command": "querydr",
        "vnp_TmnCode": "SANDBOX1",
        "vnp_TxnRef": REFERENCE,
        "vnp_TransactionDate": created,
        "vnp_CreateDate": stamp(),
        "vnp_IpAddr": "203.0.113.9",
        "vnp_OrderInfo": "Query",
    } | changes
    order = "RequestId Version Command TmnCode TxnRef TransactionDate CreateDate IpAddr OrderInfo"
    signed = sealed("|".join(str(fields[f"vnp_{name}"] or "") for name in order.split()))
    sent = {name: value for name, value in {"vnp_SecureHash": signed, **fields}.items() if value is not None}
    return sandbox.http.post("/vnpay/merchant_webapi/api/transaction", json=sent).json()


@pytest.mark.parametrize(
    "changes",
    [
        {"vnp_Version": "2.0.0"},
        {"vnp_Command": "refund"},
        {"vnp_TmnCode": "OTHERS01"},
        {"vnp_Amount": "15000050"},  # half a đồng
        {"vnp_Amount": "0"},
        {"vnp_Amount": "1000000000000"},  # thirteen digits
        {"vnp_CurrCode": "USD"},
        {"vnp_Locale": "fr"},
        {"vnp_OrderInfo": "Nạp tiền"},
        {"vnp_OrderInfo": "x" * 256},
        {"vnp_ReturnUrl": "javascript:alert(1)"},
        {"vnp_TxnRef": "x" * 101},
        {"vnp_CreateDate": "20260101000000"},
        {"vnp_CreateDate": "20261332000000"},
        {"vnp_ExpireDate": "20260101000000"},
        *({name: None} for name in ("vnp_IpAddr", "vnp_OrderType", "vnp_TxnRef", "vnp_ReturnUrl", "vnp_ExpireDate")),
    ],
    ids=str,
)
def test_bad_orders_are_refused_and_leave_nothing(sandbox, changes):
    assert sandbox.http.get(address(**changes)).status_code == 400
    assert sandbox.oracle()["references"] == []


def test_a_reference_is_used_once_and_the_same_address_finds_its_order_again(sandbox):
    created, until = stamp(), stamp(15)  # once: a second later another address would come of it
    first = opened(sandbox, created, vnp_ExpireDate=until)

    assert opened(sandbox, created, vnp_ExpireDate=until) == first
    changed = address(vnp_CreateDate=created, vnp_ExpireDate=until, vnp_Amount="20000000")
    assert sandbox.http.get(changed).status_code == 400


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "00"),
        ({"vnp_TmnCode": "OTHERS01"}, "02"),
        ({"vnp_RequestId": None}, "03"),
        ({"vnp_RequestId": "x" * 33}, "03"),
        ({"vnp_TransactionDate": "yesterday"}, "03"),
        ({"vnp_Command": "other"}, "03"),
        ({"vnp_TxnRef": "20260131x2"}, "91"),
        ({"vnp_TransactionDate": "20260131000000"}, "91"),  # not the second in which it was begun
        ({"vnp_SecureHash": "0" * 128}, "97"),
        ({"vnp_SecureHash": "chữ"}, "97"),
    ],
    ids=str,
)
def test_what_a_question_is_answered(sandbox, changes, code):
    created = stamp()
    opened(sandbox, created)

    answer = query(sandbox, created, **changes)

    assert answer["vnp_ResponseCode"] == code
    order = (
        "ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate TransactionNo TransactionType"
        " TransactionStatus OrderInfo PromotionCode PromotionAmount"
    )
    assert answer["vnp_SecureHash"] == sealed("|".join(str(answer.get(f"vnp_{name}", "")) for name in order.split()))


def test_a_request_is_answered_once(sandbox):
    created = stamp()
    opened(sandbox, created)

    assert [query(sandbox, created, vnp_RequestId="r1")["vnp_ResponseCode"] for _ in range(2)] == ["00", "94"]


def test_an_order_expires_when_it_said(sandbox):
    created = stamp(-2)
    second = datetime.strptime(created, "%Y%m%d%H%M%S").replace(tzinfo=VIETNAM)
    page = opened(sandbox, created, vnp_ExpireDate=f"{second + timedelta(seconds=1):%Y%m%d%H%M%S}")
    time.sleep(1.1)

    sandbox.press(page, "pay")

    assert sandbox.debited(REFERENCE) == (0, 0)


@pytest.mark.parametrize(
    ("answers", "tries", "state"),
    [
        (["00"], 1, "delivered"),
        (["02"], 1, "delivered"),
        (["01", "04", "97", "99", "00"], 5, "delivered"),
        (["99"] * 12, 10, "given up"),
        (["500", "nonsense", "00"], 3, "delivered"),
    ],
    ids=str,
)
def test_the_merchants_code_decides_whether_it_is_told_again_ten_times_at_most(tmp_path, answers, tries, state):
    left, taken = list(answers), []

    def build(url):
        app = Flask("merchant")

        @app.get("/ipn")
        def ipn():
            taken.append(request.query_string)
            answer = left.pop(0)
            return ("", 500) if answer == "500" else ("no", 200) if answer == "nonsense" else jsonify(RspCode=answer)

        return app

    with (
        serving(build) as url,
        running_sandbox(tmp_path, vnpay_ipn_url=f"{url}/ipn", callback_gap_s=0.05) as sandbox,
    ):
        sandbox.press(opened(sandbox, stamp()), "pay")
        until(lambda: sandbox.oracle()["callbacks"][0]["state"] == state)
        assert sandbox.oracle()["callbacks"][0]["tries"] == len(taken) == tries

    assert len(set(taken)) == 1  # each try says the same
    told = dict(parse_qsl(taken[0].decode()))
    assert (told["vnp_ResponseCode"], told["vnp_TransactionStatus"], told["vnp_Amount"]) == ("00", "00", "15000000")
