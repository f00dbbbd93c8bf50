"""That a dispute was won makes credit: one person says so alone only where the gateway's statement does."""

from __future__ import annotations

import pytest

from accounts.models import StaffAct
from payments.gateways.base import Moved, Movement, TakenBack
from payments.models import Reversal, StatementDay
from payments.services.outcomes import judge
from payments.services.reconcile import read_day
from payments.services.wallet import wallet_of
from tests.admin.doing import do
from tests.cast import JOB, NOON, make_customer
from tests.refunds import topped_up


@pytest.fixture
def lost():
    """Of a top-up of 300,000 all was taken back."""
    payment = topped_up(make_customer(), 300_000)
    judge(payment.pk, TakenBack("dp-1", 300_000, NOON), actor=JOB, at=NOON)
    return Reversal.objects.get()


def told(lost, amount, reference="dp-1"):
    day, _new = StatementDay.objects.get_or_create(
        source=lost.payment.gateway, day=NOON.date(), defaults={"ask_at": NOON}
    )
    line = Moved(Movement.GIVEN_BACK, lost.payment.reference, reference, amount, NOON)
    read_day(day, [line], actor="statements", at=NOON)


def credit(lost):
    return wallet_of(lost.customer_id).credit


def test_who_has_only_a_letter_asks_a_second_person_and_nothing_moves_until_then(staff, lost):
    first, second = staff("finance"), staff("finance")
    do(first, lost, "give-back", amount=300_000)
    act = StaffAct.objects.get()
    assert (credit(lost), act.state, act.amount, act.subject) == (0, "waiting", 300_000, "dp-1")

    assert do(second, act, "approve").status_code == 302
    assert credit(lost) == 300_000


@pytest.mark.parametrize(("amount", "reference"), [(299_999, "dp-1"), (300_000, "dp-2")])
def test_a_line_of_another_amount_or_reference_is_no_word_for_it(staff, lost, amount, reference):
    told(lost, amount, reference)
    do(staff("finance"), lost, "give-back", amount=300_000)
    assert (credit(lost), StaffAct.objects.get().state) == (0, "waiting")


def test_what_the_statement_says_is_booked_at_once(staff, lost):
    told(lost, 300_000)
    assert do(staff("finance"), lost, "give-back", amount=300_000).status_code == 302
    assert (credit(lost), StaffAct.objects.exists()) == (300_000, False)


def test_a_part_that_the_statement_tells_is_booked_at_once_and_the_rest_stays_away(staff, lost):
    told(lost, 120_000)
    assert do(staff("finance"), lost, "give-back", amount=120_000).status_code == 302
    lost.refresh_from_db()
    assert (credit(lost), lost.given_back, lost.closed_at) == (120_000, 120_000, None)
