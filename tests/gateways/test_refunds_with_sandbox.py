"""A top-up goes back by a gateway that refuses, loses its answer, is slow: what we believe is what really moved, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from accounts.models import Customer
from ledger.services import Kind
from payments import gateways
from payments.gateways import momo, stripe_calls, vnpay, zalopay
from payments.gateways.base import Gateway, Redirect, ToPay
from payments.models import Payment, Refund
from payments.services.outcomes import record_outcome
from payments.services.returns import see_to_refunds
from payments.services.wallet import wallet_of
from tests.cast import JOB, house_balance, make_customer
from tests.gateways.test_dialects import speaking
from tests.refunds import returned
from tests.sandbox.servers import Sandbox, running_sandbox, until

pytestmark = pytest.mark.django_db
BEGAN = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _it_begins_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is read minutes before its tests, and Stripe takes no page that began so long ago."""
    monkeypatch.setitem(globals(), "BEGAN", datetime.now(UTC))


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """It tells nobody anything: what we know is what we asked."""
    with running_sandbox(tmp_path, refund_takes_s=0.05) as running:
        running.fault("callback", "drop_callbacks", times=None)
        yield running


@pytest.fixture(params=["zalopay", "momo", "vnpay", "stripe"])
def gateway(request: pytest.FixtureRequest, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    for adapter in (zalopay, momo, vnpay, stripe_calls):
        monkeypatch.setattr(adapter, "SECONDS", 1)  # calls end after a second
    with httpx.Client(timeout=httpx.Timeout(1.0, connect=1), trust_env=False) as client:
        made = speaking(request.param, sandbox, client)
        monkeypatch.setattr(gateways, "gateway", lambda code: made)
        yield made


@pytest.fixture
def payment(gateway: Gateway, sandbox: Sandbox) -> Payment:
    """150,000 that really came."""
    customer: Customer = make_customer()
    reference = gateway.new_reference(BEGAN)
    payment = Payment.objects.create(
        customer=customer, kind="top_up", means="gateway", gateway=gateway.code, reference=reference, payable="top_up:x", amount=150_000,
        actor="x", created_at=BEGAN,
    )  # fmt: skip
    page = gateway.start(ToPay(
        reference=reference, amount=150_000, description="top up", customer_ref="acme", return_url="http://127.0.0.1:9/return",
        callback_url="http://127.0.0.1:9/notice", at=BEGAN,
    ))  # fmt: skip
    assert isinstance(page, Redirect)
    opened = sandbox.http.get(page.url)
    sandbox.press(str(opened.next_request.url) if opened.next_request else page.url, "pay")
    return record_outcome(payment.pk, gateway.query(reference=reference, at=BEGAN), actor=JOB, at=BEGAN)


def asked(refund: Refund, times: int = 1) -> Refund:
    """It is sent, or asked about, so often."""
    for _time in range(times):
        Refund.objects.filter(pk=refund.pk, check_at__isnull=False).update(check_at=BEGAN)
        see_to_refunds(at=BEGAN + timedelta(seconds=1))
    refund.refresh_from_db()
    return refund


def ended(refund: Refund) -> str:
    """How it ends when it is asked about again and again."""
    return until(lambda: "" if asked(refund).is_undecided else str(refund.state))


def moved(sandbox: Sandbox, payment: Payment) -> tuple[int, int, int, int]:
    """What the gateway really returned; credit, on its way back, and at the gateway with us."""
    [order] = sandbox.oracle(payment.reference)["references"]
    wallet = wallet_of(payment.customer_id)
    return order["refunded"], wallet.credit, house_balance(Kind.REFUNDS), -house_balance(Kind.GATEWAY)


@pytest.mark.parametrize(
    ("fault", "more", "end"),
    [
        ("", {}, "done"),
        ("http_500_after_effect", {}, "done"),
        ("truncated", {}, "done"),
        ("hang_after", {"value": 1.2}, "done"),
        ("hang_before", {"value": 1.2}, "done"),
        ("maintenance", {}, "done"),
        ("refund_rejected", {}, "failed"),
        ("refunded_before", {}, "failed"),
    ],
)
def test_whatever_the_gateway_does_money_goes_back_once_or_is_credit_again(
    sandbox: Sandbox, gateway: Gateway, payment: Payment, fault: str, more: dict[str, float], end: str
) -> None:
    if fault:
        sandbox.fault("refund", fault, **more)
    refund = returned(payment, 50_000, at=BEGAN, by=gateway)
    assert ended(refund) == end
    assert moved(sandbox, payment) == ((50_000, 100_000, 0, 100_000) if end == "done" else (0, 150_000, 0, 150_000))


def test_what_the_gateway_is_slow_with_is_neither_credit_nor_gone_until_it_has_moved(
    sandbox: Sandbox, gateway: Gateway, payment: Payment
) -> None:
    sandbox.fault("refund", "slow", value=0.5)
    refund = returned(payment, 50_000, at=BEGAN, by=gateway)
    assert asked(refund, times=2).state == "under_way"
    assert moved(sandbox, payment) == (0, 100_000, 50_000, 150_000)
    assert ended(refund) == "done"
    assert moved(sandbox, payment) == (50_000, 100_000, 0, 100_000)


@pytest.mark.parametrize("lost", ["", "http_500_after_effect", "maintenance"])
def test_in_parts_of_the_same_amount_each_goes_back_once_and_in_the_end_nothing_is_left(
    sandbox: Sandbox, gateway: Gateway, payment: Payment, lost: str
) -> None:
    """Three times 50,000 of 150,000: what is said of one is not taken for what became of another."""
    for nth in (1, 2, 3):
        if lost and nth > 1:
            sandbox.fault("refund", lost)
        assert ended(returned(payment, 50_000, at=BEGAN, by=gateway)) == "done"
        left = 150_000 - 50_000 * nth
        assert moved(sandbox, payment) == (50_000 * nth, left, 0, left)
    payment.refresh_from_db()
    assert (payment.state, payment.to_source) == ("refunded", 150_000)
    numbers = Refund.objects.values_list("gateway_txn_id", flat=True)
    assert len(set(numbers)) == 3


def test_the_same_refund_told_to_the_gateway_twice_moves_once(
    sandbox: Sandbox, gateway: Gateway, payment: Payment
) -> None:
    """A worker dies after it has sent it, before it writes down what came back."""
    refund = returned(payment, 50_000, at=BEGAN, by=gateway)
    for _time in range(2):
        gateway.refund(
            reference=payment.reference, gateway_txn_id=payment.gateway_txn_id or "", paid=150_000, amount=50_000,
            refund_reference=refund.reference, at=BEGAN,
        )  # fmt: skip
    assert ended(refund) == "done"
    assert moved(sandbox, payment) == (50_000, 100_000, 0, 100_000)


def test_all_of_it_at_once_leaves_nothing_to_return(sandbox: Sandbox, gateway: Gateway, payment: Payment) -> None:
    assert ended(returned(payment, 150_000, at=BEGAN, by=gateway)) == "done"
    assert moved(sandbox, payment) == (150_000, 0, 0, 0)
    payment.refresh_from_db()
    assert payment.state == "refunded"
