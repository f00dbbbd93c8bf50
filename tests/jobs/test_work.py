"""Every job: once, twice, late, and in four threads at the same time, gives the same rows."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from accounts.models import Customer, IdempotencyKey
from billing_portal.schedule import JOBS
from catalog.models import Coupon
from invoices.models import Invoice
from lifecycle.models import ProvisioningRequest, Resource
from notifications.models import Notice
from orders.models import Action, Order
from payments import tasks
from payments.models import Payment
from payments.services.wallet import wallet_of
from tests.cast import (
    DAY,
    MONTH,
    NOON,
    chosen,
    create,
    fresh,
    fund,
    make_coupon,
    make_customer,
    make_item,
    make_product,
    order,
    quote,
)
from tests.jobs.conftest import at_once, everything, run
from tests.owner import forget

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(hours=1)


@dataclass
class World:
    """Something is due for every job an hour after noon."""

    expiring: Resource
    purging: Resource
    renewing: Resource
    unanswered: Order
    unpaid: Order
    debtor: Customer
    owner: Customer


@pytest.fixture
def world() -> World:
    product = make_product("vserver")
    small = make_item(product, "small", 181_000)
    owner = make_customer("Alice", credit=10_000_000)
    debtor = make_customer("Bob", mode="postpaid")
    expiring = create(owner, small, at=NOON - MONTH, name="expiring")[0]
    purging = create(owner, small, at=NOON - MONTH - 7 * DAY, name="purging")[0]
    run("expire-resources", NOON - 7 * DAY)
    renewing = create(owner, small, at=NOON - MONTH + 2 * DAY, name="renewing", auto_renew_months=1)[0]
    create(debtor, small, at=NOON - MONTH, name="used")
    run("bill-month", NOON - DAY)
    fund(debtor, 100_000)
    make_coupon("TEN", 10_000)
    buy = {"product": str(product.pk), "items": chosen(small), "quantity": 1, "months": 1, "auto_renew_months": None}
    unanswered = order(quote(owner, Action.CREATE, name="unanswered", coupon="", **buy))
    unpaid = order(quote(owner, Action.CREATE, name="unpaid", coupon="TEN", **buy), means=Order.Means.GATEWAY)
    IdempotencyKey.objects.create(principal="p", key="old", fingerprint="f", created_at=NOON - 8 * DAY)
    IdempotencyKey.objects.create(principal="p", key="new", fingerprint="f", created_at=NOON - 6 * DAY)
    return World(expiring, purging, renewing, unanswered, unpaid, debtor, owner)


def run_all(at) -> None:
    for job in JOBS:
        assert run(job.name, at).outcome == "done", job


def check(world: World, spent: int) -> None:
    """The world an hour after noon, whoever ran the jobs and how often."""
    assert fresh(world.expiring).state == "suspense"
    assert fresh(world.expiring).purge_at == LATER + 7 * DAY
    assert fresh(world.purging).state == "deleted"
    assert fresh(world.renewing).paid_until == NOON + 2 * DAY + MONTH
    assert Order.objects.get(pk=world.unanswered.pk).state == "refunded"
    assert Order.objects.get(pk=world.unpaid.pk).state == "expired"
    assert Coupon.objects.get().uses == 0
    invoice = Invoice.objects.get(customer=world.debtor)
    assert (invoice.status, invoice.paid) == ("partially_paid", 100_000)
    assert wallet_of(world.debtor.pk).available == 0
    assert wallet_of(world.owner.pk).available == 10_000_000 - spent
    assert list(IdempotencyKey.objects.values_list("key", flat=True)) == ["new"]
    assert not ProvisioningRequest.objects.filter(state="pending").exists()
    assert not Notice.objects.exclude(state__in=["sent", "overtaken"]).exists()


def test_twice_and_late_changes_nothing_more(world):
    run_all(LATER)
    run("deliver-requests", LATER)
    run("deliver-notices", LATER)
    check(world, spent=4 * 181_000)
    before = everything()
    run_all(LATER)
    run_all(LATER + timedelta(hours=2))
    assert everything() == before


def test_four_at_a_time_do_it_once(world):
    for job in JOBS:
        runs = at_once(4, lambda job=job: run(job.name, LATER))
        assert {each.outcome for each in runs} == {"done"}, job
    for name in ("deliver-requests", "deliver-notices"):
        at_once(4, lambda name=name: run(name, LATER))
    check(world, spent=4 * 181_000)
    before = everything()
    run_all(LATER)
    assert everything() == before


def test_a_customer_whose_payment_fails_does_not_stop_the_others(monkeypatch):
    small = make_item(make_product("vserver"), "small", 181_000)
    bob, carol = (make_customer(name, mode="postpaid") for name in ("Bob", "Carol"))
    for customer in (bob, carol):
        create(customer, small, at=NOON - MONTH)
    run("bill-month", NOON - DAY)
    for customer in (bob, carol):
        fund(customer, 1_000_000)
    original = tasks.settle_what_is_owed

    def pay(customer_id, **rest):
        if customer_id == bob.pk:
            raise RuntimeError("a bug that only Bob has")
        return original(customer_id, **rest)

    monkeypatch.setattr(tasks, "settle_what_is_owed", pay)
    done = run("pay-invoices", LATER)
    assert (done.outcome, done.count, done.failures) == ("partly", 1, 1)
    assert Invoice.objects.get(customer=carol).status == "paid"
    assert not Payment.objects.filter(customer=bob).exists()


def test_auto_renewal_is_announced_half_an_hour_before_it_is_first_tried():
    small = make_item(make_product("vserver"), "small", 181_000)
    alice = make_customer("Alice", credit=1_000_000)
    create(alice, small, at=NOON - MONTH + 7 * DAY, name="renewing", auto_renew_months=1)
    create(alice, small, at=NOON - MONTH + 7 * DAY, name="ending")
    forget(Notice.objects.all())
    run("remind-about-ends", NOON.replace(hour=0, minute=30))
    run("announce-renewals", NOON.replace(hour=0, minute=30))
    told = dict(Notice.objects.values_list("facts__resource", "kind"))
    assert told == {"renewing": Notice.Kind.AUTO_RENEW_ANNOUNCED, "ending": Notice.Kind.RESOURCE_EXPIRING}
    run("auto-renew", NOON.replace(hour=1))
    assert Notice.objects.get(kind=Notice.Kind.AUTO_RENEW_DONE).facts["resource"] == "renewing"
