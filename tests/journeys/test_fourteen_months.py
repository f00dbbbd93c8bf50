"""Fourteen months in the life of a prepaid and of a postpaid customer, to the đồng, the books in balance after each day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import Sum

from accounts.models import Customer
from catalog.models import Item
from invoices.models import CreditNote, Invoice
from lifecycle.models import Resource, ServicePeriod, State
from lifecycle.services.running import set_auto_renew, start_resource, stop_resource
from notifications.models import Notice
from orders.models import Order
from orders.services.delete import delete_resource
from payments.services.invoices import pay_invoices_from_wallet
from payments.services.transfers import record_bank_transfer
from payments.services.wallet import wallet_of
from tests.cast import DAY, STAFF, create, fresh, fund, owner_of, recover, renew, resize, switch_mode
from tests.journeys.calendar import let_days_pass

pytestmark = pytest.mark.django_db


def day(year: int, month: int, number: int, hour: int = 12) -> datetime:
    """Wall-clock time in Hà Nội."""
    return datetime(year, month, number, hour, tzinfo=UTC) - timedelta(hours=7)


def test_a_prepaid_customer_over_fourteen_months(alice: Customer, small: Item, large: Item) -> None:
    """
    Alice has 10,000,000. What she spends in the end is what her invoices kept.

    January: a server for 3 months, 543,000, auto-renewed by 1 month. 5 February it is resized with 60 days left (the
    unused 362,000 against 1,040,000 new: pays 678,000). It renews itself on 30 March (T-7) for 520,000 until 6 May.
    """
    wallet = lambda: wallet_of(alice.pk).available  # noqa: E731
    start = day(2026, 1, 6)
    [server] = create(alice, small, at=start, months=3, auto_renew_months=1)
    assert wallet() == 10_000_000 - 543_000
    let_days_pass(start, day(2026, 2, 5))

    resize(server, large, at=day(2026, 2, 5))
    assert wallet() == 9_457_000 - 678_000 == 8_779_000
    let_days_pass(day(2026, 2, 5), day(2026, 4, 5, 23))
    assert fresh(server).paid_until == day(2026, 5, 6)
    assert wallet() == 8_779_000 - 520_000 == 8_259_000
    assert Notice.objects.filter(kind=Notice.Kind.AUTO_RENEW_DONE).count() == 1

    # Auto-renew off in April: it expires on 6 May, waits in the trash, is recovered on the 10th at today's price.
    set_auto_renew(server.pk, months=None, actor=owner_of(alice), at=day(2026, 4, 10))
    let_days_pass(day(2026, 4, 5, 23), day(2026, 5, 10))
    trashed = fresh(server)
    assert (trashed.state, trashed.suspense_reason) == (State.SUSPENSE, "expired")
    recover(server, at=day(2026, 5, 10), months=1)
    assert wallet() == 8_259_000 - 520_000 == 7_739_000
    assert (fresh(server).state, fresh(server).paid_until) == (State.ACTIVE, day(2026, 6, 9))

    # Stopped for a week (paid time runs on), renewed by a year while stopped, started again.
    let_days_pass(day(2026, 5, 10), day(2026, 5, 20))
    stop_resource(server.pk, actor=owner_of(alice), at=day(2026, 5, 20))
    renew(server, at=day(2026, 5, 21), months=12)
    assert wallet() == 7_739_000 - 6_240_000 == 1_499_000
    start_resource(server.pk, actor=owner_of(alice), at=day(2026, 5, 27))
    assert fresh(server).paid_until == day(2027, 6, 4)

    # On 4 December, exactly 182 days before its end, it is deleted: 520,000 x 182 / 30 = 3,154,666.67 of 6,240,000 for
    # 360 days come back.
    let_days_pass(day(2026, 5, 27), day(2026, 12, 4))
    delete_resource(server.pk, actor=owner_of(alice), at=day(2026, 12, 4))
    assert wallet() == 1_499_000 + 3_154_667 == 4_653_667
    assert fresh(server).purge_at == day(2026, 12, 11)
    let_days_pass(day(2026, 12, 4), day(2027, 3, 6))
    assert fresh(server).state == State.DELETED

    kept = Invoice.objects.aggregate(kept=Sum("total") - Sum("credited"))["kept"]
    assert kept == 10_000_000 - 4_653_667
    assert {invoice.status for invoice in Invoice.objects.all()} == {"paid"}
    assert CreditNote.objects.count() == 2
    assert Order.objects.exclude(state=Order.State.COMPLETED).count() == 0


def test_a_postpaid_customer_over_fourteen_months(bob: Customer, small: Item, large: Item) -> None:
    """
    Bob uses first and pays each month; 181,000 per 30 days is 187,033 in a month of 31 days and 168,933 in 28.

    His first server runs from 1 January 2026 on, his second from 16 March to 10 June.
    """
    start = day(2026, 1, 1, 0)
    [server] = create(bob, small, at=start)
    assert not Invoice.objects.exists()
    let_days_pass(start, day(2026, 2, 20))
    january = Invoice.objects.get()
    assert (january.period_key, january.total, january.status) == ("2026-01", 187_033, "unpaid")
    assert january.is_overdue(day(2026, 2, 20))

    pay = lambda amount, at: fund(bob, amount, at=at)  # noqa: E731
    pay(100_000, day(2026, 2, 20))
    let_days_pass(day(2026, 2, 20), day(2026, 2, 21))
    assert (Invoice.objects.get().status, Invoice.objects.get().due) == ("partially_paid", 87_033)
    record_bank_transfer(
        bob.pk,
        100_000,
        [january.pk],
        reference="FT26052",
        reason="statement of 21 February",
        actor=STAFF,
        at=day(2026, 2, 22),
    )
    assert Invoice.objects.get().status == "paid"
    assert wallet_of(bob.pk).available == 12_967, "what was too much is credit"

    # March: a second server from the 16th at noon, i.e. 15.5 days = 22,320 minutes: 520,000 x 22,320 / 43,200 = 268,667.
    let_days_pass(day(2026, 2, 22), day(2026, 3, 16))
    [second] = create(bob, large, at=day(2026, 3, 16))
    let_days_pass(day(2026, 3, 16), day(2026, 4, 1))
    assert {i.resource_id: i.total for i in Invoice.objects.filter(period_key="2026-03")} == {
        server.pk: 187_033,
        second.pk: 268_667,
    }

    # April: the first is resized on the 11th at midnight: 10 days small (60,333) and 20 days large (346,667).
    let_days_pass(day(2026, 4, 1), day(2026, 4, 11, 0))
    resize(server, large, at=day(2026, 4, 11, 0))
    let_days_pass(day(2026, 4, 11, 0), day(2026, 6, 10))
    april = Invoice.objects.get(period_key="2026-04", resource=server)
    assert [(line.name, line.total) for line in april.lines.order_by("position")] == [
        ("small", 60_333),
        ("large", 346_667),
    ]

    # 10 June, noon: the second is deleted; 9.5 days = 13,680 minutes: 164,667, invoiced at once and not again.
    delete_resource(second.pk, actor=owner_of(bob), at=day(2026, 6, 10))
    last = Invoice.objects.get(resource=second, period_key__startswith="2026-06/")
    assert last.total == 164_667
    let_days_pass(day(2026, 6, 10), day(2026, 7, 2))
    assert second.invoices.count() == 4

    # July: all that is open is paid at once; then two months of outage are caught up in one go.
    fund(bob, 20_000_000, at=day(2026, 7, 2))
    open_invoices = list(Invoice.objects.open().values_list("pk", flat=True))
    pay_invoices_from_wallet(bob.pk, open_invoices, actor=owner_of(bob), at=day(2026, 7, 2))
    assert not Invoice.objects.open().exists()
    let_days_pass(day(2026, 9, 30, 23), day(2026, 10, 2))
    assert {i.period_key for i in server.invoices.filter(period_key__gte="2026-07")} == {
        "2026-07",
        "2026-08",
        "2026-09",
    }

    # 16 November at midnight he becomes prepaid: the usage of 15 days (260,000) is invoiced, three days to pay ahead.
    let_days_pass(day(2026, 10, 2), day(2026, 11, 16, 0))
    switch_mode(bob, "prepaid", at=day(2026, 11, 16, 0))
    assert Invoice.objects.get(period_key__startswith="2026-11/").total == 260_000
    bob.refresh_from_db()
    renew(fresh(server), at=day(2026, 11, 18), months=3)
    assert fresh(server).paid_until == day(2026, 11, 16, 0) + 90 * DAY

    # And back on 1 December: the paid time is kept, then postpaid usage begins in that very minute.
    switch_mode(bob, "postpaid", reason="and back", at=day(2026, 12, 1))
    let_days_pass(day(2026, 12, 1), day(2027, 3, 1, 13))
    server = fresh(server)
    assert (server.state, server.billing_mode) == (State.ACTIVE, "postpaid")
    february = server.invoices.get(period_key="2027-02")
    assert february.period_start == day(2026, 11, 16, 0) + 90 * DAY == day(2027, 2, 14, 0)
    assert february.total == 260_000, "15 days of large"
    assert_every_minute_is_billed_once(server, until=day(2027, 3, 1, 0))


def assert_every_minute_is_billed_once(resource: Resource, *, until: datetime) -> None:
    """Invoices cover the service periods without gap and overlap, minute for minute."""
    used = sum(
        (min(p.ends_at or until, until) - p.starts_at for p in ServicePeriod.objects.filter(resource=resource)),
        start=timedelta(),
    )
    lines = [line for invoice in resource.invoices.prefetch_related("lines") for line in invoice.lines.all()]
    cut = sum((i.period_end - i.covered_until for i in resource.invoices.all()), start=timedelta())
    assert sum((line.ends_at - line.starts_at for line in lines), start=timedelta()) - cut == used
