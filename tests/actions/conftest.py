"""A gateway that does what the test says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from payments import gateways
from payments.gateways import (
    Caps,
    Linked,
    LinkOutcome,
    LinkReport,
    Outcome,
    Pending,
    Redirect,
    Report,
    Succeeded,
    Unlinked,
    Verdict,
)
from payments.gateways.base import Reply, ToCharge, ToLink, ToPay
from payments.models import Payment
from tests.cast import NOON

_serial = count(1)


@dataclass
class Gate:
    """Answers `start` and `query` with what stands in `answer` and `known`; remembers what it was asked."""

    answer: Redirect | Outcome = field(default_factory=lambda: Redirect("https://gate.example/pay"))
    known: Outcome | None = None
    report: Report | None = None
    started: list[int] = field(default_factory=list)
    refund_answer: Outcome = field(default_factory=Pending)
    refund_known: Outcome | None = None
    refunded: list[tuple[str, int]] = field(default_factory=list)
    code: str = "gate"
    caps: Caps = field(default_factory=lambda: Caps(1_000, 50_000_000, timedelta(minutes=15), timedelta(days=2)))

    def new_reference(self, now: datetime) -> str:
        return f"gate-{next(_serial)}"

    def start(self, to_pay: ToPay) -> Redirect | Outcome:
        self.started.append(to_pay.amount)
        return self.answer

    def query(self, **_more: Any) -> Outcome:
        assert self.known is not None, "the test did not expect a question"
        return self.known

    def new_refund_reference(self, now: datetime) -> str:
        return f"refund-{next(_serial)}"

    def refund(self, *, refund_reference: str, amount: int, **_more: Any) -> Outcome:
        self.refunded.append((refund_reference, amount))
        return self.refund_answer

    def query_refund(self, **_more: Any) -> Outcome:
        assert self.refund_known is not None, "the test did not expect a question"
        return self.refund_known

    def parse_notice(self, body: bytes, headers: Mapping[str, str]) -> Report:
        assert self.report is not None, "the test did not expect a notice"
        return self.report

    def reply(self, verdict: Verdict) -> Reply:
        return 200, "text/plain", verdict.value.encode()


@dataclass
class LinkingGate(Gate):
    """The same that links accounts as well."""

    decided: LinkOutcome = field(default_factory=Pending)
    standing: LinkOutcome = field(default_factory=lambda: Linked("token", "****1234", NOON))
    ending: LinkOutcome = field(default_factory=Unlinked)
    charge_answer: Outcome | None = None
    link_report: LinkReport | None = None
    begun: list[str] = field(default_factory=list)
    proofs: list[str] = field(default_factory=list)
    unlinked: list[str] = field(default_factory=list)
    charged: list[int] = field(default_factory=list)

    def begin_link(self, to_link: ToLink) -> Redirect | LinkOutcome:
        self.begun.append(to_link.reference)
        return Redirect("https://gate.example/agree")

    def parse_link_notice(self, body: bytes, headers: Mapping[str, str]) -> LinkReport | None:
        return self.link_report

    def finish_link(self, *, proof: str, **_more: Any) -> LinkOutcome:
        self.proofs.append(proof)
        return self.decided

    def query_link(self, **_more: Any) -> LinkOutcome:
        return self.standing

    def unlink(self, *, token: str, **_more: Any) -> LinkOutcome:
        self.unlinked.append(token)
        return self.ending

    def charge(self, to_charge: ToCharge) -> Outcome:
        self.charged.append(to_charge.amount)
        return self.charge_answer or Succeeded(f"txn-{to_charge.reference}", to_charge.amount, to_charge.at)


@pytest.fixture
def linking(monkeypatch: pytest.MonkeyPatch) -> LinkingGate:
    made = LinkingGate()
    monkeypatch.setattr(gateways, "gateway", lambda code: made)
    monkeypatch.setattr(gateways, "notice_url", lambda code: f"https://portal.example/gateways/{code}/notice/")
    return made


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    made = Gate()
    monkeypatch.setattr(gateways, "gateway", lambda code: made)
    monkeypatch.setattr(gateways, "notice_url", lambda code: f"https://portal.example/gateways/{code}/notice/")
    return made


def paid(payment: Payment, at: datetime, amount: int | None = None) -> Succeeded:
    return Succeeded(f"txn-{payment.pk}", payment.amount if amount is None else amount, at)
