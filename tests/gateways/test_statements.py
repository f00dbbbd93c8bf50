"""The statement of a day, from the sandbox in three dialects, and what an adapter makes of it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

from payments.gateways import statements
from payments.gateways.base import Moved, Movement, ToPay, Unknown, UnreadableStatement
from payments.gateways.momo import MoMo
from payments.gateways.stripe_balance import moved_of
from payments.gateways.stripe_cards import Stripe
from payments.gateways.vnpay import VNPay
from payments.gateways.wire import VIETNAM
from payments.gateways.zalopay import ZaloPay
from tests.sandbox.servers import APP_ID, KEY1, KEY2, until


def now():
    return datetime.now(UTC)


def today():
    return now().astimezone(VIETNAM).date()


def speaking(name, sandbox, client, *, key=KEY1):
    if name == "zalopay":
        return ZaloPay(
            "sandbox",
            sandbox.url,
            APP_ID,
            key,
            KEY2,
            client,
            ("127.0.0.1",),
            statement_url=f"{sandbox.url}/v2/statement",
        )
    if name == "momo":
        url = f"{sandbox.url}/momo"
        statement = f"{url}/v2/gateway/api/statement"
        return MoMo("sandbox-momo", url, "SANDBOX", "sandbox", key, client, ("127.0.0.1",), statement_url=statement)
    pages = f"{sandbox.url}/vnpay"
    return VNPay(
        code="sandbox-vnpay",
        pay_url=f"{pages}/paymentv2/vpcpay.html",
        api_url=f"{pages}/merchant_webapi/api/transaction",
        tmn_code="SANDBOX1",
        secret=key,
        ip_address="127.0.0.1",
        client=client,
        statement_url=f"{pages}/merchant_webapi/api/statement",
    )


@pytest.fixture
def client():
    with httpx.Client(timeout=10, trust_env=False) as made:
        yield made


@pytest.fixture(params=["zalopay", "vnpay", "momo"])
def gateway(request, sandbox, client):
    return speaking(request.param, sandbox, client)


def paid(gateway, sandbox, amount=150_000):
    """The reference of a payment and what the gateway says of it."""
    reference = gateway.new_reference(now())
    redirect = gateway.start(
        ToPay(
            reference=reference,
            amount=amount,
            description="Top up",
            customer_ref="acme",
            return_url="http://127.0.0.1:9/return",
            callback_url="http://127.0.0.1:9/notice",
            at=now(),
        )
    )
    answer = sandbox.http.get(redirect.url)
    sandbox.press(str(answer.next_request.url) if answer.next_request else redirect.url, "pay")
    return reference, gateway.query(reference=reference, at=now())


def asked(gateway, day=None):
    return gateway.statement(day=day or today(), at=now())


def test_a_day_lists_each_payment_and_refund_once_under_our_names(gateway, sandbox):
    reference, outcome = paid(gateway, sandbox)
    refund = gateway.new_refund_reference(now())
    gateway.refund(
        reference=reference,
        gateway_txn_id=outcome.gateway_txn_id,
        paid=150_000,
        amount=50_000,
        refund_reference=refund,
        at=now(),
    )
    until(lambda: sandbox.oracle(reference)["refunds"][0]["state"] == "done")

    lines = asked(gateway)

    assert [(line.movement, line.reference, line.amount) for line in lines] == [
        (Movement.PAYMENT, reference, 150_000),
        (Movement.REFUND, refund, 50_000),
    ]
    assert lines[0].transaction == outcome.gateway_txn_id
    assert abs(lines[0].at - outcome.at) < timedelta(seconds=1)
    assert asked(gateway, today() - timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("call", "fault", "amounts"),
    [
        ("line", "omit_line", []),
        ("line", "repeat_line", [150_000, 150_000]),
        ("line", "wrong_amount", [151_000]),
        ("statement", "unknown_line", [150_000, 250_000]),
    ],
)
def test_differences_can_be_planted(gateway, sandbox, call, fault, amounts):
    paid(gateway, sandbox)
    sandbox.fault(call, fault)

    assert [line.amount for line in asked(gateway)] == amounts


@pytest.mark.parametrize("fault", ["truncated", "http_500_after_effect", "maintenance", "rate"])
def test_a_statement_that_is_cut_off_or_refused_is_none(gateway, sandbox, fault):
    paid(gateway, sandbox)
    sandbox.fault("statement", fault)

    assert isinstance(asked(gateway), Unknown)
    assert len(asked(gateway)) == 1


def test_a_statement_that_hangs_ends_with_its_deadline(gateway, sandbox, monkeypatch):
    monkeypatch.setattr(statements, "SECONDS", 1)
    sandbox.fault("statement", "hang_after", value=3)

    assert asked(gateway) == Unknown("ReadTimeout")


@pytest.mark.parametrize("name", ["zalopay", "vnpay", "momo"])
def test_a_stranger_learns_nothing(name, sandbox, client):
    assert isinstance(asked(speaking(name, sandbox, client, key="wrong")), Unknown)


def test_where_nothing_was_agreed_nothing_is_fetched(gateway):
    assert asked(replace(gateway, statement_url="")) is None


def test_another_merchants_lines_are_refused_as_a_whole(gateway, sandbox, client):
    lines = b"app_id,type,app_trans_id,m_refund_id,zp_trans_id,amount,time\n"
    line = b"%d,PAYMENT,261126_1,,261126000000001,50000,2026-11-26 10:00:00\n"
    end = b"2554,TOTAL,,,%d,%d,\n"
    zalopay = speaking("zalopay", sandbox, client)

    (moved,) = zalopay.read_statement(lines + line % 2554 + end % (1, 50_000))
    assert moved == Moved(
        Movement.PAYMENT, "261126_1", "261126000000001", 50_000, datetime(2026, 11, 26, 3, tzinfo=UTC)
    )
    with pytest.raises(UnreadableStatement, match="line 2 is another merchant's"):
        zalopay.read_statement(lines + line % 2554 + line % 2555 + end % (2, 100_000))
    with pytest.raises(UnreadableStatement, match="total does not agree"):
        zalopay.read_statement(lines + line % 2554 + end % (1, 50_001))
    with pytest.raises(UnreadableStatement, match="cut off"):
        zalopay.read_statement(lines + line % 2554)


def test_stripe_lists_what_moved_page_by_page():
    asked_for = []

    def answer(request):
        asked_for.append(dict(request.url.params))
        charge = {"object": "charge", "id": "ch_1", "payment_intent": "pi_1", "metadata": {"reference": "261126-a"}}
        refund = {"object": "refund", "id": "re_1", "metadata": {"reference": "261126-a", "refund": "R261126-b"}}
        rows = [
            {
                "id": "txn_1",
                "type": "charge",
                "amount": 200_000,
                "currency": "vnd",
                "created": 1_795_660_000,
                "source": charge,
            },
            {
                "id": "txn_2",
                "type": "stripe_fee",
                "amount": -900,
                "currency": "vnd",
                "created": 1_795_660_000,
                "source": None,
            },
        ]
        last = [
            {
                "id": "txn_3",
                "type": "refund",
                "amount": -80_000,
                "currency": "vnd",
                "created": 1_795_660_001,
                "source": refund,
            }
        ]
        is_first = "starting_after" not in request.url.params
        return httpx.Response(200, json={"object": "list", "data": rows if is_first else last, "has_more": is_first})

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        stripe = Stripe("stripe", "https://api.stripe.test", "sk_test_1", "whsec_1", http, (".stripe.com",))
        lines = stripe.statement(day=date(2026, 11, 26), at=now())

    assert [(line.movement, line.reference, line.transaction, line.amount) for line in lines] == [
        (Movement.PAYMENT, "261126-a", "pi_1", 200_000),
        (Movement.REFUND, "R261126-b", "re_1", 80_000),
    ]
    assert asked_for[0]["created[gte]"] == "1795626000"  # midnight in Việt Nam
    assert asked_for[1]["starting_after"] == "txn_2"


def test_a_dispute_takes_money_or_gives_it_back_as_its_sign_says():
    row = {"type": "adjustment", "amount": -200_000, "currency": "vnd", "created": 1_795_660_000}
    dispute = {"object": "dispute", "id": "dp_1", "payment_intent": "pi_1"}

    assert moved_of({**row, "source": {"object": "topup", "id": "tu_1"}}) is None
    lost = moved_of({**row, "source": dispute})
    assert (lost.movement, lost.reference, lost.transaction, lost.amount) == ("taken_back", "pi_1", "dp_1", 200_000)
    assert moved_of({**row, "amount": 200_000, "source": dispute}).movement == Movement.GIVEN_BACK
    for nothing_of_ours in (None, "tu_1"):  # corrections of Stripe's own
        assert moved_of({**row, "source": nothing_of_ours}) is None
    for unread in ("dp_1", "du_1"):
        with pytest.raises(UnreadableStatement):
            moved_of({**row, "source": unread})


def test_where_stripe_settles_in_another_currency_the_source_says_the_dong():
    """200,000 ₫ are 7.62 dollars on the balance, which are no đồng."""
    row = {"type": "charge", "amount": 762, "currency": "usd", "created": 1_795_660_000}
    charge = {"object": "charge", "payment_intent": "pi_1", "metadata": {"reference": "261126-a"}}
    dispute = {"object": "dispute", "id": "dp_1", "payment_intent": "pi_1", "amount": 200_000, "currency": "vnd"}

    assert moved_of({**row, "source": {**charge, "amount": 200_000, "currency": "vnd"}}).amount == 200_000
    lost = moved_of({**row, "type": "adjustment", "amount": -762, "source": dispute})
    assert (lost.movement, lost.amount) == (Movement.TAKEN_BACK, 200_000)
    with pytest.raises(UnreadableStatement):
        moved_of({**row, "source": {**charge, "amount": 762, "currency": "usd"}})


def test_a_refund_that_failed_afterwards_is_a_movement_and_no_sign_is_ignored():
    refund = {"object": "refund", "id": "re_1", "metadata": {"refund": "R-1", "reference": "261126-a"}}
    row = {"currency": "vnd", "created": 1_795_660_000, "source": refund}

    back = moved_of({**row, "type": "refund_failure", "amount": 80_000})
    assert (back.movement, back.reference, back.transaction) == (Movement.CAME_BACK, "R-1", "re_1")
    for kind, amount in (("refund", 80_000), ("refund_failure", -80_000), ("charge", -80_000)):
        with pytest.raises(UnreadableStatement):
            moved_of({**row, "type": kind, "amount": amount})
