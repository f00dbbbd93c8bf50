"""Top-ups through a gateway, and what of them two people return to its source."""

from __future__ import annotations

from datetime import datetime
from unittest.mock import patch

from django.db import connection

from accounts.four_eyes import approve, ask
from accounts.models import Customer
from kernel.ids import new_id
from payments import gateways
from payments.acts import RefundTopUp
from payments.gateways.base import Gateway, Succeeded
from payments.models import Payment, Refund
from payments.services.outcomes import record_outcome
from tests.actions.conftest import Gate
from tests.cast import JOB, NOON, make_colleague


def topped_up(customer: Customer, amount: int, *, gateway: str = "sandbox", at: datetime = NOON) -> Payment:
    pk = new_id()
    payment = Payment.objects.create(
        pk=pk, customer=customer, kind="top_up", means="gateway", gateway=gateway, reference=f"t-{pk.hex[-12:]}",
        payable=f"top_up:{pk}", description="Top-up", amount=amount, actor=customer.email, created_at=at,
    )  # fmt: skip
    return record_outcome(payment.pk, Succeeded(f"G-{pk.hex[-12:]}", amount, at), actor=JOB, at=at)


def returned(payment: Payment, amount: int, *, at: datetime = NOON, by: Gateway | None = None) -> Refund:
    """As two people decide it; nothing has been sent yet."""
    connection.check_constraints()  # what was paid stands since another transaction
    one, two = make_colleague("one@portal.example"), make_colleague("two@portal.example")
    facts = {"payment": str(payment.pk)}
    with patch.object(gateways, "gateway", lambda code: by or Gate()):  # wherever it is set up
        asked = ask(
            RefundTopUp, customer=payment.customer, amount=amount, subject=payment.reference, facts=facts, reason="moved away",
            actor=one, at=at,
        )  # fmt: skip
        refund = approve(asked.act.pk, actor=two, at=at).result
    assert isinstance(refund, Refund)
    connection.check_constraints()
    return refund
