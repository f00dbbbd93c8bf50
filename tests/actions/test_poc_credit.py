"""POC credit pays for its products within its dates, first and alone, without an invoice; what is unused goes back to it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from accounts.models import BillingMode, Customer
from catalog.models import Item, Product
from invoices.models import Invoice
from kernel.errors import InvalidInput
from ledger.models import Grant
from ledger.services import Kind
from lifecycle.models import Resource, State
from lifecycle.services.sweeps import expire_resources
from notifications.models import Notice
from orders.actions import actions_of_row, with_pending
from orders.models import Action, Order
from orders.services.delete import delete_resource, preview_deletion
from orders.services.gone import report_gone
from orders.services.offers import compute_offer
from orders.services.quotes import QuoteChanged, quote_again
from orders.services.stories.resize import RunsOnPocCredit
from payments.models import Payment, PocTime
from payments.services.poc import (
    PocCreditOver,
    PrepaidForPoc,
    announce_ends,
    expire_poc_credit,
    grant_poc_credit,
    stop_poc_credit,
)
from payments.services.wallet import wallet_of
from store.tally import Tally
from tests.actions.books import refused
from tests.cast import (
    DAY,
    JOB,
    MONTH,
    NOON,
    STAFF,
    TEAM,
    answer,
    chosen,
    create,
    fresh,
    house_balance,
    make_coupon,
    make_customer,
    make_item,
    make_product,
    order,
    owner_of,
    quote,
    recover,
    renew,
    resize,
)

pytestmark = pytest.mark.django_db


def granted(
    customer: Customer,
    amount: int,
    product: Product,
    *,
    days: int = 60,
    starts_at: datetime = NOON,
    name: str = "pilot",
) -> Grant:
    return grant_poc_credit(
        customer, amount, products=[product.pk], starts_at=starts_at, expires_at=NOON + days * DAY, reason=name, actor=STAFF,
        at=NOON,
    )  # fmt: skip


def left(grant: Grant) -> int:
    return Grant.objects.get(pk=grant.pk).rest


def offered(customer: Customer, item: Item, at: datetime = NOON, **more: object) -> int:
    """What POC credit would pay of one new resource."""
    wish = {"product": str(item.product_id), "name": "w", "items": chosen(item), "quantity": 1, "months": 1, **more}
    return compute_offer(customer, Action.CREATE, wish, at=at).paid_with_poc


def told(kind: Notice.Kind) -> list[dict[str, object]]:
    return list(Notice.objects.filter(kind=kind).order_by("id").values_list("facts", flat=True))


def test_it_pays_first_all_of_an_order_and_there_is_no_invoice(alice: Customer, small: Item) -> None:
    grant = granted(alice, 400_000, small.product)
    [server] = create(alice, small)
    assert (left(grant), wallet_of(alice.pk).poc, wallet_of(alice.pk).available) == (219_000, 219_000, 10_000_000)
    assert not Invoice.objects.exists()
    assert not Payment.objects.exists()
    bought = Order.objects.get()
    assert (bought.state, bought.means, bought.total) == ("completed", "poc", 0)
    time = PocTime.objects.get()
    assert (time.amount, time.starts_at, time.covered_until) == (181_000, NOON, NOON + MONTH)
    assert (fresh(server).paid_until, fresh(server).state) == (NOON + MONTH, State.ACTIVE)
    assert house_balance(Kind.POC_USED) == 181_000
    assert house_balance(Kind.SALES) == house_balance(Kind.ESCROW) == 0
    [facts] = told(Notice.Kind.RESOURCE_CREATED)
    assert facts["poc"] == 181_000


def test_it_is_no_part_of_what_is_available_and_pays_for_no_other_product(alice: Customer, small: Item) -> None:
    other = make_item(make_product("vstorage"), "box", 50_000)
    grant = granted(alice, 400_000, other.product)
    create(alice, small)
    assert (left(grant), wallet_of(alice.pk).available) == (400_000, 10_000_000 - 181_000)
    assert Invoice.objects.get().total == 181_000


def test_what_it_cannot_pay_all_of_is_paid_with_money(alice: Customer, small: Item) -> None:
    """Three servers cost 543,000; of 400,000 nothing is taken."""
    grant = granted(alice, 400_000, small.product)
    create(alice, small, quantity=3)
    assert (left(grant), wallet_of(alice.pk).available) == (400_000, 10_000_000 - 543_000)
    assert Invoice.objects.count() == 3


def test_what_ends_first_pays_unless_it_does_not_suffice(alice: Customer, small: Item) -> None:
    late, soon = granted(alice, 400_000, small.product), granted(alice, 200_000, small.product, days=40)
    create(alice, small)
    create(alice, small, name="db")
    assert (left(late), left(soon)) == (219_000, 19_000)


def test_it_pays_within_its_dates_only(alice: Customer, small: Item) -> None:
    granted(alice, 400_000, small.product, days=60, starts_at=NOON + 10 * DAY)
    assert offered(alice, small) == offered(alice, small, NOON + 60 * DAY) == 0
    assert offered(alice, small, NOON + 10 * DAY) == 181_000


def test_the_time_that_it_pays_ends_with_it(alice: Customer, small: Item) -> None:
    """Ten days of a month for 181,000 are 60,333, whatever was asked for."""
    grant = granted(alice, 400_000, small.product, days=10)
    [server] = create(alice, small, months=12)
    assert fresh(server).paid_until == NOON + 10 * DAY
    assert (PocTime.objects.get().amount, left(grant)) == (60_333, 339_667)


def test_when_it_is_provided_later_less_time_is_left_and_less_is_paid(alice: Customer, small: Item) -> None:
    """Ordered for ten days, 60,333; there a day later: nine days, 54,300."""
    grant = granted(alice, 400_000, small.product, days=10)
    bought = order(
        quote(alice, Action.CREATE, product=str(small.product_id), name="w", items=chosen(small), quantity=1, months=1)
    )
    assert left(grant) == 339_667
    answer(bought, at=NOON + DAY)
    assert (PocTime.objects.get().amount, left(grant)) == (54_300, 345_700)
    assert Resource.objects.get().paid_until == NOON + 10 * DAY


def test_a_coupon_or_the_wish_to_pay_leaves_it_alone(alice: Customer, small: Item) -> None:
    make_coupon("TET", 20_000)
    granted(alice, 400_000, small.product)
    assert offered(alice, small, coupon="TET") == offered(alice, small, poc=False) == 0
    assert offered(alice, small) == offered(alice, small, poc=True) == 181_000


def test_what_is_not_provided_goes_back_to_it_and_not_to_credit(alice: Customer, small: Item) -> None:
    grant = granted(alice, 600_000, small.product)
    bought = order(
        quote(alice, Action.CREATE, product=str(small.product_id), name="w", items=chosen(small), quantity=2, months=1)
    )
    assert left(grant) == 238_000
    done = answer(bought, succeed=False)
    assert (done.state, left(grant), wallet_of(alice.pk).credit) == ("refunded", 600_000, 10_000_000)
    assert house_balance(Kind.POC_USED) == 0
    assert [facts["poc"] for facts in told(Notice.Kind.PROVISIONING_FAILED)] == [181_000, 181_000]


def test_what_is_unused_after_a_deletion_goes_back_to_it(alice: Customer, small: Item) -> None:
    """Twenty of thirty days of 181,000 are 120,667."""
    grant = granted(alice, 400_000, small.product)
    [server] = create(alice, small)
    foreseen = preview_deletion(fresh(server), at=NOON + 10 * DAY)
    assert (foreseen.poc, foreseen.poc_lost, foreseen.refund) == (120_667, 0, 0)
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + 10 * DAY)
    assert (left(grant), wallet_of(alice.pk).credit) == (339_667, 10_000_000)
    time = PocTime.objects.get()
    assert (time.covered_until, time.returned) == (NOON + 10 * DAY, 120_667)


def test_of_a_product_that_is_not_refundable_nothing_goes_back(alice: Customer) -> None:
    item = make_item(make_product("licence", is_refundable=False), "seat", 181_000)
    grant = granted(alice, 400_000, item.product)
    [seat] = create(alice, item)
    delete_resource(seat.pk, actor=owner_of(alice), at=NOON + 10 * DAY)
    assert left(grant) == 219_000
    assert PocTime.objects.get().covered_until == NOON + 10 * DAY


def test_what_a_team_loses_goes_back_to_it(alice: Customer, small: Item) -> None:
    grant = granted(alice, 400_000, small.product)
    [server] = create(alice, small)
    report_gone(server.pk, reason="disk", actor=TEAM, at=NOON + 10 * DAY)
    assert (left(grant), fresh(server).state) == (339_667, State.DELETED)


def test_it_renews_what_runs_on_it_and_nothing_else(alice: Customer, small: Item) -> None:
    [paid] = create(alice, small, name="paid")
    grant = granted(alice, 600_000, small.product, days=80)
    [pilot] = create(alice, small, name="pilot")
    renew(paid, at=NOON + DAY)
    assert left(grant) == 419_000
    renew(pilot, at=NOON + DAY)
    assert (left(grant), fresh(pilot).paid_until) == (238_000, NOON + 60 * DAY)
    renew(pilot, at=NOON + 2 * DAY)  # twenty days to its end
    assert (left(grant), fresh(pilot).paid_until) == (117_333, NOON + 80 * DAY)


def test_renewed_with_money_it_is_an_ordinary_resource_from_there_on(alice: Customer, small: Item) -> None:
    grant = granted(alice, 800_000, small.product, days=90)
    [server] = create(alice, small)
    with_poc = quote(alice, Action.RENEW, NOON + DAY, resources=[str(server.pk)], months=1)
    assert (with_poc.total, with_poc.deal.paid_with_poc) == (0, 181_000)
    order(quote_again(with_poc, with_money=True, at=NOON + DAY))
    assert (left(grant), wallet_of(alice.pk).credit) == (619_000, 10_000_000 - 181_000)
    bill = Invoice.objects.get()
    assert (bill.period_start, bill.total, fresh(server).paid_until) == (NOON + MONTH, 181_000, NOON + 60 * DAY)
    renew(server, at=NOON + 2 * DAY)
    assert (left(grant), Invoice.objects.count()) == (619_000, 2)
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + 15 * DAY)
    assert (left(grant), wallet_of(alice.pk).credit) == (619_000 + 90_500, 10_000_000)


def test_recovered_from_the_trash_it_goes_on_with_it(alice: Customer, small: Item) -> None:
    grant = granted(alice, 800_000, small.product, days=90)
    [server] = create(alice, small)
    expire_resources(actor=JOB, at=NOON + MONTH)
    assert fresh(server).state == State.SUSPENSE
    recover(server, at=NOON + 32 * DAY)
    assert (fresh(server).state, left(grant), Invoice.objects.count()) == (State.ACTIVE, 438_000, 0)


def test_what_runs_on_it_is_not_resized(alice: Customer, small: Item, large: Item) -> None:
    granted(alice, 800_000, small.product)
    [server] = create(alice, small)
    with refused(RunsOnPocCredit):
        resize(fresh(server), large, at=NOON + DAY)
    [row] = with_pending(Resource.objects.select_related("product", "customer"))
    assert "resize" not in actions_of_row(row, alice, at=NOON + DAY)
    assert "renew" in actions_of_row(row, alice, at=NOON + DAY)


def test_stopped_what_is_left_is_gone_and_what_runs_on_it_has_three_days(alice: Customer, small: Item) -> None:
    grant = granted(alice, 800_000, small.product, days=90)
    [pilot] = create(alice, small, name="pilot")
    renew(pilot, at=NOON + DAY)
    [converted] = create(alice, small, name="converted")
    order(quote(alice, Action.RENEW, NOON + DAY, resources=[str(converted.pk)], months=1, poc=False))
    stop_poc_credit(grant.pk, reason="misused", actor=STAFF, at=NOON + 10 * DAY)
    assert (left(grant), wallet_of(alice.pk).poc) == (0, 0)
    assert (fresh(pilot).paid_until, fresh(converted).paid_until) == (NOON + 13 * DAY, NOON + 60 * DAY)
    kept = sum(PocTime.objects.filter(resource=pilot).values_list("amount", flat=True)) - sum(
        PocTime.objects.filter(resource=pilot).values_list("returned", flat=True)
    )
    assert kept == 78_433  # thirteen of thirty days
    [facts] = told(Notice.Kind.POC_ENDED)
    assert (facts["stopped"], facts["lost"], facts["reason"]) == (True, 257_000, "misused")
    assert str(facts["runs"]).count("'name'") == str(facts["runs"]).count("'pilot'") == 1
    expire_resources(actor=JOB, at=NOON + 13 * DAY)
    assert (fresh(pilot).state, fresh(converted).state) == (State.SUSPENSE, State.ACTIVE)
    with refused(PocCreditOver):
        stop_poc_credit(grant.pk, reason="again", actor=STAFF, at=NOON + 11 * DAY)


def test_within_the_three_days_it_is_converted_by_a_paid_renewal(alice: Customer, small: Item) -> None:
    grant = granted(alice, 800_000, small.product)
    [server] = create(alice, small)
    stop_poc_credit(grant.pk, reason="over", actor=STAFF, at=NOON + 10 * DAY)
    renew(server, at=NOON + 11 * DAY)
    assert fresh(server).paid_until == NOON + 13 * DAY + MONTH
    assert Invoice.objects.get().period_start == NOON + 13 * DAY


def test_stopped_while_a_team_is_at_work_the_order_fails_and_nothing_comes_back(alice: Customer, small: Item) -> None:
    grant = granted(alice, 400_000, small.product)
    bought = order(
        quote(alice, Action.CREATE, product=str(small.product_id), name="w", items=chosen(small), quantity=1, months=1)
    )
    stop_poc_credit(grant.pk, reason="over", actor=STAFF, at=NOON + timedelta(minutes=1))
    done = answer(bought, at=NOON + timedelta(minutes=5))
    assert (done.state, done.items.get().reason, left(grant)) == ("refunded", "poc-credit-ended", 0)
    assert house_balance(Kind.POC_USED) == 0
    assert [facts["lost"] for facts in told(Notice.Kind.PROVISIONING_FAILED)] == [181_000]


def test_a_quote_that_it_was_to_pay_is_stale_when_it_has_ended(alice: Customer, small: Item) -> None:
    grant = granted(alice, 400_000, small.product)
    offer = quote(
        alice, Action.CREATE, product=str(small.product_id), name="w", items=chosen(small), quantity=1, months=1
    )
    stop_poc_credit(grant.pk, reason="over", actor=STAFF, at=NOON + timedelta(minutes=1))
    with refused(QuoteChanged):
        order(offer, at=NOON + timedelta(minutes=2))
    soon = grant_poc_credit(
        alice, 400_000, products=[small.product_id], starts_at=NOON, expires_at=NOON + timedelta(minutes=5), reason="x",
        actor=STAFF, at=NOON,
    )  # fmt: skip
    offer = quote(
        alice, Action.CREATE, product=str(small.product_id), name="w", items=chosen(small), quantity=1, months=1
    )
    assert offer.deal.parts[0].poc is not None
    assert offer.deal.parts[0].poc.grant == soon.pk
    with refused(QuoteChanged):
        order(offer, at=NOON + timedelta(minutes=6))


def test_its_end_is_announced_and_takes_what_is_left(alice: Customer, small: Item) -> None:
    grant = granted(alice, 400_000, small.product, days=20)
    [server] = create(alice, small)
    assert [announce_ends(at=NOON + day * DAY) for day in range(10, 21)] == [0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0]
    first, _last = told(Notice.Kind.POC_ENDING)
    assert first["left"] == 279_333
    assert "'web'" in str(first["runs"])
    assert expire_poc_credit(at=NOON + 20 * DAY - timedelta(minutes=1)) == Tally(0)
    assert expire_poc_credit(at=NOON + 20 * DAY) == Tally(1)
    assert (left(grant), wallet_of(alice.pk).poc) == (0, 0)
    [facts] = told(Notice.Kind.POC_ENDED)
    assert (facts["stopped"], facts["lost"]) == (False, 279_333)
    expire_resources(actor=JOB, at=NOON + 20 * DAY)
    assert fresh(server).state == State.SUSPENSE
    assert expire_poc_credit(at=NOON + 21 * DAY) == Tally(0)


def test_it_never_pays_what_the_wallet_owes(small: Item) -> None:
    customer = make_customer()
    granted(customer, 400_000, small.product)
    assert wallet_of(customer.pk).available == 0


def test_it_is_for_prepaid_customers_products_that_exist_and_a_time_ahead(alice: Customer, small: Item) -> None:
    bob = make_customer(mode=BillingMode.POSTPAID)
    with refused(PrepaidForPoc):
        granted(bob, 400_000, small.product)
    with refused(InvalidInput):
        granted(alice, 0, small.product)
    with refused(InvalidInput):
        granted(alice, 1, small.product, days=0)
    with refused(InvalidInput):
        granted(alice, 1, small.product, days=10, starts_at=NOON + 10 * DAY)
    with refused(InvalidInput):
        grant_poc_credit(alice, 1, products=[], starts_at=NOON, expires_at=NOON + DAY, reason="x", actor=STAFF, at=NOON)


def test_a_product_taken_twice_is_one(alice: Customer, small: Item) -> None:
    product = small.product_id
    grant = grant_poc_credit(
        alice, 1, products=[product, product], starts_at=NOON, expires_at=NOON + DAY, reason="x", actor=STAFF, at=NOON
    )
    assert grant.products == [product]
