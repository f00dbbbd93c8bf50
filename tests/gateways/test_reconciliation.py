"""Reconciliation against the sandbox as oracle: whatever it plants is found, and what agrees is said to agree."""

from __future__ import annotations

import sqlite3
import time
from datetime import datetime, timedelta
from datetime import time as time_of_day

import pytest

from kernel import clock
from payments.gateways import gateway, statements
from payments.gateways.wire import VIETNAM
from payments.models import Payment, ReconciliationCase, Refund, Reversal, StatementDay
from payments.services.asking import check_payment
from payments.services.attempts import cancel_attempt
from payments.services.differences import standings
from payments.services.fetching import fetch_statements
from payments.services.returns import check_refund, see_to_refunds
from payments.services.wallet import wallet_of
from tests.cast import JOB, make_customer
from tests.gateways.test_front_door import GATEWAYS, TopUp, customer, sandbox
from tests.gateways.test_notices import deliver, sent_by
from tests.refunds import returned
from tests.sandbox.servers import until

__all__ = ["customer", "sandbox"]
pytestmark = pytest.mark.django_db(transaction=True)


DIALECTS = {"sandbox": "zalopay", "sandbox-vnpay": "vnpay", "sandbox-momo": "momo", "sandbox-stripe": "stripe"}


NOON = time_of_day(12)


def tomorrow():
    """Noon of the next day: today has ended at the gateways, whatever the hour is now."""
    return datetime.combine(today() + timedelta(days=1), NOON, tzinfo=VIETNAM)


def today():
    return clock.now().astimezone(VIETNAM).date()


def found(code):
    return sorted(ReconciliationCase.objects.filter(source=code).values_list("kind", "theirs", "ours"), key=str)


def paid(customer, sandbox, code):
    top_up = TopUp(customer, sandbox, code)
    top_up.press("pay")
    check_payment(top_up.payment.pk, actor=JOB, at=clock.now())
    assert top_up.state == "succeeded"
    return top_up.payment


@pytest.mark.parametrize("code", GATEWAYS)
def test_a_day_on_which_all_went_well_agrees(sandbox, customer, code):
    paid(customer, sandbox, code)

    fetch_statements(at=tomorrow())

    assert found(code) == []
    standing = next(each for each in standings() if each.source == code)
    assert (standing.until, standing.open) == (today(), 0)


@pytest.mark.parametrize("code", GATEWAYS)
def test_every_planted_difference_is_found_and_nothing_else(sandbox, settings, code):
    settings.SANDBOX_GATEWAYS = [DIALECTS[code]]
    right, left_out, more, repeated = (paid(make_customer(), sandbox, code) for _each in range(4))
    sandbox.fault("line", "omit_line", reference=left_out.reference)
    sandbox.fault("line", "wrong_amount", value=1_000, reference=more.reference)
    sandbox.fault("line", "repeat_line", reference=repeated.reference)
    day = f"{today():%Y%m%d}"
    sandbox.fault("statement", "unknown_line", reference=f"statement-{day}" if code == "sandbox-momo" else day)
    sandbox.fault("callback", "drop_callbacks", times=None)
    unheard = TopUp(make_customer(), sandbox, code)
    unheard.press("pay")
    sandbox.fault("pay", "late_success", value=0.2)
    late = TopUp(make_customer(), sandbox, code)
    late.press("cancel")
    if code == "sandbox-stripe":  # one who left its page may come back to it
        cancel_attempt(late.payment.pk, actor=JOB, at=clock.now())
    else:
        check_payment(late.payment.pk, actor=JOB, at=clock.now())
        assert late.state == "failed"
    until(lambda: sandbox.debited(late.payment.reference) == (1, 500_000))

    fetch_statements(at=tomorrow())

    assert found(code) == sorted(
        [
            ("missing_there", None, 500_000),
            ("amount", 501_000, 500_000),
            ("twice", 500_000, 500_000),
            ("unknown", 250_000, None),
            ("missing_here", 500_000, None),
            ("late", 500_000, None),
        ],
        key=str,
    )
    assert not ReconciliationCase.objects.filter(payment=right).exists()
    check_payment(unheard.payment.pk, actor=JOB, at=clock.now())
    check_payment(late.payment.pk, actor=JOB, at=clock.now())
    StatementDay.objects.filter(source=code).update(ask_at=clock.now())
    fetch_statements(at=tomorrow() + timedelta(days=1))
    open_ones = ReconciliationCase.objects.filter(source=code, resolved_at=None)
    assert set(open_ones.values_list("kind", flat=True)) == {"missing_there", "amount", "twice", "unknown"}
    assert Payment.objects.filter(gateway=code, state="succeeded").count() == 6


