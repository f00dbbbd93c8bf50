"""MoMo's calls as a merchant's hand-written client sees them: parameters, signatures, idempotency, and what is told."""

import hashlib
import hmac
import json

import pytest
from flask import Flask, request

from .servers import KEY1, running_sandbox, serving, until

SIGNED = {
    "create": "accessKey amount extraData ipnUrl orderId orderInfo partnerCode redirectUrl requestId requestType",
    "query": "accessKey orderId partnerCode requestId",
    "refund": "accessKey amount description orderId partnerCode requestId transId",
}
TOLD = (
    "accessKey amount extraData message orderId orderInfo orderType partnerCode payType requestId responseTime resultCode"
    " transId"
)


def signature(names, fields):
    values = {**fields, "accessKey": "sandbox"}
    text = "&".join(f"{name}={values.get(name, '')}" for name in sorted(names.split()))
    return hmac.new(KEY1.encode(), text.encode(), hashlib.sha256).hexdigest()


def call(sandbox, what, **fields):
    """A correctly signed call; what is None is left out after it was signed."""
    fields = {"partnerCode": "SANDBOX", "orderId": "o1", "requestId": "o1", "lang": "vi"} | fields
    sent = {"signature": signature(SIGNED[what], fields), **fields}
    sent = {name: value for name, value in sent.items() if value is not None}
    return sandbox.http.post(f"/momo/v2/gateway/api/{what}", json=sent)


def create(sandbox, **changes):
    fields = {
        "amount": 150_000,
        "orderInfo": "Nạp tiền",
        "redirectUrl": "https://shop.test/return",
        "ipnUrl": "http://127.0.0.1:9/ipn",
        "requestType": "captureWallet",
        "extraData": "",
    } | changes
    return call(sandbox, "create", **fields).json()


def query(sandbox, request_id="q1"):
    return call(sandbox, "query", requestId=request_id).json()


def refund(sandbox, txn, amount=50_000, name="r1", **changes):
    return call(
        sandbox,
        "refund",
        **{"orderId": name, "requestId": name, "amount": amount, "transId": txn, "description": ""} | changes,
    ).json()


def paid(sandbox):
    sandbox.press(create(sandbox)["payUrl"], "pay")
    return query(sandbox, "after")["transId"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"partnerCode": "OTHER"}, 11),
        ({"signature": "0" * 64}, 13),
        ({"signature": "chữ"}, 13),
        ({"signature": None}, 13),
        ({"amount": "150000"}, 20),  # text where a number is wanted
        ({"amount": True}, 20),
        ({"requestType": "payWithOther"}, 20),
        ({"orderId": "-o1"}, 20),
        ({"orderId": "o" * 51}, 20),
        ({"orderInfo": "x" * 201}, 20),
        ({"redirectUrl": "javascript:alert(1)"}, 20),
        ({"ipnUrl": ""}, 20),
        ({"amount": 999}, 22),
        ({"amount": 50_000_001}, 22),
    ],
    ids=str,
)
def test_bad_orders_are_refused_and_leave_nothing(sandbox, changes, code):
    assert create(sandbox, **changes)["resultCode"] == code
    assert sandbox.oracle()["references"] == []


@pytest.mark.parametrize(
    "missing", ["partnerCode", "orderId", "requestId", "amount", "orderInfo", "redirectUrl", "ipnUrl", "requestType"]
)
def test_each_parameter_is_required(sandbox, missing):
    assert create(sandbox, **{missing: None})["resultCode"] == 20


def test_the_same_request_gets_the_same_page_and_another_one_for_the_same_order_none(sandbox):
    first = create(sandbox)

    assert create(sandbox)["payUrl"] == first["payUrl"]
    assert create(sandbox, requestId="again")["resultCode"] == 41


def test_an_answer_that_is_not_final_is_not_given_again(sandbox):
    create(sandbox)

    assert [query(sandbox)["resultCode"] for _ in range(2)] == [1000, 40]


def test_questions_about_nothing(sandbox):
    assert query(sandbox)["resultCode"] == 42


@pytest.mark.parametrize(("button", "code"), [("cancel", 1006), ("funds", 1001), ("otp", 1002)])
def test_an_order_that_was_not_paid_says_why(sandbox, button, code):
    sandbox.press(create(sandbox)["payUrl"], button)

    assert query(sandbox)["resultCode"] == code


def test_refunds_are_checked_and_never_exceed_the_payment(sandbox):
    txn = paid(sandbox)

    assert refund(sandbox, txn + 1, name="a")["resultCode"] == 1080
    assert refund(sandbox, txn, 999, name="b")["resultCode"] == 22
    assert refund(sandbox, txn, 150_001, name="c")["resultCode"] == 1081
    assert refund(sandbox, txn, 100_000)["resultCode"] == 7002
    assert refund(sandbox, txn, 100_000)["resultCode"] == 40
    assert refund(sandbox, txn, 100_000, requestId="other")["resultCode"] == 41
    assert refund(sandbox, txn, 50_001, name="d")["resultCode"] == 1081

    def refunded():
        return [one["resultCode"] for one in query(sandbox, f"q{next(numbers)}")["refundTrans"]] == [0]

    numbers = iter(range(1000))
    assert until(refunded)


@pytest.mark.parametrize(
    ("statuses", "tries", "state"),
    [([204], 1, "delivered"), ([200, 500, 204], 3, "delivered"), ([200] * 3, 3, "given up")],
)
def test_only_204_ends_a_notice(tmp_path, statuses, tries, state):
    left, taken = list(statuses), []

    def build(url):
        app = Flask("merchant")

        @app.post("/ipn")
        def ipn():
            taken.append(request.get_data())
            return "", left.pop(0)

        return app

    with serving(build) as url, running_sandbox(tmp_path, callback_gap_s=0.05) as sandbox:
        sandbox.press(create(sandbox, ipnUrl=f"{url}/ipn")["payUrl"], "pay")
        until(lambda: sandbox.oracle()["callbacks"][0]["state"] == state)
        assert sandbox.oracle()["callbacks"][0]["tries"] == len(taken) == tries

    assert len(set(taken)) == 1  # each try says the same
    told = json.loads(taken[0])
    assert told["signature"] == signature(TOLD, told)
    assert (told["resultCode"], told["amount"], told["orderId"]) == (0, 150_000, "o1")
