"""The adapter and the sandbox, which share no signing code, through every fault: what we believe, what really moved."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from payments.gateways import zalopay
from payments.gateways.base import NOT_FOUND, BadSignature, Failed, Pending, Redirect, Succeeded, ToPay, Unknown
from payments.gateways.zalopay import ZaloPay
from tests.sandbox.servers import APP_ID, KEY1, KEY2, running_sandbox, until


def now():
    return datetime.now(UTC)


@pytest.fixture
def gateway(sandbox):
    with httpx.Client(timeout=httpx.Timeout(1.0, connect=1), trust_env=False) as client:
        yield ZaloPay(
            code="sandbox",
            base_url=sandbox.url,
            app_id=APP_ID,
            key1=KEY1,
            key2=KEY2,
            client=client,
            page_hosts=("127.0.0.1",),
        )


class Shopper:
    """One attempt to pay 150,000 đồng."""

    def __init__(self, gateway, callback_url="", at=None):
        self.gateway, self.callback_url, self.at = gateway, callback_url, at or now()
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

    def query(self):
        return self.gateway.query(reference=self.reference, at=now())

    def refund(self, txn, amount, name=None):
        self.refund_reference = name or self.gateway.new_refund_reference(now())
        return self.gateway.refund(
            reference=self.reference,
            gateway_txn_id=txn,
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
def impatient(monkeypatch):
    """Calls of the gateway end after a second."""
    monkeypatch.setattr(zalopay, "SECONDS", 1)


@pytest.fixture
def shopper(gateway, merchant):
    return Shopper(gateway, f"{merchant.url}/callback")


def paid(shopper, sandbox):
    sandbox.press(shopper.start().url, "pay")
    outcome = shopper.query()
    assert isinstance(outcome, Succeeded)
    return outcome


# --- The good way -----------------------------------------------------------------------------------------------------


def test_a_payment_from_start_to_notice(sandbox, gateway, merchant, shopper):
    redirect = shopper.start()
    assert isinstance(redirect, Redirect)
    assert shopper.query() == Pending(timedelta(minutes=1))

    sandbox.press(redirect.url, "pay")

    outcome = shopper.query()
    assert isinstance(outcome, Succeeded)
    assert outcome.amount == 150_000
    assert abs(outcome.at - now()) < timedelta(seconds=10)
    (body,) = until(lambda: merchant.received)
    notice = gateway.parse_notice(body, {})
    assert (notice.reference, notice.outcome) == (shopper.reference, outcome)
    assert sandbox.debited(shopper.reference) == (1, 150_000)


@pytest.mark.parametrize(
    ("button", "code"), [("cancel", "cancelled"), ("otp", "bank_error"), ("funds", "insufficient_funds")]
)
def test_ways_not_to_pay(sandbox, shopper, merchant, button, code):
    sandbox.press(shopper.start().url, button)

    outcome = shopper.query()

    assert isinstance(outcome, Failed)
    assert outcome.code == code
    assert sandbox.debited(shopper.reference) == (0, 0)
    assert not merchant.received


def test_repeating_a_reference_asks_instead_of_charging(sandbox, shopper):
    sandbox.press(shopper.start().url, "pay")

    assert isinstance(shopper.start(), Succeeded)
    assert sandbox.debited(shopper.reference) == (1, 150_000)


def test_a_refund_settles_later_and_only_once(sandbox, shopper):
    txn = paid(shopper, sandbox).gateway_txn_id

    assert shopper.refund(txn, 50_000) == Pending(timedelta(minutes=1))
    assert isinstance(until(lambda: isinstance(found := shopper.query_refund(), Succeeded) and found), Succeeded)
    assert isinstance(shopper.refund(txn, 50_000, shopper.refund_reference), Succeeded)

    (order,) = sandbox.oracle(shopper.reference)["references"]
    assert (order["debited"], order["refunded"]) == (150_000, 50_000)
    assert isinstance(shopper.refund(txn, 100_001), Failed)


def test_wrong_keys_open_nothing(sandbox, gateway):
    stranger = ZaloPay("sandbox", sandbox.url, APP_ID, "wrong", KEY2, gateway.client, ("127.0.0.1",))

    outcome = Shopper(stranger).start()

    assert isinstance(outcome, Failed)
    assert outcome.code == "invalid_credentials"
    assert sandbox.oracle()["references"] == []


def test_a_merchant_from_the_future_is_refused_unless_we_are_lenient(sandbox, gateway, tmp_path_factory):
    in_a_month = now() + timedelta(days=30)
    assert isinstance(Shopper(gateway, at=in_a_month).start(), Failed)

    with running_sandbox(tmp_path_factory.mktemp("lenient"), clock_tolerance_s=10**9) as lenient:
        moved = ZaloPay("sandbox", lenient.url, APP_ID, KEY1, KEY2, gateway.client, ("127.0.0.1",))
        shopper = Shopper(moved, at=in_a_month)
        outcome = paid(shopper, lenient)

    assert abs(outcome.at - in_a_month) < timedelta(seconds=10)  # told in the merchant's own time


# --- Faults of calls --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["http_500_after_effect", "truncated"])
def test_an_order_may_exist_although_start_went_wrong(sandbox, shopper, fault):
    sandbox.fault("create", fault)

    assert isinstance(shopper.start(), Unknown)

    assert shopper.query() == Pending(timedelta(minutes=1))


def test_a_start_that_hangs_after_its_effect(sandbox, shopper, impatient):
    sandbox.fault("create", "hang_after", value=2)

    assert shopper.start() == Unknown("ReadTimeout")

    assert shopper.query() == Pending(timedelta(minutes=1))


def test_a_start_that_hangs_before_its_effect(sandbox, shopper, impatient):
    sandbox.fault("create", "hang_before", value=2)

    assert shopper.start() == Unknown("ReadTimeout")

    assert shopper.query() == Unknown(NOT_FOUND)


@pytest.mark.parametrize(("fault", "code"), [("maintenance", "maintenance"), ("rate", "rate_limited")])
def test_a_start_that_is_refused(sandbox, shopper, fault, code):
    sandbox.fault("create", fault)

    outcome = shopper.start()

    assert isinstance(outcome, Failed)
    assert outcome.code == code
    assert isinstance(shopper.start(), Redirect)


@pytest.mark.parametrize("fault", ["http_500_after_effect", "truncated", "maintenance", "rate"])
def test_a_query_that_goes_wrong_says_nothing(sandbox, shopper, fault):
    sandbox.press(shopper.start().url, "pay")
    sandbox.fault("query", fault)

    assert isinstance(shopper.query(), Unknown)
    assert isinstance(shopper.query(), Succeeded)


def test_an_order_that_the_gateway_does_not_find_yet(sandbox, shopper):
    sandbox.press(shopper.start().url, "pay")
    sandbox.fault("query", "not_found_for", value=60)

    assert shopper.query() == Unknown(NOT_FOUND)
    assert isinstance(shopper.query(), Succeeded)


def test_an_order_that_stays_pending(sandbox, shopper):
    sandbox.press(shopper.start().url, "pay")
    sandbox.fault("query", "pending_forever", times=None)

    assert [shopper.query() for _ in range(3)] == [Pending(timedelta(minutes=1))] * 3


def test_a_query_reports_the_amount_that_the_gateway_claims(sandbox, shopper):
    sandbox.press(shopper.start().url, "pay")
    sandbox.fault("query", "wrong_amount", value=500)

    assert shopper.query().amount == 150_500


@pytest.mark.parametrize("fault", ["http_500_after_effect", "truncated"])
def test_a_refund_may_exist_although_the_call_went_wrong(sandbox, shopper, fault):
    txn = paid(shopper, sandbox).gateway_txn_id
    sandbox.fault("refund", fault)

    assert isinstance(shopper.refund(txn, 50_000), Unknown)

    assert until(lambda: isinstance(shopper.query_refund(), Succeeded))
    (order,) = sandbox.oracle(shopper.reference)["references"]
    assert order["refunded"] == 50_000


def test_a_refund_that_is_rejected_in_the_end(sandbox, shopper):
    txn = paid(shopper, sandbox).gateway_txn_id
    sandbox.fault("refund", "refund_rejected")

    assert isinstance(shopper.refund(txn, 50_000), Pending)

    failed = until(lambda: isinstance(found := shopper.query_refund(), Failed) and found)
    assert failed.code == "refund_failed"
    (order,) = sandbox.oracle(shopper.reference)["references"]
    assert order["refunded"] == 0


def test_a_refund_that_never_settles(sandbox, shopper):
    txn = paid(shopper, sandbox).gateway_txn_id
    sandbox.fault("refund", "pending_forever")

    shopper.refund(txn, 50_000)

    assert shopper.query_refund() == Pending(timedelta(minutes=1))


def test_a_refund_that_nobody_asked_for_is_not_found(shopper):
    shopper.refund_reference = shopper.gateway.new_refund_reference(now())

    assert shopper.query_refund() == Unknown(NOT_FOUND)


# --- Faults of callbacks ----------------------------------------------------------------------------------------------


def test_a_callback_with_a_wrong_signature_is_refused(sandbox, gateway, shopper, merchant):
    sandbox.fault("callback", "bad_signature")
    sandbox.press(shopper.start().url, "pay")

    (body,) = until(lambda: merchant.received)

    with pytest.raises(BadSignature, match="mac not equal"):
        gateway.parse_notice(body, {})


def test_a_callback_with_a_wrong_amount_says_so(sandbox, gateway, shopper, merchant):
    sandbox.fault("callback", "wrong_amount", value=1)
    sandbox.press(shopper.start().url, "pay")

    (body,) = until(lambda: merchant.received)

    assert gateway.parse_notice(body, {}).outcome.amount == 150_001


def test_a_late_success_after_a_cancellation(sandbox, gateway, shopper, merchant):
    sandbox.fault("pay", "late_success", value=0.5)
    sandbox.press(shopper.start().url, "cancel")
    assert isinstance(shopper.query(), Failed)

    (body,) = until(lambda: merchant.received)

    assert gateway.parse_notice(body, {}).outcome == shopper.query()
    assert sandbox.debited(shopper.reference) == (1, 150_000)
