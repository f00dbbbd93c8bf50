"""Buying: paid, provisioned, invoiced; or the money back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Customer
from catalog.models import Item
from invoices.models import Invoice
from lifecycle.models import ProvisioningRequest, Resource, State
from lifecycle.services.provisioning import AnsweredAlready, NoAnswerExpected
from lifecycle.services.running import stop_resource
from notifications.models import Notice
from orders.models import Action, Order, OrderItem
from orders.services.fulfil import answer_provisioning
from payments.models import Payment
from payments.services.wallet import wallet_of
from tests.actions.books import nothing_changes, refused
from tests.cast import DAY, NOON, TEAM, answer, chosen, create, make_coupon, order, owner_of, quote

pytestmark = pytest.mark.django_db
SUCCEEDED, FAILED = ProvisioningRequest.State.SUCCEEDED, ProvisioningRequest.State.FAILED


def three_servers(customer: Customer, item: Item, **more: object) -> Order:
    return order(
        quote(
            customer, Action.CREATE, product=str(item.product_id), name="web", items=chosen(item), quantity=3, months=1, **more
        )
    )  # fmt: skip


def told(kind: str) -> int:
    return Notice.objects.filter(kind=kind).count()


def test_nothing_is_invoiced_until_it_is_provisioned(alice: Customer, small: Item) -> None:
    bought = three_servers(alice, small)
    assert (bought.state, bought.payment.amount) == ("provisioning", 543_000)
    assert wallet_of(alice.pk).available == 10_000_000 - 543_000
    assert set(Resource.objects.values_list("state", flat=True)) == {"new"}
    assert not Invoice.objects.exists()

    done = answer(bought, at=NOON + timedelta(minutes=5))
    assert done.state == "completed"
    assert list(Invoice.objects.values_list("total", "paid", "status").distinct()) == [(181_000, 181_000, "paid")]
    assert Invoice.objects.count() == told("resource_created") == 3
    starts = set(Invoice.objects.values_list("period_start", flat=True))
    assert starts == {NOON + timedelta(minutes=5)}, "paid time begins when the service does"


def test_of_three_servers_one_fails_and_its_money_comes_back(alice: Customer, small: Item) -> None:
    bought = three_servers(alice, small)
    first, second, third = bought.items.order_by("position")
    answer_provisioning(first.request_id, SUCCEEDED, actor=TEAM, at=NOON)
    answer_provisioning(second.request_id, FAILED, reason="no capacity", actor=TEAM, at=NOON)
    assert wallet_of(alice.pk).available == 10_000_000 - 362_000
    assert Order.objects.get().state == "provisioning"
    answer_provisioning(third.request_id, SUCCEEDED, actor=TEAM, at=NOON)

    assert Order.objects.get().state == "partly_refunded"
    assert sorted(Resource.objects.values_list("state", flat=True)) == ["active", "active", "deleted"]
    assert list(OrderItem.objects.order_by("position").values_list("state", "reason")) == [
        ("completed", ""),
        ("refunded", "no capacity"),
        ("completed", ""),
    ]
    payment = Payment.objects.get()
    assert (payment.amount, payment.allocated, payment.refunded, payment.state) == (
        543_000,
        362_000,
        181_000,
        "succeeded",
    )
    assert (Invoice.objects.count(), told("provisioning_failed"), told("resource_created")) == (2, 1, 2)


def test_when_all_fail_the_whole_fee_comes_back(alice: Customer, small: Item) -> None:
    make_coupon("ONCE", 30_000, maximum_uses=1)
    done = answer(three_servers(alice, small, coupon="ONCE"), succeed=False)
    assert done.state == "refunded"
    assert wallet_of(alice.pk).available == 10_000_000
    assert Payment.objects.get().state == "refunded"
    assert not Invoice.objects.exists()


@pytest.mark.parametrize("state", [SUCCEEDED, FAILED, ProvisioningRequest.State.TIMED_OUT])
def test_the_same_answer_again_changes_nothing(alice: Customer, small: Item, state: str) -> None:
    item = three_servers(alice, small).items.first()
    answer_provisioning(item.request_id, state, actor=TEAM, at=NOON)
    with nothing_changes():
        answer_provisioning(item.request_id, state, actor=TEAM, at=NOON + DAY)


@pytest.mark.parametrize(
    ("first", "then"),
    [(SUCCEEDED, FAILED), (FAILED, SUCCEEDED), (ProvisioningRequest.State.TIMED_OUT, SUCCEEDED)],
)
def test_a_different_answer_comes_too_late(alice: Customer, small: Item, first: str, then: str) -> None:
    item = three_servers(alice, small).items.first()
    answer_provisioning(item.request_id, first, actor=TEAM, at=NOON)
    with refused(AnsweredAlready):
        answer_provisioning(item.request_id, then, actor=TEAM, at=NOON)


def test_verbs_that_follow_a_decision_take_no_answer(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    stop_resource(server.pk, actor=owner_of(alice), at=NOON)
    request = server.requests.get(verb="stop")
    with refused(NoAnswerExpected):
        answer_provisioning(request.pk, FAILED, actor=TEAM, at=NOON)


def test_a_postpaid_customer_confirms_and_pays_later(bob: Customer, small: Item) -> None:
    [server] = create(bob, small, at=NOON + timedelta(seconds=30))
    assert (server.state, server.billing_mode, server.paid_until) == (State.ACTIVE, "postpaid", None)
    assert server.periods.get().starts_at == NOON
    assert server.periods.get().ends_at is None
    assert not Payment.objects.exists()
    assert not Invoice.objects.exists()


def test_a_postpaid_provisioning_that_fails_costs_nothing(bob: Customer, small: Item) -> None:
    done = answer(three_servers(bob, small), succeed=False)
    assert done.state == "refunded"
    assert set(Resource.objects.values_list("state", flat=True)) == {"deleted"}
    assert not Resource.objects.filter(periods__isnull=False).exists()


def test_auto_renew_is_chosen_at_checkout(alice: Customer, small: Item) -> None:
    [server] = create(alice, small, auto_renew_months=3)
    assert server.auto_renew_months == 3
