"""What the product team is owed when we give up, and what we owe the customer when the team does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.models import Customer
from catalog.models import Item
from invoices.models import Invoice
from lifecycle.models import ProvisioningRequest, Resource, State
from lifecycle.services.delivery import payload_of
from lifecycle.services.provisioning import AnsweredAlready
from notifications.models import Notice
from orders.models import Action, Order
from orders.services.delete import delete_resource
from orders.services.fulfil import answer_provisioning
from orders.services.gone import report_gone
from orders.tasks import time_out_requests
from payments.services.wallet import wallet_of
from tests.actions.books import nothing_changes, refused
from tests.cast import DAY, MONTH, NOON, STAFF, TEAM, answer, chosen, create, fresh, order, owner_of, quote

pytestmark = pytest.mark.django_db
RequestState = ProvisioningRequest.State


def ordered(alice: Customer, small: Item, *, at=NOON) -> Order:
    return order(
        quote(
            alice,
            Action.CREATE,
            at,
            product=str(small.product_id),
            name="web",
            items=chosen(small),
            months=1,
            quantity=1,
        )
    )


def asked(resource: Resource) -> list[tuple[str, str, bool]]:
    return list(resource.requests.order_by("requested_at", "pk").values_list("verb", "state", "expects_answer"))


def test_a_team_that_does_not_answer_in_time_is_asked_to_purge_what_it_may_have_made(
    alice: Customer, small: Item
) -> None:
    item = ordered(alice, small).items.get()
    time_out_requests(at=NOON + timedelta(minutes=15))
    assert asked(item.resource) == [("provision", "timed_out", True), ("purge", "pending", False)]
    assert wallet_of(alice.pk).available == 10_000_000
    with refused(AnsweredAlready):
        answer_provisioning(item.request_id, RequestState.SUCCEEDED, actor=TEAM, at=NOON + DAY)


def test_staff_who_give_up_owe_a_purge_as_well(alice: Customer, small: Item) -> None:
    item = ordered(alice, small).items.get()
    answer_provisioning(item.request_id, RequestState.FAILED, reason="stuck", actor=STAFF, at=NOON + DAY / 24)
    assert asked(item.resource)[1:] == [("purge", "pending", False)]


def test_a_team_that_says_that_it_failed_is_asked_for_nothing_more(alice: Customer, small: Item) -> None:
    done = answer(ordered(alice, small), succeed=False)
    assert asked(done.items.get().resource) == [("provision", "failed", True)]


def test_a_resize_that_we_gave_up_is_to_be_taken_back(alice: Customer, small: Item, large: Item) -> None:
    [server] = create(alice, small)
    order(quote(alice, Action.RESIZE, NOON + DAY, resource=str(server.pk), items=chosen(large)))
    time_out_requests(at=NOON + DAY + timedelta(minutes=15))
    assert asked(server)[1:] == [("resize", "timed_out", True), ("resize", "pending", False)]
    back = payload_of(server.requests.get(state="pending"))
    assert (back["type"], back["answer_expected"]) == ("resize", False)
    assert back["resource"]["configuration"] == [{"item": "small", "quantity": 1}]


@pytest.mark.breaks_the_books  # nothing is credited for the time that is taken away
def test_a_resize_that_succeeds_when_the_resource_cannot_take_it_is_to_be_taken_back(
    alice: Customer, small: Item, large: Item
) -> None:
    [server] = create(alice, small)
    resizing = order(quote(alice, Action.RESIZE, NOON + DAY, resource=str(server.pk), items=chosen(large)))
    Resource.objects.filter(pk=server.pk).update(  # the sweep came in between
        state=State.SUSPENSE, suspense_reason="expired", suspended_at=NOON, purge_at=NOON + MONTH, paid_until=NOON,
        suspend_at=NOON,
    )  # fmt: skip
    server.events.create(
        customer=alice,
        kind="expired",
        from_state="active",
        to_state="suspense",
        at=NOON,
        actor_kind="system",
        actor="x",
    )
    server.periods.update(ends_at=NOON)
    Invoice.objects.filter(resource=server).update(covered_until=NOON)
    assert answer(resizing).state == Order.State.REFUNDED
    assert asked(server)[-1] == ("resize", "pending", False)


def test_a_lost_server_ends_at_that_minute_and_its_unused_days_are_money_again(alice: Customer, small: Item) -> None:
    """181,000 for 30 days, 20 of them unused: 120,667."""
    [server] = create(alice, small)
    at = NOON + 10 * DAY
    report_gone(server.pk, reason="rack fire", actor=TEAM, at=at)
    server = fresh(server)
    assert (server.state, server.paid_until) == (State.DELETED, at)
    assert wallet_of(alice.pk).available == 10_000_000 - 181_000 + 120_667
    assert server.periods.get().ends_at == at
    event = server.events.order_by("-pk").first()
    assert (event.kind, event.reason, event.actor_kind) == ("gone", "rack fire", "product_team")
    assert Notice.objects.get(kind=Notice.Kind.RESOURCE_GONE).facts["refund"] == 120_667
    assert asked(server) == [("provision", "succeeded", True)], "nothing is asked about what is gone"
    with nothing_changes():
        report_gone(server.pk, reason="again", actor=TEAM, at=at + DAY)


def test_what_is_lost_is_refunded_also_where_deleting_gives_nothing_back(alice: Customer, small: Item) -> None:
    small.product.is_refundable = False
    small.product.save()
    [server] = create(alice, small)
    report_gone(server.pk, reason="lost", actor=TEAM, at=NOON + 15 * DAY)
    assert wallet_of(alice.pk).available == 10_000_000 - 90_500


def test_usage_of_a_lost_server_is_billed_to_that_minute(bob: Customer, small: Item) -> None:
    """Ten days at 181,000 per 30 days: 60,333."""
    [server] = create(bob, small)
    report_gone(server.pk, reason="lost", actor=STAFF, at=NOON + 10 * DAY)
    assert fresh(server).state == State.DELETED
    assert Invoice.objects.get(kind="usage").total == 60_333


def test_a_lost_server_whose_resize_is_under_way_gives_back_both(alice: Customer, small: Item, large: Item) -> None:
    [server] = create(alice, small)
    resizing = order(quote(alice, Action.RESIZE, NOON, resource=str(server.pk), items=chosen(large)))
    report_gone(server.pk, reason="lost", actor=TEAM, at=NOON)
    assert Order.objects.get(pk=resizing.pk).state == Order.State.REFUNDED
    assert wallet_of(alice.pk).available == 10_000_000


def test_a_server_that_was_never_there_counts_as_not_provided(alice: Customer, small: Item) -> None:
    item = ordered(alice, small).items.get()
    report_gone(item.resource_id, reason="lost", actor=TEAM, at=NOON)
    assert fresh(item.resource).state == State.DELETED
    assert wallet_of(alice.pk).available == 10_000_000


def test_a_lost_server_in_the_trash_is_deleted_for_good(alice: Customer, small: Item) -> None:
    [server] = create(alice, small)
    delete_resource(server.pk, actor=owner_of(alice), at=NOON)
    report_gone(server.pk, reason="lost", actor=TEAM, at=NOON + DAY)
    assert fresh(server).state == State.DELETED
    assert wallet_of(alice.pk).available == 10_000_000
