"""Reconciliation against the sandbox as oracle: whatever it plants is found, and what agrees is said to agree."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from kernel import clock
from payments.gateways import statements
from payments.gateways.wire import VIETNAM
from payments.models import Payment, ReconciliationCase, StatementDay
from payments.services.asking import check_payment
from payments.services.attempts import cancel_attempt
from payments.services.differences import standings
from payments.services.fetching import fetch_statements
from tests.cast import JOB, make_customer
from tests.gateways.test_front_door import GATEWAYS, TopUp, customer, sandbox
from tests.sandbox.servers import until

__all__ = ["customer", "sandbox"]
pytestmark = pytest.mark.django_db(transaction=True)


DIALECTS = {"sandbox": "zalopay", "sandbox-vnpay": "vnpay", "sandbox-momo": "momo", "sandbox-stripe": "stripe"}


def tomorrow():
    """Late enough for today to have ended at the gateways."""
    return clock.now() + timedelta(days=1)


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
