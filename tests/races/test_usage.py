"""The same uses sent by several at the same time: each is taken once, and each sender is answered."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.actions.test_usage_intake import take, use
from tests.cast import create, make_customer, make_item, make_metered, make_product
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
