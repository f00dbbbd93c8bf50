"""A top-up goes back by a gateway that refuses, loses its answer, is slow: what we believe is what really moved, once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from accounts.models import Customer
from payments import gateways
from payments.gateways import zalopay
from payments.gateways.base import Redirect
from payments.gateways.zalopay import ZaloPay
from payments.models import Payment, Refund
from payments.services.outcomes import record_outcome
from payments.services.refunds import see_to_refunds
from payments.services.wallet import wallet_of
from tests.cast import JOB, make_customer
from tests.refunds import returned
from tests.sandbox.servers import APP_ID, KEY1, KEY2, Sandbox, until

pytestmark = pytest.mark.django_db
BEGAN = datetime.now(UTC)


@pytest.fixture
def gateway(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[ZaloPay]:
    monkeypatch.setattr(zalopay, "SECONDS", 1)  # calls end after a second
    with httpx.Client(timeout=httpx.Timeout(1.0, connect=1), trust_env=False) as client:
        made = ZaloPay(
            code="sandbox", base_url=sandbox.url, app_id=APP_ID, key1=KEY1, key2=KEY2, client=client, page_hosts=("127.0.0.1",)
        )  # fmt: skip
        monkeypatch.setattr(gateways, "gateway", lambda code: made)
        yield made


@pytest.fixture
def payment(gateway: ZaloPay, sandbox: Sandbox) -> Payment:
    """150,000 that really came."""
    customer: Customer = make_customer()
    reference = gateway.new_reference(BEGAN)
    payment = Payment.objects.create(
        customer=customer, kind="top_up", means="gateway", gateway="sandbox", reference=reference, payable="top_up:x", amount=150_000,
        actor="x", created_at=BEGAN,
    )  # fmt: skip
    page = gateway.start(
        reference=reference, amount=150_000, description="top up", customer_ref="acme", return_url="http://127.0.0.1:9/return",
        callback_url="", at=BEGAN,
    )  # fmt: skip
    assert isinstance(page, Redirect)
    sandbox.press(page.url, "pay")
    return record_outcome(payment.pk, gateway.query(reference=reference, at=BEGAN), actor=JOB, at=BEGAN)


def ended(refund: Refund, gateway: ZaloPay) -> str:
    """How it ends when it is asked about again and again."""
    rounds = iter(range(1, 40))

    def look() -> str:
        Refund.objects.filter(pk=refund.pk, check_at__isnull=False).update(check_at=BEGAN)
        see_to_refunds(at=BEGAN + timedelta(seconds=next(rounds)))
        refund.refresh_from_db()
        return "" if refund.is_undecided else str(refund.state)

    return until(look)


@pytest.mark.parametrize(
    ("fault", "more", "end"),
    [
        ("", {}, "done"),
        ("slow", {"value": 0.3}, "done"),
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
    sandbox: Sandbox, gateway: ZaloPay, payment: Payment, fault: str, more: dict[str, float], end: str
) -> None:
    if fault:
        sandbox.fault("refund", fault, **more)
    refund = returned(payment, 50_000, at=BEGAN, by=gateway)
    assert ended(refund, gateway) == end
    [order] = sandbox.oracle(payment.reference)["references"]
    credit = wallet_of(payment.customer_id).credit
    assert (order["refunded"], credit) == ((50_000, 100_000) if end == "done" else (0, 150_000))