def a_day_of_disputes_and_refunds(sandbox):
    """
    At Stripe, in đồng: 500,000 lost in a dispute, 500,000 won back, 80,000 of 500,000 returned, 80,000 that came back, and 500,000 of which a
    dispute alone was heard of. Nothing is told before all of it has happened.
    """
    sandbox.fault("callback", "drop_callbacks", times=None)
    code, stripe = "sandbox-stripe", gateway("sandbox-stripe")
    kept, bounced = paid(make_customer(), sandbox, code), paid(make_customer(), sandbox, code)
    refunds = [returned(one, 80_000, at=clock.now(), by=stripe) for one in (kept, bounced)]
    sandbox.fault("refund", "refund_bounced", value=60, reference=refunds[1].reference)
    until(has_returned_everything)
    with sqlite3.connect(sandbox.config.db) as db:
        db.execute("UPDATE refunds SET bounces_at = created_at WHERE bounces_after IS NOT NULL")
    sandbox.fault("pay", "reversal", value=0)
    lost = paid(make_customer(), sandbox, code)
    sandbox.fault("pay", "reversal", value=0)
    sandbox.fault("pay", "dispute_won", value=0)
    won = paid(make_customer(), sandbox, code)
    sandbox.fault("pay", "reversal", value=0)
    unheard = TopUp(make_customer(), sandbox, code)
    unheard.press("pay")
    shown = lambda what: sum(one[what] for one in sandbox.oracle()["references"])  # noqa: E731
    until(lambda: (shown("reversed"), shown("regained"), shown("bounced")) == (1_500_000, 500_000, 80_000))
    return kept, bounced, lost, won, unheard.payment


def has_returned_everything():
    Refund.objects.undecided().update(check_at=clock.now())
    see_to_refunds(at=clock.now())
    return not Refund.objects.undecided().exists()


def test_disputes_both_ways_and_refunds_that_came_back_agree(sandbox, settings):
    settings.SANDBOX_GATEWAYS = ["stripe"]
    everything = a_day_of_disputes_and_refunds(sandbox)
    disputed = [notice for notice in sent_by(sandbox) if "dispute" in notice[0] or "refund" in notice[0]]
    for notice in disputed:
        assert deliver("sandbox-stripe", notice).status_code == 200

    fetch_statements(at=tomorrow())

    assert found("sandbox-stripe") == []
    credit = [wallet_of(payment.customer_id).credit for payment in everything]
    assert credit == [420_000, 500_000, 0, 500_000, 0]
    assert sorted((one.state, one.came_back_at is not None) for one in Refund.objects.all()) == [
        ("done", False),
        ("failed", True),
    ]
    assert sum(credit) == sum(
        one["debited"] - one["reversed"] + one["regained"] - one["refunded"] + one["bounced"]
        for one in sandbox.oracle()["references"]
    )


def test_what_of_that_nobody_told_is_found_and_ends_when_it_is_told(sandbox, settings):
    settings.SANDBOX_GATEWAYS = ["stripe"]
    *_heard, unheard = a_day_of_disputes_and_refunds(sandbox)

    fetch_statements(at=tomorrow())

    lines = ReconciliationCase.objects.order_by("line__movement").values_list("line__movement", "kind")
    assert list(lines) == [
        ("came_back", "missing_here"),
        ("given_back", "missing_here"),
        ("payment", "missing_here"),
        *[("taken_back", "missing_here")] * 3,
    ]
    check_refund(Refund.objects.get(payment=_heard[1]).pk, reason="line", actor=JOB, at=clock.now())
    for notice in sent_by(sandbox):
        if "dispute" in notice[0]:
            deliver("sandbox-stripe", notice)
    StatementDay.objects.update(ask_at=clock.now())
    fetch_statements(at=tomorrow() + timedelta(days=1))
    left = ReconciliationCase.objects.filter(resolved_at=None).values_list("payment", "line__movement")
    assert list(left) == [(unheard.pk, "payment")]  # it never came for us, and went before we heard of it
    assert Reversal.objects.count() == 2


def test_a_gateway_that_hangs_keeps_only_itself_waiting(sandbox, customer, monkeypatch):
    monkeypatch.setattr(statements, "SECONDS", 2)
    day = f"{today():%Y%m%d}"
    sandbox.fault("statement", "hang_before", value=4, reference=f"statement-{day}")

    began = time.monotonic()
    tally = fetch_statements(at=tomorrow())

    assert (tally.done, tally.failed) == (len(GATEWAYS) - 1, 1)
    assert time.monotonic() - began < 3.5
    stuck = StatementDay.objects.get(read_at=None)
    assert (stuck.source, stuck.tries, stuck.failure) == ("sandbox-momo", 1, "ReadTimeout")
    fetch_statements(at=tomorrow())
    assert StatementDay.objects.get(pk=stuck.pk).tries == 1  # not before its time
    fetch_statements(at=tomorrow() + timedelta(minutes=11))
    assert not StatementDay.objects.filter(read_at=None).exists()


def test_days_that_were_missed_are_made_up_for(sandbox):
    fetch_statements(at=tomorrow())

    fetch_statements(at=tomorrow() + timedelta(days=4))

    read = StatementDay.objects.filter(source="sandbox", read_at__isnull=False)
    assert [each.day - today() for each in read.order_by("day")] == [timedelta(days=each) for each in range(5)]
