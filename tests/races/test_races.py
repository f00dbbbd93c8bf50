"""Real threads on PostgreSQL: whoever comes at the same time, the figures are exact."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, transaction

from accounts.models import Customer
from catalog.models import Coupon, Item
from invoices.models import BillingChunk, BillingRun, Invoice, InvoiceLine, NumberSeries
from invoices.services import month_end
from invoices.services.issue import next_numbers
from kernel.errors import DomainError
from kernel.periods import CalendarMonth
from ledger.services import Fact, InsufficientCredit, Kind, spend
from lifecycle.models import ProvisioningRequest, State
from lifecycle.services.sweeps import expire_resources
from orders.models import Action, Order
from orders.services.delete import delete_resource
from orders.services.fulfil import answer_provisioning
from payments.models import Allocation, Payment
from payments.services.invoices import pay_invoices_from_wallet
from payments.services.wallet import wallet_of
from tests.cast import (
    DAY,
    JOB,
    NOON,
    TEAM,
    chosen,
    create,
    fresh,
    fund,
    make_coupon,
    make_customer,
    make_item,
    make_product,
    order,
    owner_of,
    quote,
)
from tests.owner import around_all_guards

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(jobs: list[Callable[[], Any]], *, threads: int = 16) -> list[Any]:
    """Run the jobs on `threads` real threads that start together; returns results, refusals as exceptions."""
    barrier = Barrier(min(threads, len(jobs)))
    started: list[None] = []

    def run(job: Callable[[], Any]) -> Any:
        if len(started) < barrier.parties:
            started.append(None)
            barrier.wait(timeout=20)
        try:
            return job()
        except (DomainError, transaction.TransactionManagementError) as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(barrier.parties) as pool:
        return list(pool.map(run, jobs))


@pytest.fixture
def server_item() -> Item:
    return make_item(make_product("vserver"), "small", 100_000)


def test_200_spenders_on_one_wallet_each_sending_twice() -> None:
    """1,000,000 VND is enough for 100 of the 200 spends of 10,000; every repeat gets the answer of its first."""
    customer = make_customer(credit=1_000_000)

    def spend_once(number: int) -> Callable[[], str]:
        def job() -> str:
            try:
                with transaction.atomic():
                    spend(
                        customer.pk,
                        10_000,
                        into=Kind.SALES,
                        kind=Fact.ADJUSTMENT,
                        source=f"opening:spend-{number}",
                        at=NOON,
                    )
            except InsufficientCredit:
                return "refused"
            return "spent"

        return job

    results = at_once([spend_once(number % 200) for number in range(400)], threads=40)
    by_key: dict[int, set[str]] = {}
    for number, result in enumerate(results):
        by_key.setdefault(number % 200, set()).add(result)

    assert wallet_of(customer.pk).available == 0
    assert sum("spent" in outcome for outcome in by_key.values()) == 100
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
    ):  # only the test's spends went to sales: take them out again
        cursor.execute("SELECT count(*) FROM ledger_transaction WHERE source LIKE 'opening:spend-%%'")
        assert cursor.fetchone()[0] == 100
    undo(customer, 1_000_000)


def undo(customer: Customer, amount: int) -> None:
    """Give spent test money back, so that sales equal what invoices were paid."""
    from ledger.services import post

    post(Fact.ADJUSTMENT, "opening:undo", {Kind.SALES: -amount, Kind.CREDIT: amount}, customer_id=customer.pk, at=NOON)


def test_spends_never_refused_while_money_is_there() -> None:
    """100 spenders of 10,000 on 1,000,000 VND at once: every single one succeeds."""
    customer = make_customer(credit=1_000_000)
    jobs = [
        lambda number=number: spend(
            customer.pk, 10_000, into=Kind.SALES, kind=Fact.ADJUSTMENT, source=f"opening:s{number}", at=NOON
        )
        for number in range(100)
    ]
    assert not [result for result in at_once(jobs, threads=32) if isinstance(result, Exception)]
    assert wallet_of(customer.pk).available == 0
    undo(customer, 1_000_000)


def test_100_redemptions_of_a_coupon_with_10_uses(server_item: Item) -> None:
    make_coupon("TEN", 20_000, maximum_uses=10)
    customers = [make_customer(credit=100_000) for _ in range(100)]
    offers = [
        quote(
            customer,
            Action.CREATE,
            product=str(server_item.product_id),
            name="web",
            items=chosen(server_item),
            quantity=1,
            months=1,
            coupon="TEN",
        )
        for customer in customers
    ]
    results = at_once([lambda offer=offer: order(offer) for offer in offers], threads=24)

    codes = Counter(result.code if isinstance(result, DomainError) else "ordered" for result in results)
    assert codes["ordered"] == 10
    assert sum(codes.values()) - codes["ordered"] == 90
    assert Coupon.objects.get(code="TEN").uses == 10
    assert sorted(wallet_of(customer.pk).available for customer in customers) == [20_000] * 10 + [100_000] * 90


def test_4_recoveries_of_one_resource(server_item: Item) -> None:
    customer = make_customer(credit=1_000_000)
    [server] = create(customer, server_item)
    at = server.suspend_at
    expire_resources(actor=JOB, at=at)
    offers = [quote(customer, Action.RECOVER, at, resource=str(server.pk), months=1) for _ in range(4)]
    results = at_once([lambda offer=offer: order(offer) for offer in offers])

    assert sum(isinstance(result, Order) for result in results) == 1
    assert fresh(server).state == State.ACTIVE
    assert wallet_of(customer.pk).available == 800_000
    assert server.invoices.count() == 2


def test_one_double_click_is_one_order(server_item: Item) -> None:
    customer = make_customer(credit=1_000_000)
    offer = quote(
        customer,
        Action.CREATE,
        product=str(server_item.product_id),
        name="web",
        items=chosen(server_item),
        quantity=1,
        months=1,
    )
    results = at_once([lambda: order(offer, key="click") for _ in range(20)])
    assert len({result.pk for result in results}) == 1
    assert wallet_of(customer.pk).available == 900_000


def test_success_failure_and_time_out_at_once_have_one_winner(server_item: Item) -> None:
    customer = make_customer(credit=100_000)
    offer = quote(
        customer,
        Action.CREATE,
        product=str(server_item.product_id),
        name="web",
        items=chosen(server_item),
        quantity=1,
        months=1,
    )
    placed = order(offer)
    request_id = placed.items.get().request_id
    states = [
        ProvisioningRequest.State.SUCCEEDED,
        ProvisioningRequest.State.FAILED,
        ProvisioningRequest.State.TIMED_OUT,
    ] * 4
    at_once([lambda state=state: answer_provisioning(request_id, state, actor=TEAM, at=NOON) for state in states])

    server = placed.items.get().resource
    delivered = server.state == State.ACTIVE
    assert delivered or server.state == State.DELETED
    assert wallet_of(customer.pk).available == (0 if delivered else 100_000)
    assert Invoice.objects.count() == int(delivered)


def test_paying_one_invoice_from_many_places_pays_it_once(server_item: Item) -> None:
    customer = make_customer(mode="postpaid", credit=10_000_000)
    [server] = create(customer, server_item)
    delete_resource(server.pk, actor=owner_of(customer), at=NOON + 10 * DAY)
    invoice = Invoice.objects.get()
    results = at_once(
        [
            lambda: pay_invoices_from_wallet(customer.pk, [invoice.pk], actor=owner_of(customer), at=NOON + 11 * DAY)
            for _ in range(12)
        ]
    )
    assert sum(not isinstance(result, Exception) for result in results) == 1
    assert wallet_of(customer.pk).available == 10_000_000 - 33_333


def test_numbers_have_no_gap_when_half_of_the_transactions_roll_back() -> None:
    def draw(number: int) -> Callable[[], str | None]:
        def job() -> str | None:
            try:
                with transaction.atomic():
                    [drawn] = next_numbers(NumberSeries.Series.CREDIT_NOTE, 1, at=NOON)
                    if number % 2:
                        raise ZeroDivisionError
                    return drawn
            except ZeroDivisionError:
                return None

        return job

    drawn = sorted(filter(None, at_once([draw(number) for number in range(100)], threads=20)))
    assert drawn == [f"C2026-{number:07}" for number in range(1, 51)]
    NumberSeries.objects.filter(series="C").update(last=0)  # nothing was issued under these numbers


def test_5_month_end_runs_at_once_bill_once(server_item: Item, monkeypatch: pytest.MonkeyPatch) -> None:
    """40 customers with 3 servers each, chunks of 6 resources, five runners: the rows are those of a single runner."""
    monkeypatch.setattr(month_end, "CHUNK_RESOURCES", 6)
    march = CalendarMonth.parse("2026-03")
    for _ in range(40):
        create(make_customer(mode="postpaid"), server_item, at=march.period.starts_at + DAY, quantity=3)

    at = march.period.ends_at + DAY
    at_once([lambda: month_end.bill_ended_months(actor=JOB, at=at) for _ in range(5)])
    for _ in range(2):
        month_end.bill_ended_months(actor=JOB, at=at)

    run = BillingRun.objects.get()
    assert run.state == BillingRun.State.DONE
    assert run.chunks.count() == BillingChunk.objects.filter(state=BillingChunk.State.DONE).count() == 20
    assert Invoice.objects.count() == InvoiceLine.objects.count() == 120
    assert {invoice.total for invoice in Invoice.objects.all()} == {100_000}
    assert len(set(Invoice.objects.values_list("number", flat=True))) == 120
    five_at_once = content_hash(at)

    # The same month billed by one runner gives the same content.
    forget_the_run()
    month_end.bill_ended_months(actor=JOB, at=at)
    assert content_hash(at) == five_at_once


def content_hash(at: datetime) -> str:
    """A digest over what was billed to whom, apart from numbers and ids, which depend on who was first."""
    del at
    rows = sorted(
        map(
            repr,
            Invoice.objects.values_list(
                "customer", "resource", "period_key", "period_start", "period_end", "issued_at", "due_at", "subtotal", "tax", "total", "lines__total",
                "lines__minutes", "lines__unit_price", "lines__quantity",
            ),
        )
    )  # fmt: skip
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def forget_the_run() -> None:
    with around_all_guards(), connection.cursor() as cursor:
        for table in (
            "invoices_invoiceline",
            "invoices_invoice",
            "invoices_monthlytotal",
            "invoices_billingchunk",
            "invoices_billingrun",
            "invoices_numberseries",
        ):
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("DELETE FROM notifications_notice WHERE kind = 'invoice_issued'")


@pytest.mark.breaks_the_books  # no money comes with them
def test_two_payments_for_one_invoice_at_once_both_count() -> None:
    """Straight into the table, without what the services hold: the second waits and sees what the first one gave."""
    customer = make_customer(mode="postpaid")
    [server] = create(customer, make_item(make_product("vserver"), "small", 100_000), at=NOON)
    month_end.bill_ended_months(actor=JOB, at=NOON + 40 * DAY)
    invoice = server.invoices.get()
    halves = [_received(customer, 10_000, reference) for reference in ("first", "second")]
    both_gave = Barrier(2)

    def give(payment: Payment) -> None:
        with transaction.atomic():
            Payment.objects.get(pk=payment.pk)  # each has begun
            both_gave.wait(timeout=20)
            Allocation.objects.create(payment=payment, invoice=invoice, customer=customer, amount=10_000, at=NOON)
            time.sleep(0.2)

    assert at_once([lambda payment=payment: give(payment) for payment in halves]) == [None, None]
    invoice.refresh_from_db()
    assert invoice.paid == 20_000
    assert set(Payment.objects.values_list("allocated", flat=True)) == {10_000}


def _received(customer: Customer, amount: int, reference: str) -> Payment:
    facts = {"kind": "invoice", "means": "bank_transfer", "state": "succeeded", "created_at": NOON, "settled_at": NOON}
    return Payment.objects.create(
        customer=customer, reference=reference, payable=reference, amount=amount, actor="staff", **facts
    )


def test_a_top_up_and_a_spend_at_once_do_not_deadlock() -> None:
    customer = make_customer(credit=1_000)
    jobs: list[Callable[[], Any]] = []
    for number in range(40):
        jobs.append(lambda: fund(customer, 1_000))
        jobs.append(
            lambda number=number: spend(
                customer.pk, 10, into=Kind.ADJUSTMENTS, kind=Fact.ADJUSTMENT, source=f"opening:d{number}", at=NOON
            )
        )
    assert not [result for result in at_once(jobs, threads=20) if isinstance(result, Exception)]
    assert wallet_of(customer.pk).available == 1_000 + 40 * 1_000 - 40 * 10
