"""Auto-renewal at 08:00, 7, 4, 1 and 0 days before the end, from the wallet, the earliest end first."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from accounts.models import Customer
from catalog.models import Item
from lifecycle.models import Resource
from notifications.models import Notice
from orders.models import Action
from orders.services.renewal import renew_automatically
from payments.models import Payment
from payments.services.wallet import wallet_of
from tests.actions.books import nothing_changes
from tests.cast import DAY, JOB, MONTH, NOON, create, fresh, fund, make_customer, order, quote

pytestmark = pytest.mark.django_db

END = NOON + MONTH
HOUR = timedelta(hours=1)


def job(at: datetime) -> tuple[int, int]:
    return renew_automatically(actor=JOB, at=at)


def bought(customer: Customer, item: Item, **terms: object) -> Resource:
    [resource] = create(customer, item, auto_renew_months=1, **terms)
    return resource


def test_a_week_before_the_end_the_wallet_pays_once(small: Item) -> None:
    customer = make_customer(credit=400_000)
    server = bought(customer, small)
    with nothing_changes():
        assert job(END - 8 * DAY) == (0, 0)
    assert job(END - 7 * DAY) == (1, 0)
    assert fresh(server).paid_until == END + MONTH
    assert wallet_of(customer.pk).available == 400_000 - 2 * 181_000
    assert Payment.objects.filter(kind=Payment.Kind.RENEWAL, amount=181_000, allocated=181_000).count() == 1
    with nothing_changes():
        assert job(END - 7 * DAY + HOUR) == (0, 0)


def test_each_milestone_is_tried_once_and_told_once_until_there_is_credit(small: Item) -> None:
    customer = make_customer(credit=181_000)
    server = bought(customer, small)
    for days in (7, 6, 5, 4, 3):
        job(END - days * DAY)
        job(END - days * DAY + HOUR)
    failures = Notice.objects.filter(customer=customer, kind=Notice.Kind.AUTO_RENEW_FAILED)
    assert [notice.event[-4:] for notice in failures.order_by("pk")] == [":T-7", ":T-4"]
    assert failures.first().facts["shortfall"] == 181_000
    fund(customer, 181_000)
    assert job(END - 2 * DAY) == (0, 0), "no day for it"
    assert job(END - DAY) == (1, 0)
    assert fresh(server).paid_until == END + MONTH


def test_a_missed_day_is_made_up_for(small: Item) -> None:
    server = bought(make_customer(credit=400_000), small)
    assert job(END - 6 * DAY) == (1, 0), "the job of the seventh day did not run"
    assert fresh(server).paid_until == END + MONTH


def test_the_earliest_end_comes_first_when_credit_does_not_suffice_for_all(small: Item) -> None:
    customer = make_customer(credit=3 * 181_000)
    late = bought(customer, small, at=NOON + HOUR, name="late")
    early = bought(customer, small, at=NOON, name="early")
    assert job(END - 6 * DAY) == (1, 1)
    assert fresh(early).paid_until == END + MONTH
    assert fresh(late).paid_until == END + HOUR


def test_an_expired_resource_is_not_renewed(small: Item) -> None:
    bought(make_customer(credit=400_000), small)
    with nothing_changes():
        assert job(END) == (0, 0)


def test_a_resource_that_is_being_changed_waits_and_its_customer_is_told_why(small: Item, large: Item) -> None:
    customer = make_customer(credit=2_000_000)
    server = bought(customer, small)
    order(
        quote(customer, Action.RESIZE, END - 7 * DAY, resource=str(server.pk), items=[{"item": "large", "quantity": 1}])
    )
    assert job(END - 7 * DAY) == (0, 1)
    failure = Notice.objects.get(kind=Notice.Kind.AUTO_RENEW_FAILED)
    assert (failure.facts["reason_code"], failure.facts["shortfall"]) == ("change-pending", 0)


def test_promotional_credit_is_used_first(small: Item) -> None:
    from payments.services.credit import grant_promotional_credit
    from tests.cast import STAFF

    customer = make_customer(credit=400_000)
    server = bought(customer, small)
    grant_promotional_credit(customer, 100_000, expires_at=END, reason="welcome", actor=STAFF, at=NOON)
    job(END - 7 * DAY)
    wallet = wallet_of(customer.pk)
    assert (wallet.promotional, wallet.credit) == (0, 400_000 - 181_000 - 81_000)
    assert server.invoices.get(period_start=END).allocations.get().promotional == 100_000
