"""What every gateway tells by itself: at once, reordered, late and forged. Each means one booking, or none."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from kernel import clock
from ledger.models import Entry
from payments.gateways import gateway
from payments.gateways.base import Failed, Pending
from payments.models import GatewayNotice, Reversal
from payments.services.notices import handle_notice
from payments.services.outcomes import record_outcome
from payments.services.wallet import wallet_of
from tests.cast import JOB
from tests.every_order import Event, Orders
from tests.gateways.test_front_door import TopUp, customer, sandbox, top_up
from tests.sandbox.servers import Sandbox, until

__all__ = ["customer", "sandbox", "top_up"]
pytestmark = pytest.mark.django_db(transaction=True)
Sent = tuple[str, dict[str, str]]
"""What a gateway sends: the body, or of GET the query, and what stands beside it."""


def sent_by(sandbox: Sandbox) -> list[Sent]:
    """The notices that the sandbox has written, as it sends them."""
    with sqlite3.connect(sandbox.config.db) as db:
        found = db.execute("SELECT url, body, headers FROM callbacks ORDER BY id").fetchall()
    return [(urlsplit(url).query if body is None else body, json.loads(headers)) for url, body, headers in found]


def deliver(code: str, notice: Sent) -> Any:
    """As the gateway does it."""
    body, headers = notice
    address = reverse("gateway-notice", args=[code])
    shown = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    if gateway(code).caps.notice_method == "GET":
        return Client().get(f"{address}?{body}", **shown)
    return Client().post(address, body, content_type="application/json", **shown)


def paid(top_up: TopUp) -> Sent:
    """What is told of its payment, and does not arrive by itself."""
    top_up.sandbox.fault("callback", "drop_callbacks", times=None)
    top_up.press("pay-close")
    (notice,) = sent_by(top_up.sandbox)
    return notice


def believed(code: str) -> int:
    return GatewayNotice.objects.filter(gateway=code, is_genuine=True).count()


def test_twenty_times_at_once_it_is_booked_once(top_up: TopUp) -> None:
    notice = paid(top_up)

    def tell(_: int) -> int:
        try:
            return deliver(top_up.code, notice).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as threads:
        assert set(threads.map(tell, range(20))) <= {200, 204}

    assert (top_up.state, top_up.credit) == ("succeeded", 500_000)
    assert Entry.objects.filter(customer=top_up.customer).count() == 1
    assert believed(top_up.code) == 1


@pytest.mark.parametrize("late", [timedelta(hours=1), timedelta(days=3), timedelta(days=40)], ids=str)
def test_however_late_it_comes_the_money_is_credit(top_up: TopUp, late: timedelta) -> None:
    body, headers = paid(top_up)
    record_outcome(top_up.payment.pk, Failed("expired", ""), actor=JOB, at=clock.now())

    for _twice in range(2):
        handle_notice(top_up.code, body.encode(), headers, at=clock.now() + late)

    assert (top_up.state, top_up.credit) == ("succeeded", 500_000)
    assert Entry.objects.filter(customer=top_up.customer).count() == 1


def test_changed_in_any_field_it_is_not_believed(top_up: TopUp) -> None:
    notice = paid(top_up)
    forged = list(tampered(top_up.code, notice))
    assert len(forged) > 12

    for lie in forged:
        deliver(top_up.code, lie)

    assert believed(top_up.code) == 0
    assert (top_up.state, top_up.credit) == ("processing", 0)
    deliver(top_up.code, notice)
    assert (top_up.state, top_up.credit) == ("succeeded", 500_000)


def tampered(code: str, notice: Sent) -> Iterator[Sent]:
    """Each field changed in turn, inner ones too, left out, and what signs it changed or left out."""
    body, headers = notice
    if code == "sandbox-vnpay":
        fields = dict(parse_qsl(body))
        for name, value in fields.items():
            yield urlencode({**fields, name: f"{value}1"}), headers
            yield urlencode({other: kept for other, kept in fields.items() if other != name}), headers
        return
    for changed in _changed(json.loads(body)):
        yield json.dumps(changed), headers
    for name, value in headers.items():
        yield body, {}
        yield body, {name: f"{value}1"}
        yield body, {name: value.replace("t=", "t=1")}


def _changed(value: Any) -> Iterator[Any]:
    """The same with one leaf changed or one field left out; JSON within JSON is opened."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if inner != "":  # nothing and nothing to be found are signed alike
                yield {other: kept for other, kept in value.items() if other != name}
            for changed in _changed(inner):
                yield {**value, name: changed}
    elif isinstance(value, str) and value.startswith("{"):
        yield from map(json.dumps, _changed(json.loads(value)))
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
    else:
        yield f"{value or ''}1"


