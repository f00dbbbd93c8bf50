"""ZaloPay's agreements: what each call signs, what a customer agreed to, and that a charge is believed only when asked about."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import httpx
import pytest

from payments.gateways.base import (
    NOT_FOUND,
    BadSignature,
    Failed,
    Linked,
    Linking,
    LinkReport,
    Pending,
    Redirect,
    Succeeded,
    ToCharge,
    ToLink,
    Unknown,
    Unlinked,
)
from payments.gateways.zalopay import ZaloPay
from payments.gateways.zalopay_links import LinkingZaloPay
from payments.gateways.zalopay_protocol import mac, sign

KEY1, KEY2 = "sdngKKJmqEMzvh5QQcdD2A9XBSKUNaYn", "trMrHtvjo6myautxDUiAcYsVtaeQ8nhf"  # the vendor's public ones
AT = datetime(2026, 1, 30, 17, 0, tzinfo=UTC)  # 1769792400000
TOKEN = '{"binding_id": "b-1", "pay_token": "PAYTOKEN"}'
CONFIRMED = {"status": 1, "binding_id": "b-1", "pay_token": "PAYTOKEN", "masked_user_phone": "******1234"}
LINKED = Linked(TOKEN, "******1234", AT)


def adapter(*answers, seen=None, kind=LinkingZaloPay):
    left = list(answers)

    def respond(request):
        if seen is not None:
            seen.append((request.url.path, {k: v[0] for k, v in parse_qs(request.content.decode()).items()}))
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(200, json=answer)

    return kind(
        code="zalopay",
        base_url="https://gateway.test",
        app_id=2554,
        key1=KEY1,
        key2=KEY2,
        client=httpx.Client(transport=httpx.MockTransport(respond)),
        page_hosts=(".zalopay.vn",),
    )


def begin(gateway):
    return gateway.begin_link(
        ToLink(
            reference="260131_000002",
            description="Link",
            customer_ref="acc42",
            return_url="https://portal.test/return",
            callback_url="https://portal.test/notice",
            at=AT,
        )
    )


def finish(gateway):
    return gateway.finish_link(reference="260131_000002", customer_ref="acc42", proof="", at=AT)


def charge(gateway):
    return gateway.charge(
        ToCharge(
            reference="260131_000003",
            amount=100_000,
            description="Invoice",
            customer_ref="acc42",
            token=TOKEN,
            callback_url="https://portal.test/notice",
            at=AT,
        )
    )


def unlink(gateway):
    return gateway.unlink(reference="260131_000002", customer_ref="acc42", token=TOKEN, at=AT)


@pytest.mark.parametrize(
    ("call", "fields", "expected"),
    [
        (
            "agreement/bind",
            {
                "app_id": 2554,
                "app_trans_id": "260131_000002",
                "binding_data": "{}",
                "binding_type": "WALLET",
                "identifier": "acc42",
                "max_amount": 0,
                "req_date": 1769792400000,
            },
            "e7bbb09ed15d5a4ecd6f3ae80b1ac6604220510fe4173dad7c84dfe929720e28",
        ),
        (
            "agreement/pay",
            {
                "app_id": 2554,
                "identifier": "acc42",
                "zp_trans_token": "ZPTRANSTOKEN",
                "pay_token": "PAYTOKEN",
                "req_date": 1769792400000,
            },
            "96cf4d10aecedd8bde6aee1db7c704d424b526746123cee708c7da1190862389",
        ),
    ],
)
def test_signatures_of_the_calls(call, fields, expected):
    assert mac(call, fields, key1=KEY1) == expected


def test_only_a_merchant_with_agreements_has_the_calls_for_them():
    assert isinstance(adapter(), Linking)
    assert adapter().caps.link
    assert not isinstance(adapter(kind=ZaloPay), Linking)


@pytest.mark.parametrize("name", ["short_link", "binding_url", "binding_qr_link", "deep_link"])
def test_linking_sends_the_customer_to_agree_whatever_the_address_is_called(name):
    seen = []
    page = "https://social.zalopay.vn/bind?t=1"
    answer = {"return_code": 1, "binding_token": "t", "deep_link": "zalopay://bind", name: page}

    assert begin(adapter(answer, seen=seen)) == Redirect(page)

    ((path, sent),) = seen
    assert path == "/v2/agreement/bind"
    assert sent["mac"] == "e7bbb09ed15d5a4ecd6f3ae80b1ac6604220510fe4173dad7c84dfe929720e28"


def test_a_page_that_is_not_zalopays_is_not_shown():
    assert isinstance(begin(adapter({"return_code": 1, "short_link": "https://evil.test/"})), Unknown)


def test_beginning_twice_asks_how_it_stands():
    assert begin(adapter({"return_code": 2, "sub_return_code": -68}, {"return_code": 1, **CONFIRMED})) == LINKED


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"return_code": 1, **CONFIRMED}, LINKED),
        ({"return_code": 1, "data": CONFIRMED}, LINKED),
        ({"return_code": 1, **CONFIRMED, "max_amount": 500_000}, Linked(TOKEN, "******1234", AT, limit=500_000)),
        ({"return_code": 1, **CONFIRMED, "masked_user_phone": "0901234567"}, Linked(TOKEN, "", AT)),  # not masked
        ({"return_code": 1, **CONFIRMED, "status": 3}, Unlinked()),
        ({"return_code": 1, **CONFIRMED, "status": 4}, Unlinked()),
        ({"return_code": 1, "status": 2}, Pending(timedelta(minutes=1))),
        ({"return_code": 3}, Pending(timedelta(minutes=1))),
        ({"return_code": 2, "sub_return_code": -101}, Unknown(NOT_FOUND)),
        ({"return_code": 2, "sub_return_code": -402}, Unknown("code -402")),
        ({"return_code": 1, "status": 1, "binding_id": "b-1"}, Unknown("confirmed without a token")),
        (httpx.ReadTimeout("no answer"), Unknown("ReadTimeout")),
    ],
    ids=str,
)
def test_what_the_customer_decided(answer, expected):
    assert finish(adapter(answer)) == expected
    assert "PAYTOKEN" not in repr(LINKED)


ORDER = {"return_code": 1, "zp_trans_token": "ZPTRANSTOKEN", "order_url": "https://qc.zalopay.vn/x"}
PAID = {"return_code": 1, "amount": 100_000, "zp_trans_id": 7, "server_time": 1769792400000}


@pytest.mark.parametrize(
    ("answers", "expected", "calls"),
    [
        ([ORDER, {"return_code": 1}, PAID], Succeeded("7", 100_000, AT), ["create", "pay", "query"]),
        ([ORDER, {"return_code": 3}], Pending(timedelta(minutes=1)), ["create", "pay"]),
        (
            [ORDER, {"return_code": 2}, {"return_code": 2, "sub_return_code": -63}],
            Failed("insufficient_funds", ""),
            ["create", "pay", "query"],
        ),
        # Refused, and the order waits: nobody is there who could pay it.
        (
            [ORDER, {"return_code": 2, "sub_return_message": "no agreement"}, {"return_code": 3}],
            Failed("declined", "no agreement"),
            ["create", "pay", "query"],
        ),
        ([ORDER, {"return_code": 2}, PAID], Succeeded("7", 100_000, AT), ["create", "pay", "query"]),
        ([ORDER, httpx.ReadTimeout("no answer")], Unknown("ReadTimeout"), ["create", "pay"]),
        ([httpx.ReadTimeout("no answer")], Unknown("ReadTimeout"), ["create"]),
        ([{"return_code": 2, "sub_return_code": -402}], Failed("invalid_credentials", ""), ["create"]),
        # The order was there: it may have been paid, so it is never paid again.
        ([{"return_code": 2, "sub_return_code": -68}, PAID], Succeeded("7", 100_000, AT), ["create", "query"]),
    ],
    ids=str,
)
def test_a_charge_is_what_asking_about_it_says(answers, expected, calls):
    seen = []
    assert charge(adapter(*answers, seen=seen)) == expected
    assert [path.rpartition("/")[2] for path, _sent in seen] == calls
    assert seen[0][1]["product_code"] == "AGREEMENT"


def test_unlinking_ends_an_agreement_and_so_does_finding_it_ended():
    assert unlink(adapter({"return_code": 1})) == Unlinked()
    assert unlink(adapter({"return_code": 2}, {"return_code": 1, **CONFIRMED, "status": 3})) == Unlinked()
    assert isinstance(unlink(adapter({"return_code": 2}, {"return_code": 1, **CONFIRMED})), Unknown)


def told(data, kind=2):
    text = json.dumps(data)
    return json.dumps({"data": text, "mac": sign(KEY2, text), "type": kind}).encode()


AGREED = {"app_id": 2554, "app_trans_id": "260131_000002", "status": 1, "binding_id": "b-1"}


def test_notices_about_agreements_are_told_from_those_about_orders():
    assert adapter().parse_link_notice(told(AGREED), {}) == LinkReport("260131_000002")
    assert adapter().parse_link_notice(told({**AGREED, "status": 4}), {}) == LinkReport("260131_000002", is_over=True)
    assert adapter().parse_link_notice(told(AGREED, kind=1), {}) is None
    with pytest.raises(BadSignature, match="not an order"):
        adapter().parse_notice(told(AGREED), {})


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        told(AGREED).replace(b"b-1", b"b-2"),
        told({**AGREED, "app_id": 1}),
        told({**AGREED, "app_trans_id": ""}),
        told({**AGREED, "status": "1"}),
    ],
    ids=repr,
)
def test_any_doubt_about_a_notice_is_a_bad_signature(body):
    with pytest.raises(BadSignature):
        adapter().parse_link_notice(body, {})
