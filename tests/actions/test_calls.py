"""Staff call customers who owe: talked to, promised, no answer."""

import pytest

from accounts.models import AuditEntry
from invoices.models import DunningStep, Hold, Invoice
from invoices.services.calls import NothingToCallAbout, record_call
from invoices.services.ladder import climb
from kernel.errors import InvalidInput
from tests.cast import STAFF
from tests.debts import morning, usage_invoice

OUTCOMES = DunningStep.Outcome


@pytest.fixture
def call(bob, small) -> DunningStep:
    usage_invoice(bob, small)
    climb(at=morning(26))
    return DunningStep.objects.calls().get()


def test_without_an_answer_the_customer_stays_in_the_list(call):
    for day in (26, 27):
        record_call(call.pk, OUTCOMES.NO_ANSWER, note="rang ten times", actor=STAFF, at=morning(day))
    call.refresh_from_db()
    assert (call.tries, call.done_at) == (2, None)
    assert DunningStep.objects.calls().get() == call


def test_a_promise_rests_dunning_until_its_day(bob, call):
    record_call(call.pk, OUTCOMES.PROMISED, note="on Friday", until=morning(30), actor=STAFF, at=morning(26))
    hold = Hold.objects.get()
    assert (hold.kind, hold.until, hold.reason) == ("promise", morning(30), "on Friday")
    assert list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True)) == ["call about debts", "place hold"]


def test_who_was_talked_to_is_not_called_again_on_this_rung(call):
    record_call(call.pk, OUTCOMES.CALLED, note="they look into it", actor=STAFF, at=morning(26))
    climb(at=morning(27))
    assert not DunningStep.objects.calls().exists()
    with pytest.raises(NothingToCallAbout):
        record_call(call.pk, OUTCOMES.CALLED, note="again", actor=STAFF, at=morning(27))


def test_who_has_paid_is_not_called(call):
    from payments.services.correct import correct_invoice

    correct_invoice(Invoice.objects.get().pk, 181_000, note="an outage", actor=STAFF, at=morning(26))
    with pytest.raises(NothingToCallAbout):
        record_call(call.pk, OUTCOMES.CALLED, note="late", actor=STAFF, at=morning(26))


def test_a_promise_has_an_end(call):
    with pytest.raises(InvalidInput):
        record_call(call.pk, OUTCOMES.PROMISED, note="some day", actor=STAFF, at=morning(26))
    call.refresh_from_db()
    assert call.tries == 0
