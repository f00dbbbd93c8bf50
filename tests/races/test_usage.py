"""The same uses sent by several at the same time: each is taken once, and each sender is answered."""

from __future__ import annotations

from collections import Counter

import pytest

from invoices.models import InvoiceLine
from invoices.services.month_end import run_month_end
from kernel.periods import CalendarMonth
from tests.actions.test_usage_intake import take, use
from tests.cast import JOB, NOON, create, make_customer, make_item, make_metered, make_product
from tests.races.beside import in_flight, meanwhile
from tests.races.test_races import at_once
from usage.models import Record

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_batch_that_is_sent_four_times_at_once_is_taken_once() -> None:
    product = make_product()
    make_metered(product, "traffic", 500)
    server = create(make_customer(mode="postpaid"), make_item(product, "small", 181_000))[0]
    sent = [use(server, str(number)) for number in range(200)]

    answers = at_once([lambda: take(server, *sent), lambda: take(server, *reversed(sent))] * 2, threads=4)

    assert Counter(outcome for answer in answers for outcome in answer) == {"accepted": 200, "duplicate": 600}
    assert Record.objects.count() == 200


def test_what_is_being_taken_while_its_month_closes_is_on_its_bill() -> None:
    """Who closes the month waits for it; what comes afterwards is late."""
    product = make_product()
    make_metered(product, "traffic", 500)
    server = create(make_customer(mode="postpaid"), make_item(product, "small", 181_000))[0]
    over = CalendarMonth.of(NOON).period.ends_at
    with in_flight(lambda: take(server, use(server, "a", 3), at=over)):
        closing = meanwhile(lambda: run_month_end(CalendarMonth.of(NOON), actor=JOB, at=over))
    closing.result(timeout=20)
    assert InvoiceLine.objects.get(per_minutes=0).quantity == 3
    assert take(server, use(server, "b"), at=over) == ["late"]