@pytest.mark.parametrize("code", ["sandbox-vnpay", "sandbox-stripe"])
def test_a_reversal_takes_the_credit_back_and_is_booked_once(customer: Any, sandbox: Sandbox, code: str) -> None:
    top_up = TopUp(customer, sandbox, code)
    sandbox.fault("pay", "reversal", value=0.2)
    top_up.press("pay-close")

    until(Reversal.objects.exists)
    sandbox.told_all()

    assert top_up.credit == 0
    for notice in sent_by(sandbox):
        assert deliver(code, notice).status_code == 200
    assert Reversal.objects.get().amount == 500_000
    assert top_up.credit == 0


# --- In every order ---------------------------------------------------------------------------------------------------


def all_that_is_told(top_up: TopUp, *, won: int) -> list[Event]:
    """Four to seven events of one payment: what this gateway's notices can say, the last one again, and what questions may bring."""
    sandbox, code, pk = top_up.sandbox, top_up.code, top_up.payment.pk
    sandbox.fault("callback", "drop_callbacks", times=None)
    sandbox.fault("pay", "late_success", value=0)
    top_up.press("funds" if code == "sandbox-stripe" else "cancel")
    if code == "sandbox-stripe":
        sandbox.fault("pay", "reversal", value=0)
        if won:
            sandbox.fault("pay", "dispute_won", value=0)
            sandbox.fault("pay", "won_in_part", value=won)
        top_up.press("pay")
    until(lambda: sandbox.debited(top_up.payment.reference) == (1, 500_000))
    if code == "sandbox-vnpay":
        with sqlite3.connect(sandbox.config.db) as db:
            db.execute("UPDATE orders SET reverses_at = created_at")
    if code in ("sandbox-vnpay", "sandbox-stripe"):
        until(lambda: sandbox.oracle()["references"][0]["reversed"] == 500_000)
    if won:
        until(lambda: sandbox.oracle()["references"][0]["regained"] == won)
    told = sent_by(sandbox)
    told += told[-1:]  # the last one again
    at = clock.now()
    asked = [Pending(), Failed("cancelled", "")]
    return [
        *(lambda notice=notice: handle_notice(code, notice[0].encode(), notice[1], at=at) for notice in told),
        *(lambda outcome=outcome: record_outcome(pk, outcome, actor=JOB, at=at) for outcome in asked),
    ]


@pytest.mark.parametrize(
    ("code", "count", "credit"),
    [
        ("sandbox", 4, 500_000),
        ("sandbox-momo", 5, 500_000),
        ("sandbox-vnpay", 6, 0),
        ("sandbox-stripe", 6, 0),
        ("sandbox-stripe", 7, 500_000),  # a dispute that was won
        ("sandbox-stripe", 7, 200_000),  # in part
    ],
)
def test_in_whatever_order_all_is_told_the_end_is_the_same(
    customer: Any, sandbox: Sandbox, code: str, count: int, credit: int
) -> None:
    top_up = TopUp(customer, sandbox, code)
    is_disputed = count == 7
    events = all_that_is_told(top_up, won=credit if is_disputed else 0)
    assert len(events) == count

    def look() -> Any:
        payment = type(top_up.payment).objects.get(pk=top_up.payment.pk)
        booked = Entry.objects.filter(customer=customer).order_by("transaction__kind", "amount")
        return (
            payment.state,
            payment.failure,
            wallet_of(customer.pk).available,
            tuple(booked.values_list("transaction__kind", "amount")),
            tuple(Reversal.objects.values_list("amount", "debt", "collected", "given_back", "given_back_at")),
        )

    orders = Orders(events, look)
    orders.follow()

    assert {end[2] for end in orders.ends} == {credit}
    assert {sum(amount for _kind, amount in end[3]) for end in orders.ends} == {credit}
    if is_disputed:
        assert len(orders.ends) == 1
    assert all(sum(kind == "top_up" for kind, _amount in end[3]) <= 1 for end in orders.ends)
