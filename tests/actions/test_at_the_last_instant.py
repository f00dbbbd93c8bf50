"""What ends, ends at its instant: not a second before, and not a second later."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Customer
from catalog.models import Item, Product
from ledger.services import wallet_of
from lifecycle.models import State
from lifecycle.services.sweeps import expire_resources, purge_resources
from orders.models import Action, Order
from orders.services.delete import delete_resource
from orders.services.unpaid import pay_by_gateway
from payments.services.outcomes import record_outcome
from tests.actions.conftest import Gate, paid
from tests.cast import DAY, JOB, MONTH, NOON, create, fresh, order, owner_of, quote

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
END = NOON + MONTH


@pytest.fixture
def server(alice: Customer, small: Item):
    """Kept in the trash for 5 days when it has expired and for 9 when its customer deleted it."""
    Product.objects.update(days_in_trash_after_expiry=5, days_in_trash_after_deletion=9)
    return create(alice, small)[0]


def test_what_was_paid_for_is_served_to_its_last_second(server) -> None:
    assert expire_resources(actor=JOB, at=END - SECOND) == 0
    assert expire_resources(actor=JOB, at=END) == 1
    assert (fresh(server).state, fresh(server).purge_at) == (State.SUSPENSE, END + 5 * DAY)


def test_what_its_customer_deleted_is_kept_as_long_as_deleted_resources_are(server) -> None:
    delete_resource(server.pk, actor=owner_of(server.customer), at=NOON + DAY)
    assert fresh(server).purge_at == NOON + 10 * DAY


def test_nothing_is_deleted_for_good_before_its_time_in_the_trash_is_over(server) -> None:
    expire_resources(actor=JOB, at=END)
    assert purge_resources(actor=JOB, at=END + 5 * DAY - SECOND) == 0
    assert fresh(server).state == State.SUSPENSE
    assert purge_resources(actor=JOB, at=END + 5 * DAY) == 1
    assert fresh(server).state == State.DELETED


def test_what_is_paid_in_the_instant_of_the_purge_comes_too_late_and_the_money_is_credit(server, gate: Gate) -> None:
    expire_resources(actor=JOB, at=END)
    purge_at = END + 5 * DAY
    offer = quote(server.customer, Action.RECOVER, purge_at - 600 * SECOND, resource=str(server.pk), months=1)
    before = wallet_of(server.customer_id).available
    waiting = order(offer, means=Order.Means.GATEWAY, at=purge_at - SECOND)
    payment = pay_by_gateway(waiting, gateway="gate", actor=JOB, at=purge_at - SECOND)
    record_outcome(payment.pk, paid(payment, purge_at), actor=JOB, at=purge_at)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.items.get().reason) == ("refunded", "not-recoverable")
    assert wallet_of(server.customer_id).available == before + 181_000
    assert fresh(server).state == State.SUSPENSE
