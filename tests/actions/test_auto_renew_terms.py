"""When auto-renewal is tried, what may keep it from it, and what it was agreed for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Customer
from catalog.models import Item, Product
from catalog.terms import WrongPeriod
from lifecycle.models import Resource
from lifecycle.services.acts import RenewFirst
from lifecycle.services.running import set_auto_renew
from lifecycle.services.sweeps import expire_resources
from notifications.models import Notice
from orders.actions import available_actions
from orders.models import Action, Order
from orders.services.announcing import announce_renewals
from orders.services.delete import delete_resource
from orders.services.renewal import renew_automatically
from orders.services.unpaid import pay_by_gateway
from payments.services.outcomes import record_outcome
from payments.services.wallet import wallet_of
from tests.actions.books import refused
from tests.actions.conftest import Gate, paid
from tests.cast import DAY, JOB, MONTH, NOON, answer, chosen, create, fresh, make_customer, order, quote, recover

pytestmark = pytest.mark.django_db

END = NOON + MONTH
HOUR = timedelta(hours=1)
HANOI = ZoneInfo("Asia/Ho_Chi_Minh")


def job(at: datetime) -> tuple[int, int]:
    return renew_automatically(actor=JOB, at=at)


def bought(customer: Customer, item: Item, *, at: datetime = NOON) -> Resource:
    [resource] = create(customer, item, auto_renew_months=1, at=at)
    return resource


def ending_at(customer: Customer, item: Item, local: datetime) -> Resource:
    """One month of `item` that ends at that local time."""
    return bought(customer, item, at=local.astimezone(UTC) - MONTH)


@pytest.mark.parametrize(
    ("hour", "minute", "last_day"), [(7, 40, 8), (8, 0, 8), (8, 1, 9), (0, 0, 8), (0, 1, 8), (23, 59, 9)]
)
def test_the_last_try_is_on_the_last_morning_before_the_end(small: Item, hour: int, minute: int, last_day: int) -> None:
    """Whatever the hour at which it ends on 9 April: four tries, and the last within the day before the end."""
    customer = make_customer(credit=181_000)
    ending_at(customer, small, datetime(2026, 4, 9, hour, minute, tzinfo=HANOI))
    mornings = [datetime(2026, 4, day, 8, 0, tzinfo=HANOI) for day in range(1, 11)]
    tried = [morning.day for morning in mornings if job(morning) == (0, 1)]
    assert tried == [last_day - 7, last_day - 4, last_day - 1, last_day]


def test_the_announcement_comes_half_an_hour_before_the_first_try(small: Item) -> None:
    ending_at(make_customer(credit=181_000), small, datetime(2026, 4, 9, 7, 40, tzinfo=HANOI))
    announced = Notice.objects.filter(kind=Notice.Kind.AUTO_RENEW_ANNOUNCED)
    announce_renewals(at=datetime(2026, 3, 31, 7, 30, tzinfo=HANOI))
    assert not announced.exists()
    announce_renewals(at=datetime(2026, 4, 1, 7, 30, tzinfo=HANOI))
    assert announced.count() == 1
    assert job(datetime(2026, 4, 1, 8, 0, tzinfo=HANOI)) == (0, 1)


def unpaid_order(customer: Customer, server: Resource, large: Item, at: datetime) -> Order:
    offer = quote(customer, Action.RESIZE, at, resource=str(server.pk), items=chosen(large))
    return order(offer, means=Order.Means.GATEWAY)


def test_an_order_that_awaits_payment_is_told_on_earlier_mornings(small: Item, large: Item) -> None:
    customer = make_customer(credit=2_000_000)
    unpaid_order(customer, bought(customer, small), large, END - 7 * DAY)
    assert job(END - 7 * DAY) == (0, 1)
    assert Notice.objects.get(kind=Notice.Kind.AUTO_RENEW_FAILED).facts["reason_code"] == "order-open"


def test_on_the_last_morning_an_unpaid_order_does_not_keep_a_resource_from_being_renewed(
    small: Item, large: Item, gate: Gate
) -> None:
    customer = make_customer(credit=2_000_000)
    server = bought(customer, small)
    at = END - 5 * HOUR + timedelta(minutes=1)
    waiting = unpaid_order(customer, server, large, at)
    assert job(at) == (1, 0)
    assert fresh(server).paid_until == END + MONTH
    payment = pay_by_gateway(waiting, gateway="gate", actor=JOB, at=at)
    record_outcome(payment.pk, paid(payment, at), actor=JOB, at=at)
    assert answer(waiting, at=at).state == "refunded"
    assert waiting.items.get().reason == "renewed-meanwhile"
    assert wallet_of(customer.pk).available == 2_000_000 - 2 * 181_000 + waiting.total


def test_auto_renew_by_a_period_that_is_not_sold_is_refused(small: Item, alice: Customer) -> None:
    [server] = create(alice, small)
    for months in (7, 0, True):
        with refused(WrongPeriod):
            set_auto_renew(server.pk, months=months, actor=JOB, at=NOON)
    with pytest.raises(IntegrityError, match="auto_renew_is_by_a_period_that_is_sold"), transaction.atomic():
        Resource.objects.filter(pk=server.pk).update(auto_renew_months=7)


def test_in_grace_auto_renew_is_not_offered_and_refused_but_can_be_switched_off(small: Item) -> None:
    Product.objects.update(grace_days=15)
    customer = make_customer(credit=181_000)
    server = bought(customer, small)
    at = END + DAY
    assert "auto_renew" not in available_actions(fresh(server), customer, changing=False, ordered=False, at=at)
    with refused(RenewFirst):
        set_auto_renew(server.pk, months=3, actor=JOB, at=at)
    assert set_auto_renew(server.pk, months=None, actor=JOB, at=at).auto_renew_months is None


def test_auto_renew_ends_with_deletion_and_recovery_agrees_it_anew(small: Item, alice: Customer) -> None:
    server = bought(alice, small)
    delete_resource(server.pk, actor=JOB, at=NOON + DAY)
    assert fresh(server).auto_renew_months is None
    recover(fresh(server), at=NOON + 2 * DAY)
    assert fresh(server).auto_renew_months is None, "nothing was said of it"
    delete_resource(server.pk, actor=JOB, at=NOON + 3 * DAY)
    offer = quote(alice, Action.RECOVER, NOON + 4 * DAY, resource=str(server.pk), months=1, auto_renew_months=3)
    assert offer.deal.parts[0].auto_renew_months == 3
    order(offer)
    assert fresh(server).auto_renew_months == 3


def test_auto_renew_ends_when_the_paid_time_does(small: Item) -> None:
    server = bought(make_customer(credit=181_000), small)
    expire_resources(actor=JOB, at=END)
    assert (fresh(server).state, fresh(server).auto_renew_months) == ("suspense", None)
    match = "only_what_runs_on_paid_time_is_renewed_automatically"
    with pytest.raises(IntegrityError, match=match), transaction.atomic():
        Resource.objects.filter(pk=server.pk).update(auto_renew_months=1)
