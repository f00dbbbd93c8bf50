"""The adapters of VNPay, MoMo and Stripe and the sandbox that plays all three: what we believe, and what really moved."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from payments.gateways import momo, stripe_calls, vnpay
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
)
from payments.gateways.momo import MoMo
from payments.gateways.stripe_links import LinkingStripe
from payments.gateways.vnpay import VNPay
from payments.gateways.zalopay import ZaloPay
from tests.sandbox.servers import APP_ID, KEY1, KEY2, Merchant, running_sandbox, serving, until

WAITING = Pending(timedelta(minutes=1))


def now():
    return datetime.now(UTC)


@pytest.fixture
def merchant():
    taker = Merchant()
    with serving(taker.app):
        yield taker


@pytest.fixture
def sandbox(tmp_path, merchant):
    address = f"{merchant.url}/callback"
    with running_sandbox(tmp_path, vnpay_ipn_url=address, stripe_webhook_url=address) as running:
        yield running


@pytest.fixture(params=["vnpay", "momo", "stripe"])
def gateway(request, sandbox):
    with httpx.Client(timeout=httpx.Timeout(1.0, connect=1), trust_env=False) as client:
        yield speaking(request.param, sandbox, client)


def speaking(name, sandbox, client, secret=KEY1):
    if name == "zalopay":
        return ZaloPay("sandbox", sandbox.url, APP_ID, secret, KEY2, client, ("127.0.0.1",))
    if name == "momo":
        return MoMo("sandbox-momo", f"{sandbox.url}/momo", "SANDBOX", "sandbox", secret, client, ("127.0.0.1",))
    if name == "stripe":
        keys = f"sk_test_{secret}", f"whsec_{KEY2}"
        return LinkingStripe("sandbox-stripe", f"{sandbox.url}/stripe", *keys, client, ("127.0.0.1",))
    pages = f"{sandbox.url}/vnpay"
    return VNPay(
        code="sandbox-vnpay",
        pay_url=f"{pages}/paymentv2/vpcpay.html",
        api_url=f"{pages}/merchant_webapi/api/transaction",
        tmn_code="SANDBOX1",
        secret=secret,
        ip_address="127.0.0.1",
        client=client,
    )


def told(gateway, merchant):
    """What the notices that have come say."""
    pairs = zip(list(merchant.received), list(merchant.beside), strict=False)
    return [gateway.parse_notice(body, headers) for body, headers in pairs]


def before_anybody_tries(gateway):
    """Stripe knows a payment from the first try on."""
    return Unknown(NOT_FOUND) if isinstance(gateway, LinkingStripe) else WAITING


class Shopper:
    """One attempt to pay 150,000 đồng."""

    def __init__(self, gateway, sandbox, callback_url):
        self.gateway, self.sandbox, self.callback_url, self.at = gateway, sandbox, callback_url, now()
        self.reference = gateway.new_reference(self.at)

    def start(self, amount=150_000):
        return self.gateway.start(
            ToPay(
                reference=self.reference,
                amount=amount,
                description="Nạp tiền — top up",
                customer_ref="acme",
                return_url="http://127.0.0.1:9/return?attempt=1",
                callback_url=self.callback_url,
                at=self.at,
            )
        )

    def page(self):
        """The address of the payment page, as the browser finds it."""
        redirect = self.start()
        assert isinstance(redirect, Redirect)
        answer = self.sandbox.http.get(redirect.url)
        return str(answer.next_request.url) if answer.next_request else redirect.url

    def press(self, button):
        return self.sandbox.press(self.page(), button)

    def query(self):
        return self.gateway.query(reference=self.reference, at=now())

    def paid(self):
        self.press("pay")
        outcome = self.query()
        assert isinstance(outcome, Succeeded)
        return outcome

    def refund(self, amount, name=None):
        self.refund_reference = name or self.gateway.new_refund_reference(now())
        return self.gateway.refund(
            reference=self.reference,
            gateway_txn_id=self.query_txn,
            paid=150_000,
            amount=amount,
            refund_reference=self.refund_reference,
            at=now(),
        )

    def query_refund(self, amount=50_000):
        return self.gateway.query_refund(
            reference=self.reference, refund_reference=self.refund_reference, amount=amount, at=now()
        )


@pytest.fixture
def shopper(gateway, sandbox, merchant):
    return Shopper(gateway, sandbox, f"{merchant.url}/callback")


@pytest.fixture
def impatient(monkeypatch):
    """Calls of the gateways end after a second."""
    monkeypatch.setattr(momo, "SECONDS", 1)
    monkeypatch.setattr(stripe_calls, "SECONDS", 1)
    monkeypatch.setattr(vnpay, "SECONDS", 1)


# --- The good way -----------------------------------------------------------------------------------------------------


def test_a_payment_from_start_to_notice(sandbox, gateway, merchant, shopper):
    page = shopper.page()
    assert shopper.query() == before_anybody_tries(gateway)

    sandbox.press(page, "pay")

    outcome = shopper.query()
    assert isinstance(outcome, Succeeded)
    assert outcome.amount == 150_000
    assert abs(outcome.at - now()) < timedelta(seconds=10)
    (report,) = until(lambda: told(gateway, merchant))
    assert (report.reference, report.outcome.gateway_txn_id) == (shopper.reference, outcome.gateway_txn_id)
    assert sandbox.debited(shopper.reference) == (1, 150_000)


@pytest.mark.parametrize("gateway", ["vnpay", "momo"], indirect=True)
@pytest.mark.parametrize(
    ("button", "vnpays", "momos"),
    [
        ("cancel", "cancelled", "cancelled"),
        ("funds", "insufficient_funds", "insufficient_funds"),
        ("otp", "declined", "declined"),
    ],
)
def test_ways_not_to_pay_are_told_as_well(sandbox, gateway, merchant, shopper, button, vnpays, momos):
    shopper.press(button)

    assert isinstance(shopper.query(), Failed)
    outcome = until(lambda: told(gateway, merchant))[0].outcome
    assert isinstance(outcome, Failed)
    assert outcome.code == (vnpays if isinstance(gateway, VNPay) else momos)
    assert sandbox.debited(shopper.reference) == (0, 0)


def test_pressing_twice_and_opening_the_page_again_debits_once(sandbox, shopper):
    page = shopper.page()
    for _ in range(3):
        sandbox.press(page, "pay")
    again = shopper.start()

    assert isinstance(again, Redirect | Succeeded)
    assert sandbox.debited(shopper.reference) == (1, 150_000)


def test_the_way_back_only_informs_and_is_signed_all_the_same(gateway, shopper):
    back = urlsplit(shopper.press("pay").headers["Location"])

    assert dict(parse_qsl(back.query, keep_blank_values=True))["attempt"] == "1"
    if isinstance(gateway, VNPay):
        assert gateway.parse_notice(back.query.encode(), {}).reference == shopper.reference


def test_a_refund_settles_later_and_only_once(sandbox, shopper):
    shopper.query_txn = shopper.paid().gateway_txn_id

    assert isinstance(shopper.refund(50_000), Pending)
    assert isinstance(until(lambda: isinstance(found := shopper.query_refund(), Succeeded) and found), Succeeded)
    assert isinstance(shopper.refund(50_000, shopper.refund_reference), Succeeded | Pending)

    (order,) = sandbox.oracle(shopper.reference)["references"]
    assert (order["debited"], order["refunded"]) == (150_000, 50_000)
    assert isinstance(shopper.refund(100_001), Failed)
    assert sandbox.oracle()["conserved"]


def test_wrong_keys_open_nothing(sandbox, gateway, merchant):
    name = gateway.code.removeprefix("sandbox-")
    stranger = Shopper(speaking(name, sandbox, gateway.client, "wrong"), sandbox, f"{merchant.url}/callback")

    opened = stranger.start()

    if isinstance(opened, Redirect):  # VNPay: it is the page that refuses
        refused = sandbox.http.get(opened.url)
        assert refused.status_code == 400
        assert "vnp_SecureHash" in refused.text
    else:
        assert opened.code == "invalid_credentials"
    assert isinstance(stranger.query(), Unknown)
    assert sandbox.oracle()["references"] == []


# --- Faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["http_500_after_effect", "truncated", "maintenance", "rate"])
def test_a_query_that_goes_wrong_says_nothing(sandbox, shopper, fault):
    shopper.press("pay")
    sandbox.fault("query", fault)

    assert isinstance(shopper.query(), Unknown)
    assert isinstance(shopper.query(), Succeeded)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", ["hang_before", "hang_after"])
def test_a_query_that_hangs_says_nothing(sandbox, shopper, fault):
    shopper.press("pay")
    sandbox.fault("query", fault, value=2)

    assert shopper.query() == Unknown("ReadTimeout")
    assert isinstance(shopper.query(), Succeeded)


def test_an_order_that_the_gateway_does_not_find_yet(sandbox, shopper):
    shopper.press("pay")
    sandbox.fault("query", "not_found_for", value=60)

    assert shopper.query() == Unknown(NOT_FOUND)
    assert isinstance(shopper.query(), Succeeded)


def test_an_order_that_nobody_opened_is_not_found(shopper):
    assert shopper.query() == Unknown(NOT_FOUND)


def test_an_order_that_stays_pending(sandbox, shopper):
    shopper.press("pay")
    sandbox.fault("query", "pending_forever", times=None)

    assert [shopper.query() for _ in range(3)] == [WAITING] * 3


@pytest.mark.parametrize("fault", ["http_500_after_effect", "truncated"])
def test_a_refund_may_exist_although_the_call_went_wrong(sandbox, shopper, fault):
    shopper.query_txn = shopper.paid().gateway_txn_id
    sandbox.fault("refund", fault)

    assert isinstance(shopper.refund(50_000), Unknown)

    assert until(lambda: isinstance(shopper.query_refund(), Succeeded))
    (order,) = sandbox.oracle(shopper.reference)["references"]
    assert order["refunded"] == 50_000


def test_a_refund_that_is_rejected_in_the_end(sandbox, shopper):
    shopper.query_txn = shopper.paid().gateway_txn_id
    sandbox.fault("refund", "refund_rejected")

    assert isinstance(shopper.refund(50_000), Pending)

    assert isinstance(until(lambda: isinstance(found := shopper.query_refund(), Failed) and found), Failed)
    (order,) = sandbox.oracle(shopper.reference)["references"]
    assert order["refunded"] == 0


@pytest.mark.parametrize("fault", ["bad_signature", "other_merchant"])
def test_a_notice_that_is_not_ours_is_refused(sandbox, gateway, shopper, merchant, fault):
    sandbox.fault("callback", fault)
    shopper.press("pay")

    until(lambda: merchant.received)

    with pytest.raises(BadSignature):
        told(gateway, merchant)


def test_a_notice_with_a_wrong_amount_says_so(sandbox, gateway, shopper, merchant):
    sandbox.fault("callback", "wrong_amount", value=1)
    shopper.press("pay")

    assert until(lambda: told(gateway, merchant))[0].outcome.amount == 150_001


def test_a_late_success_after_a_cancellation(sandbox, gateway, shopper, merchant):
    sandbox.fault("pay", "late_success", value=0.5)
    shopper.press("cancel")
    assert isinstance(shopper.query(), Failed | Pending)

    until(lambda: isinstance(shopper.query(), Succeeded))

    def has_been_told():
        return any(isinstance(report.outcome, Succeeded) for report in told(gateway, merchant))

    assert until(has_been_told)
    assert sandbox.debited(shopper.reference) == (1, 150_000)


def test_duplicates_say_the_same(sandbox, gateway, shopper, merchant):
    sandbox.fault("callback", "duplicate_callbacks", value=5)
    shopper.press("pay")

    until(lambda: len(merchant.received) >= 5)

    assert len({report.outcome for report in told(gateway, merchant)}) == 1


# --- What each one has of its own -------------------------------------------------------------------------------------


@pytest.mark.parametrize("gateway", ["vnpay"], indirect=True)
def test_a_bank_that_takes_its_money_back_is_told_of(sandbox, gateway, shopper, merchant):
    sandbox.fault("pay", "reversal", value=0.3)
    shopper.press("pay")

    taken = until(lambda: isinstance(found := shopper.query(), TakenBack) and found)

    assert taken.amount == 150_000
    until(lambda: any(isinstance(report.outcome, TakenBack) for report in told(gateway, merchant)))
    (order,) = sandbox.oracle(shopper.reference)["references"]
    assert (order["debited"], order["reversed"]) == (150_000, 150_000)
    assert sandbox.oracle()["conserved"]


@pytest.mark.parametrize("gateway", ["vnpay"], indirect=True)
def test_an_answer_that_somebody_else_signed_says_nothing(sandbox, shopper):
    shopper.press("pay")
    sandbox.fault("query", "bad_signature")

    assert shopper.query() == Unknown("hash not equal")
    assert isinstance(shopper.query(), Succeeded)


@pytest.mark.parametrize("gateway", ["vnpay"], indirect=True)
def test_an_address_that_was_changed_in_any_field_opens_nothing(sandbox, shopper):
    address = urlsplit(shopper.start().url)
    fields = dict(parse_qsl(address.query))
    for name, value in fields.items():
        changed = urlencode({**fields, name: value + "1"})
        assert sandbox.http.get(address._replace(query=changed).geturl()).status_code == 400, name
    assert sandbox.oracle()["references"] == []


@pytest.mark.parametrize("gateway", ["momo", "stripe"], indirect=True)
@pytest.mark.parametrize("fault", ["http_500_after_effect", "truncated"])
def test_an_order_may_exist_although_start_went_wrong(sandbox, gateway, shopper, fault):
    sandbox.fault("create", fault)

    assert isinstance(shopper.start(), Unknown)

    assert shopper.query() == before_anybody_tries(gateway)
    assert len(sandbox.oracle()["references"]) == 1
    assert isinstance(shopper.start(), Redirect | Pending)
    assert len(sandbox.oracle()["references"]) == 1


@pytest.mark.parametrize("gateway", ["momo"], indirect=True)
def test_a_start_in_maintenance_is_refused_and_can_be_tried_again(sandbox, shopper):
    sandbox.fault("create", "maintenance")

    assert shopper.start().code == "maintenance"
    assert isinstance(shopper.start(), Redirect)


@pytest.mark.parametrize("gateway", ["momo"], indirect=True)
@pytest.mark.parametrize("amount", [999, 50_000_001])
def test_the_wallets_limits(shopper, amount):
    assert shopper.start(amount).code == "invalid_amount"


@pytest.mark.parametrize("minutes", [-20, 20])
def test_with_a_clock_that_is_wrong_money_moves_once_or_not_at_all(sandbox, gateway, shopper, minutes):
    at = shopper.at = now() + timedelta(minutes=minutes)
    shopper.reference = gateway.new_reference(at)
    opened = shopper.start()
    page = sandbox.http.get(opened.url) if isinstance(opened, Redirect) else None
    if page is None or page.status_code == 400:  # VNPay's is refused in the browser
        assert sandbox.oracle()["references"] == []
        return
    sandbox.press(str(page.next_request.url) if page.next_request else opened.url, "pay")

    if sandbox.debited(shopper.reference) == (1, 150_000):
        outcome = shopper.query()
        assert isinstance(outcome, Succeeded)
        assert outcome.amount == 150_000


# --- Stripe's keys of repetition --------------------------------------------------------------------------------------


@pytest.mark.parametrize("gateway", ["stripe"], indirect=True)
def test_the_same_key_is_done_once_and_another_question_under_it_is_refused(sandbox, gateway, shopper):
    first, again = shopper.start(), shopper.start()

    assert isinstance(first, Redirect)
    assert first == again
    assert shopper.start(160_000) == Unknown("IdempotencyError")
    assert len(sandbox.oracle()["references"]) == 1


@pytest.mark.parametrize("gateway", ["stripe"], indirect=True)
@pytest.mark.parametrize(("amount", "code"), [(12_999, "amount_too_small"), (100_000_000, "amount_too_large")])
def test_stripes_limits(shopper, amount, code):
    assert shopper.start(amount) == Failed("refused", code)


@pytest.mark.parametrize("gateway", ["stripe"], indirect=True)
def test_a_name_used_twice_under_two_keys_charges_twice_and_the_oracle_shows_it(sandbox, gateway, shopper):
    shopper.start()
    other = {"success_url": "http://a.test", "cancel_url": "http://a.test", "mode": "payment",
             "line_items": [{"quantity": 1, "price_data": {"currency": "vnd", "unit_amount": 150_000,
                                                           "product_data": {"name": "x"}}}],
             "payment_intent_data": {"metadata": {"reference": shopper.reference}}}  # fmt: skip
    gateway.api.checkout.sessions.create(other, {"idempotency_key": "another"})

    names = [each["reference"] for each in sandbox.oracle()["references"]]
    assert names == [shopper.reference, f"{shopper.reference}#2"]
