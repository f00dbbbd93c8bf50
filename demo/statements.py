"""
What the demo's gateway said of each day that has ended: the statements of its past, as they were read the morning after.

The sandbox of today knows nothing of that past. It is asked about the days from today on, so nothing of today is in the demo's past there.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import groupby

from demo.money import GATEWAY
from payments.gateways.base import Moved, Movement
from payments.gateways.wire import VIETNAM
from payments.models import Payment, StatementDay
from payments.services.reconcile import begins, read_day

READ_AFTER = timedelta(hours=1, minutes=20)


def read_past_statements(now: datetime) -> None:
    """Each day on which something came in, and yesterday, so that the next one asked for is today."""
    last = now.astimezone(VIETNAM).date() - timedelta(days=1)
    paid = Payment.objects.filter(gateway=GATEWAY, captured__isnull=False).order_by("settled_at")
    days: dict[date, list[Payment]] = {last: []}
    for day, of_day in groupby(paid, key=_day_of):
        days[day] = list(of_day)
    for day, payments in sorted(days.items()):
        assert day <= last, "what came in today is in no statement of the sandbox"
        morning = min(begins(day) + timedelta(days=1) + READ_AFTER, now)
        statement = StatementDay.objects.create(source=GATEWAY, day=day, ask_at=begins(day))
        read_day(statement, [_line(payment) for payment in payments], actor="statements", at=morning)


def _day_of(payment: Payment) -> date:
    assert payment.settled_at
    return payment.settled_at.astimezone(VIETNAM).date()


def _line(payment: Payment) -> Moved:
    assert payment.settled_at
    assert payment.captured
    return Moved(
        Movement.PAYMENT, payment.reference, payment.gateway_txn_id or "", payment.captured, payment.settled_at
    )
