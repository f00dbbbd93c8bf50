"""Resources and requests in the hands of staff: brought back, lost, given up, asked again."""

from __future__ import annotations

from accounts.models import AuditEntry
from lifecycle.models import ProvisioningRequest, Resource
from notifications.models import Notice
from orders.models import Action, Order
from orders.services.delete import delete_resource
from payments.services.wallet import wallet_of
from tests.admin.conftest import days_after
from tests.admin.doing import WHY, do, last_audit, page_of, sentences
from tests.cast import NOON, chosen, create, fresh, order, owner_of, quote


def test_a_resource_comes_back_from_the_trash_with_a_renewal_window(staff, alice, small, at):
    server = create(alice, small)[0]
    delete_resource(server.pk, actor=owner_of(alice), at=days_after(1))
    at(days_after(2))

    answer = do(staff("support"), server, "restore")

    assert answer.status_code == 302
    assert fresh(server).state == Resource.State.ACTIVE
    assert fresh(server).suspend_at == days_after(5)
    assert (last_audit().verb, last_audit().customer) == ("restore resource", alice)


def test_after_its_time_in_the_trash_it_stays_there(staff, alice, small, at):
    server = create(alice, small)[0]
    delete_resource(server.pk, actor=owner_of(alice), at=days_after(1))
    at(days_after(8))
    answer = do(staff("support"), server, "restore")
    assert "cannot be recovered" in sentences(answer)
    assert fresh(server).state == Resource.State.SUSPENSE


def test_a_lost_server_ends_service_and_billing_in_one_act(staff, alice, small, at):
    """181,000 for 30 days, 20 of them unused: 120,667."""
    server = create(alice, small)[0]
    at(days_after(10))
    client = staff("support")
    assert "Service and billing end now" in client.get(page_of(server, "gone")).content.decode()

    assert do(client, server, "gone").status_code == 302

    assert (fresh(server).state, fresh(server).paid_until) == (Resource.State.DELETED, days_after(10))
    assert wallet_of(alice.pk).available == 10_000_000 - 181_000 + 120_667
    assert Notice.objects.get(kind=Notice.Kind.RESOURCE_GONE).customer == alice
    assert (last_audit().verb, last_audit().reason) == ("report gone", WHY)
    do(client, server, "gone", key="k2")
    assert wallet_of(alice.pk).available == 10_000_000 - 181_000 + 120_667, "a second time it is not lost"
    assert Notice.objects.filter(kind=Notice.Kind.RESOURCE_GONE).count() == 1


def test_a_stuck_provisioning_is_given_up_and_refunded(staff, alice, small):
    offer = quote(
        alice, Action.CREATE, product=str(small.product_id), name="web", items=chosen(small), quantity=1, months=1
    )
    waiting = order(offer)
    server = waiting.items.get().resource
    assert wallet_of(alice.pk).credit == 10_000_000 - 181_000
    client = staff("support")
    assert "181,000" in client.get(page_of(server, "fail-provisioning")).content.decode()

    assert do(client, server, "fail-provisioning").status_code == 302

    assert wallet_of(alice.pk).credit == 10_000_000
    assert Order.objects.get().state == Order.State.REFUNDED
    assert ProvisioningRequest.objects.get(verb="provision").reason == f"given-up: {WHY}"
    again = do(client, server, "fail-provisioning")
    assert again.context["refused"] or sentences(again)
    assert AuditEntry.objects.filter(verb="give up provisioning").count() == 1


def test_a_parked_request_and_a_parked_notice_wait_again(staff, alice, small):
    server = create(alice, small)[0]
    delete_resource(server.pk, actor=owner_of(alice), at=NOON)
    request = ProvisioningRequest.objects.get(verb="suspend")
    ProvisioningRequest.objects.filter(pk=request.pk).update(state="parked", attempts=8, reason="503")
    notice = Notice.objects.first()
    Notice.objects.filter(pk=notice.pk).update(state="parked", attempts=8)
    client = staff("support")

    do(client, request, "retry")
    do(client, notice, "retry")

    request.refresh_from_db()
    notice.refresh_from_db()
    assert (request.state, request.attempts, request.reason) == ("pending", 0, "")
    assert (notice.state, notice.attempts) == ("pending", 0)
    assert set(AuditEntry.objects.values_list("verb", flat=True)) >= {"retry request", "retry notice"}
