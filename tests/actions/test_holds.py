"""Staff put dunning or automatic payment of a customer on hold until a day; it ends by itself."""

from datetime import timedelta

import pytest

from accounts.models import AuditEntry
from invoices.models import Hold, Invoice
from invoices.services.holds import HoldOver, end_hold, place_hold
from kernel.errors import InvalidInput
from payments.services.allowed import may_be_charged_automatically
from payments.services.owed import settle_what_is_owed
from payments.services.wallet import wallet_of
from payments.tasks import pay_open_invoices
from tests.cast import DAY, JOB, STAFF, fund
from tests.debts import morning, usage_invoice

KINDS = Hold.Kind
NOON = morning(12)
WEEK = 7 * DAY


@pytest.fixture
def invoice(bob, small) -> Invoice:
    """181,000 VND of 30 days, open."""
    return usage_invoice(bob, small)


def hold(customer, kind=KINDS.NO_AUTOMATIC_PAYMENT, *, until=NOON + WEEK, at=NOON) -> Hold:
    return place_hold(customer.pk, kind, until=until, reason="asked for by phone", actor=STAFF, at=at)


def test_nothing_is_paid_automatically_while_that_is_held(bob, invoice):
    hold(bob)
    fund(bob, 500_000)
    assert settle_what_is_owed(bob.pk, actor=JOB, at=NOON + DAY) is None
    assert pay_open_invoices(at=NOON + DAY).done == 0
    assert wallet_of(bob.pk).available == 500_000


def test_a_hold_ends_by_itself_at_its_instant(bob, invoice):
    hold(bob)
    fund(bob, 500_000)
    second = timedelta(seconds=1)
    assert not may_be_charged_automatically(bob, at=NOON + WEEK - second)
    assert may_be_charged_automatically(bob, at=NOON + WEEK)
    assert pay_open_invoices(at=NOON + WEEK).done == 1
    assert wallet_of(bob.pk).available == 500_000 - 181_000


def test_a_promise_and_no_dunning_do_not_stop_automatic_payment(bob):
    hold(bob, KINDS.PROMISE)
    hold(bob, KINDS.NO_DUNNING)
    assert may_be_charged_automatically(bob, at=NOON)


def test_another_hold_of_its_kind_takes_its_place(bob):
    first = hold(bob)
    second = hold(bob, until=NOON + 2 * WEEK, at=NOON + DAY)
    first.refresh_from_db()
    assert first.ended_at == NOON + DAY
    assert list(Hold.objects.in_force(NOON + DAY)) == [second]


def test_who_held_and_who_ended_it_is_on_record(bob):
    end_hold(hold(bob).pk, reason="paid", actor=STAFF, at=NOON + DAY)
    assert may_be_charged_automatically(bob, at=NOON + DAY)
    assert list(AuditEntry.objects.order_by("pk").values_list("verb", "reason", "actor")) == [
        ("place hold", "asked for by phone", "staff@portal.example"),
        ("end hold", "paid", "staff@portal.example"),
    ]


def test_what_has_ended_is_not_ended_again(bob):
    with pytest.raises(HoldOver):
        end_hold(hold(bob).pk, reason="late", actor=STAFF, at=NOON + WEEK)


@pytest.mark.parametrize("until", [NOON, NOON - DAY, NOON + 367 * DAY])
def test_a_hold_ends_ahead_and_within_a_year(bob, until):
    with pytest.raises(InvalidInput):
        hold(bob, until=until)
    assert not Hold.objects.exists()
