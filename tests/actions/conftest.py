"""A gateway that does what the test says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from payments import gateways
from payments.gateways import Caps, Outcome, Redirect, Report, Succeeded, Verdict
from payments.gateways.base import Reply
from payments.models import Payment

_serial = count(1)


@dataclass
class Gate:
    """Answers `start` and `query` with what stands in `answer` and `known`; remembers what it was asked."""

    answer: Redirect | Outcome = field(default_factory=lambda: Redirect("https://gate.example/pay"))
    known: Outcome | None = None
    report: Report | None = None
    started: list[int] = field(default_factory=list)
    code: str = "gate"
    caps: Caps = field(default_factory=lambda: Caps(1_000, 50_000_000, timedelta(minutes=15), timedelta(days=2)))

    def new_reference(self, now: datetime) -> str:
        return f"gate-{next(_serial)}"

    def start(self, *, amount: int, **_more: Any) -> Redirect | Outcome:
        self.started.append(amount)
        return self.answer

    def query(self, **_more: Any) -> Outcome:
        assert self.known is not None, "the test did not expect a question"
        return self.known

    def parse_notice(self, body: bytes, headers: Mapping[str, str]) -> Report:
        assert self.report is not None, "the test did not expect a notice"
        return self.report

    def reply(self, verdict: Verdict) -> Reply:
        return 200, "text/plain", verdict.value.encode()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    made = Gate()
    monkeypatch.setattr(gateways, "gateway", lambda code: made)
    monkeypatch.setattr(gateways, "notice_url", lambda code: f"https://portal.example/gateways/{code}/notice/")
    return made


def paid(payment: Payment, at: datetime, amount: int | None = None) -> Succeeded:
    return Succeeded(f"txn-{payment.pk}", payment.amount if amount is None else amount, at)
