"""The VNPay adapter: hashes computed with openssl from the documented forms, and answers that nobody should believe."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest

from payments.gateways import vnpay_protocol as protocol
from payments.gateways.base import (
    NOT_FOUND,
    BadSignature,
    Failed,
    Pending,
    Redirect,
    Succeeded,
    TakenBack,
    ToPay,
    Unknown,
    Verdict,
)
from payments.gateways.vnpay import VNPay

SECRET = "RAOEXHYVSDDIIENYWSLDIIZTANXUXZFJ"  # the vendor's demo key
REFERENCE = "20260131120000abcdef0123456789ab"
NOON = datetime(2026, 1, 31, 5, 0, tzinfo=UTC)  # 12:00 in Vietnam
FIVE_PAST = datetime(2026, 1, 31, 5, 5, tzinfo=UTC)
PAY_HASH = (
    "9d8dedcb4c38d3b1961d77bf8845d675341ca3fb1e11036edaecc1ab6babfe36"
    "a8df1814a2f67fc9135f2f36b21004f9660ac33be4d31eb88c5d7a1ce72ac739"
)
QUERY_HASH = (
    "e46af3b17e306180c8ea93483cf0bb6853019342ca9cc7e3aa08f4c667ee6937"
    "086b89e9f58e4655607c8ab040dcc05502dee5edcbc714a664dec6a3d6ef4c75"
)
REFUND_HASH = (
    "ea74f71c3a1ac0f09581937dee1639aa996aca1e7423925dd32adde3964fa702"
    "3633682a23e2a675835bbfc9f222222b036c7a1f453f81f8215cb1e6ac9c2603"
)
NOTICE = (
    "vnp_Amount=15000000&vnp_BankCode=NCB&vnp_BankTranNo=VNP14123456&vnp_CardType=ATM&vnp_OrderInfo=Nap+tien+vao+vi"
    "&vnp_PayDate=20260131120500&vnp_ResponseCode=00&vnp_TmnCode=DEMOV210&vnp_TransactionNo=14123456"
    "&vnp_TransactionStatus=00&vnp_TxnRef=20260131120000abcdef0123456789ab"
)
NOTICE_HASH = (
    "847d4a2a18634d3683fb69b3410c29d88da99f6f92897da0201fa04be3d66ada"
    "b8e89cb70f28003eff6bf27b8a6c747fe65d5f21d59ab4cfe790bb9d205c8348"
)
ANSWER = {
    "vnp_ResponseId": "a1",
    "vnp_Command": "querydr",
    "vnp_ResponseCode": "00",
    "vnp_Message": "Thành công",
    "vnp_TmnCode": "DEMOV210",
    "vnp_TxnRef": REFERENCE,
    "vnp_Amount": "15000000",
    "vnp_BankCode": "NCB",
    "vnp_PayDate": "20260131120500",
    "vnp_TransactionNo": "14123456",
    "vnp_TransactionType": "01",
    "vnp_TransactionStatus": "00",
    "vnp_OrderInfo": "Nap tien vao vi",
}
ANSWER_HASH = (
    "9edd098ff07df0618799dff953c5509d994252d3a6cabf1b0477388bc8ea701b"
    "56ae74e198a0b47c1a215344d1acc8ae0a2f6680e1f658162eebcd5b9b835e1a"
)


def adapter(answer=None, seen=None, **more):
    def respond(request):
        if seen is not None:
            seen.append(json.loads(request.content))
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return httpx.Response(answer)
        return httpx.Response(200, **({"content": answer} if isinstance(answer, bytes) else {"json": answer}))

    return VNPay(
        **{
            "code": "vnpay",
            "pay_url": "https://sandbox.vnpayment.vn/paymentv2/vpcpay.html",
            "api_url": "https://sandbox.vnpayment.vn/merchant_webapi/api/transaction",
            "tmn_code": "DEMOV210",
            "secret": SECRET,
            "ip_address": "203.0.113.9",
            "client": httpx.Client(transport=httpx.MockTransport(respond)),
            **more,
        }
    )


def answered(command="querydr", **changed):
    """An answer as VNPay would sign it."""
    answer = {**ANSWER, "vnp_Command": command, **changed}
    return {**answer, "vnp_SecureHash": protocol.sign(SECRET, protocol.joined(protocol.ANSWERED[command], answer))}


def told(**changed):
    """A notice as VNPay would sign it."""
    fields = {**dict(parse_qsl(NOTICE)), **changed}
    query = protocol.query_string(fields)
    return f"{query}&vnp_SecureHash={protocol.sign(SECRET, query)}".encode()


def query(answer, at=FIVE_PAST):
    return adapter(answer).query(reference=REFERENCE, at=at)


def refund(answer, amount=50_000, **more):
    return adapter(answer, **more).refund(
        reference=REFERENCE,
        gateway_txn_id="14123456",
        paid=150_000,
        amount=amount,
        refund_reference="rid2",
        at=NOON + timedelta(minutes=10),
    )


# --- What we send -----------------------------------------------------------------------------------------------------


def test_the_customer_is_sent_to_an_address_that_is_signed_as_documented():
    redirect = adapter().start(
        ToPay(
            reference=REFERENCE,
            amount=150_000,
            description="Nạp tiền vào ví",
            customer_ref="acme",
            return_url="https://portal.test/return?a=1",
            callback_url="https://portal.test/notice",
            at=NOON,
        )
    )

    assert isinstance(redirect, Redirect)
    page = urlsplit(redirect.url)
    assert (page.netloc, page.path) == ("sandbox.vnpayment.vn", "/paymentv2/vpcpay.html")
    sent = parse_qs(page.query)
    assert sent["vnp_SecureHash"] == [PAY_HASH]
    assert sent["vnp_Amount"] == ["15000000"]
    assert (sent["vnp_CreateDate"], sent["vnp_ExpireDate"]) == (["20260131120000"], ["20260131121500"])
    assert sent["vnp_OrderInfo"] == ["Nap tien vao vi"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Đơn hàng 12: máy chủ #3 (+2)", "Don hang 12: may chu 3 2"),
        ("đường — truyền…", "duong truyen..."),
        ("日本", ""),
        ("x" * 300, "x" * 255),
    ],
)
def test_order_information_has_neither_accents_nor_signs(text, expected):
    assert protocol.plain(text) == expected


def test_a_reference_begins_with_the_second_in_vietnam():
    late_evening_utc = datetime(2026, 1, 31, 17, 0, 7, tzinfo=UTC)  # already February in Vietnam

    first, second = (adapter().new_reference(late_evening_utc) for _ in range(2))

    assert first.startswith("20260201000007")
    assert (len(first), len(adapter().new_refund_reference(NOON))) == (32, 32)
    assert first != second


def test_a_question_names_the_second_in_which_the_payment_was_begun_and_is_signed_in_fixed_order(monkeypatch):
    monkeypatch.setattr("payments.gateways.vnpay.uuid.uuid4", lambda: type("U", (), {"hex": "rid1"}))
    seen = []
    adapter(answered(), seen).query(reference=REFERENCE, at=NOON + timedelta(minutes=10))

    (sent,) = seen
    assert sent["vnp_TransactionDate"] == "20260131120000"
    assert sent["vnp_CreateDate"] == "20260131121000"
    assert sent["vnp_SecureHash"] == QUERY_HASH


def test_a_refund_is_signed_in_fixed_order_and_says_whether_it_is_the_whole():
    seen = []
    gateway_answer = answered("refund", vnp_Amount="5000000", vnp_TransactionStatus="05")
    assert refund(gateway_answer, seen=seen) == Pending(timedelta(minutes=1))
    refund(gateway_answer, amount=150_000, seen=seen)

    assert [(sent["vnp_TransactionType"], sent["vnp_Amount"]) for sent in seen] == [
        ("03", "5000000"),
        ("02", "15000000"),
    ]
    assert seen[0]["vnp_SecureHash"] == REFUND_HASH


@pytest.mark.parametrize("missing", ["tmn_code", "secret"])
def test_code_and_secret_must_be_set(missing):
    with pytest.raises(ValueError, match="must not be empty"):
        adapter(**{missing: ""})


# --- What we make of answers ------------------------------------------------------------------------------------------


def test_an_answer_with_the_documented_hash_is_believed_in_either_case():
    paid = Succeeded("14123456", 150_000, FIVE_PAST)

    assert query({**ANSWER, "vnp_SecureHash": ANSWER_HASH}) == paid
    assert query({**ANSWER, "vnp_SecureHash": ANSWER_HASH.upper()}) == paid


@pytest.mark.parametrize("name", [f"vnp_{name}" for name in protocol.ANSWERED["querydr"].split("|")])
def test_an_answer_that_was_changed_in_any_field_says_nothing(name):
    changed = {**ANSWER, "vnp_SecureHash": ANSWER_HASH, name: ANSWER.get(name, "") + "1"}

    assert query(changed) == Unknown("hash not equal")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ReadTimeout("no answer"),
        500,
        404,
        302,
        b"",
        b'{"vnp_ResponseCode": "0',
        b"[]",
        {},
        ANSWER,
        {**ANSWER, "vnp_SecureHash": None},
        {**ANSWER, "vnp_SecureHash": "\ud800"},
        {**ANSWER, "vnp_Message": "\ud800", "vnp_SecureHash": ANSWER_HASH},
        answered(vnp_TxnRef="20260131120000other"),
        answered(vnp_TmnCode="OTHERS01"),
        answered("refund"),
        answered(vnp_ResponseCode="99"),
        answered(vnp_ResponseCode="94"),
        answered(vnp_TransactionStatus="07"),
        answered(vnp_TransactionStatus=""),
        answered(vnp_Amount="0"),
        answered(vnp_Amount="150"),
        answered(vnp_Amount="15000050"),
        answered(vnp_Amount="-15000000"),
        answered(vnp_TransactionNo="0"),
        answered(vnp_TransactionNo=""),
        answered(vnp_TransactionType="03"),
    ],
    ids=lambda answer: str(answer)[:50],
)
def test_nonsense_is_unknown_and_never_failed(answer):
    assert isinstance(query(answer), Unknown)
    assert isinstance(refund(answer), Unknown)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (answered(), Succeeded("14123456", 150_000, FIVE_PAST)),
        (answered(vnp_TransactionNo=14123456, vnp_Amount=15000000), Succeeded("14123456", 150_000, FIVE_PAST)),
        (answered(vnp_PayDate=""), Succeeded("14123456", 150_000, NOON)),
        (answered(vnp_TransactionStatus="01"), Pending(timedelta(minutes=1))),
        (answered(vnp_TransactionStatus="02"), Failed("not_paid", "code 02")),  # why, only a notice says
        (answered(vnp_TransactionStatus="04"), TakenBack("14123456", 150_000, FIVE_PAST)),
        (answered(vnp_ResponseCode="91"), Unknown(NOT_FOUND)),
    ],
    ids=str,
)
def test_what_a_query_says(answer, expected):
    assert query(answer, at=NOON) == expected


def test_an_order_that_nobody_paid_has_expired_half_an_hour_after_it_began():
    unpaid = answered(vnp_TransactionStatus="01")

    assert query(unpaid, at=NOON + timedelta(minutes=30)) == Pending(timedelta(minutes=1))
    assert query(unpaid, at=NOON + timedelta(minutes=30, seconds=1)) == Failed("expired", "")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"vnp_TransactionStatus": "00"}, Succeeded("14123456", 50_000, NOON + timedelta(minutes=10))),
        ({"vnp_TransactionStatus": "05"}, Pending(timedelta(minutes=1))),
        ({"vnp_TransactionStatus": "06"}, Pending(timedelta(minutes=1))),
        ({"vnp_TransactionStatus": "09"}, Failed("refund_failed", "status 09")),
        ({"vnp_ResponseCode": "95"}, Failed("not_refundable", "Thành công")),
        ({"vnp_ResponseCode": "91"}, Failed("no_such_payment", "Thành công")),
        ({"vnp_ResponseCode": "97"}, Failed("invalid_credentials", "Thành công")),
        ({"vnp_TransactionStatus": "00", "vnp_Amount": "15000000"}, Unknown("an answer about another amount")),
    ],
    ids=str,
)
def test_what_a_refund_says(changed, expected):
    assert refund(answered("refund", **{"vnp_Amount": "5000000", **changed})) == expected


def test_a_refund_is_asked_about_by_its_payment_and_is_unknown_before_it_shows():
    def asked(answer):
        return adapter(answer).query_refund(reference=REFERENCE, refund_reference="r", amount=50_000, at=FIVE_PAST)

    assert asked(answered()) == Unknown(NOT_FOUND)
    assert asked(answered(vnp_ResponseCode="91")) == Unknown("payment_not_found"), "that says nothing of the refund"
    shown = {"vnp_TransactionType": "03", "vnp_Amount": "5000000", "vnp_TransactionNo": "14123999"}
    assert asked(answered(**shown)) == Succeeded("14123999", 50_000, FIVE_PAST)
    assert asked(answered(**shown, vnp_TransactionStatus="06")) == Pending(timedelta(minutes=1))


# --- Notices ----------------------------------------------------------------------------------------------------------


def test_a_notice_with_the_documented_hash_is_read():
    report = adapter().parse_notice(f"{NOTICE}&vnp_SecureHash={NOTICE_HASH}".encode(), {})

    assert (report.reference, report.outcome) == (REFERENCE, Succeeded("14123456", 150_000, FIVE_PAST))


def test_the_kind_of_hash_and_what_is_not_vnpays_are_not_signed():
    extra = f"{NOTICE}&vnp_SecureHashType=HMACSHA512&vnp_SecureHash={NOTICE_HASH.upper()}&utm_source=x&vnp_Empty="

    assert adapter().parse_notice(extra.encode(), {}).reference == REFERENCE


@pytest.mark.parametrize("name", dict(parse_qsl(NOTICE)))
def test_a_notice_that_was_changed_in_any_field_is_refused(name):
    fields = dict(parse_qsl(NOTICE)) | {"vnp_SecureHash": NOTICE_HASH}
    for other in (fields[name] + "0", "", None):
        changed = {key: value for key, value in {**fields, name: other}.items() if value is not None}
        with pytest.raises(BadSignature, match="hash not equal"):
            adapter().parse_notice(urlencode(changed).encode(), {})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"x" * 20_000,
        b"a=%ff",
        "&".join(f"a{n}=1" for n in range(100)).encode(),
        NOTICE.encode(),
        f"{NOTICE}&vnp_SecureHash=chữ".encode(),
        f"{NOTICE}&vnp_SecureHash={NOTICE_HASH[:-1]}".encode(),
        f"{NOTICE}&vnp_SecureHash={NOTICE_HASH}&vnp_Amount=1".encode(),
        told(vnp_TmnCode="OTHERS01"),
        told(vnp_CurrCode="USD"),
        told(vnp_TxnRef=""),
        told(vnp_TxnRef="2" * 61),
        told(vnp_TxnRef="no date", vnp_PayDate=""),
        told(vnp_Amount="15000000.5"),
        told(vnp_Amount="15000050"),
        told(vnp_Amount="٠٠٠"),
    ],
    ids=lambda body: repr(body[-50:]),
)
def test_any_doubt_about_a_notice_is_a_bad_signature(body):
    with pytest.raises(BadSignature):
        adapter().parse_notice(body, {})


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("00", "00", Succeeded("14123456", 150_000, FIVE_PAST)),
        # One of the two codes alone is no success.
        ("00", "01", Pending(timedelta(minutes=1))),
        ("24", "00", Unknown("status 00, code 24")),
        ("07", "07", Unknown("status 07, code 07")),
        ("24", "02", Failed("cancelled", "code 24")),
        ("11", "02", Failed("expired", "code 11")),
        ("51", "02", Failed("insufficient_funds", "code 51")),
        ("65", "02", Failed("daily_limit", "code 65")),
        ("75", "02", Failed("maintenance", "code 75")),
        ("13", "02", Failed("declined", "code 13")),
        ("00", "04", TakenBack("14123456", 150_000, FIVE_PAST)),
    ],
)
def test_what_a_notice_says(code, status, expected):
    body = told(vnp_ResponseCode=code, vnp_TransactionStatus=status)

    assert adapter().parse_notice(body, {}).outcome == expected


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Verdict.ACCEPTED, "00"),
        (Verdict.DUPLICATE, "02"),
        (Verdict.UNKNOWN_REFERENCE, "01"),
        (Verdict.WRONG_AMOUNT, "04"),
        (Verdict.BAD_SIGNATURE, "97"),
        (Verdict.RETRY_LATER, "99"),
    ],
)
def test_replies_are_the_documented_codes(verdict, code):
    status, content_type, body = adapter().reply(verdict)

    assert (status, content_type) == (200, "application/json")
    assert json.loads(body)["RspCode"] == code
