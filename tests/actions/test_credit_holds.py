"""Credit that is held for what prepaid resources use: how much, when it changes, and how the bill of the month takes it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Customer
from catalog.models import Item, Product
from invoices.models import Hold, Invoice
from invoices.services.holds import end_hold, place_hold
from invoices.services.month_end import bill_ended_months
from invoices.services.questions import explain_to_customer, question_line
from kernel.periods import CalendarMonth
from ledger.grants import grant_promotional
from ledger.models import CreditHold
from ledger.services import wallet_of
from lifecycle.models import Resource
from notifications.models import Notice
from orders.services.delete import delete_resource
from payments.models import Payment, UsageHold
from payments.services import use_credit
from payments.services.correct import correct_invoice
from payments.services.invoices import pay_invoices_from_wallet
from payments.services.owed import settle_what_is_owed
from payments.services.use_bills import pay_all_use
from payments.services.use_credit import hold_for_all
from payments.services.use_holds import Cover, hold_for
from tests.actions.books import nothing_changes
from tests.actions.test_usage_intake import take, use
from tests.cast import DAY, JOB, STAFF, create, fresh, fund, make_customer, make_metered, owner_of, renew, switch_mode

pytestmark = pytest.mark.django_db
MARCH = CalendarMonth(2026, 3)
BEGIN, OVER = MARCH.period.starts_at, MARCH.period.ends_at


def on(day: int, hour: int = 12) -> datetime:
    """Of March, by the clock of the billing zone."""
    return BEGIN + timedelta(days=day - 1, hours=hour)


@pytest.fixture
def traffic(vserver: Product) -> Item:
    """500 ₫ a GB, VAT included."""
    return make_metered(vserver, "traffic", 500)


@pytest.fixture
def server(alice: Customer, small: Item, traffic: Item) -> Resource:
    """Paid until the 31st; 9,819,000 are left."""
    return create(alice, small, at=BEGIN)[0]


def report(server: Resource, key: str, quantity: Any, day: int, hour: int = 12, **more: Any) -> None:
    at = on(day, hour)
    outcomes = take(server, use(server, key, quantity, used_at=at, **more), at=max(at, fresh(server).changed_at))
    assert outcomes[0] in {"accepted", "late"}


def hold(at: datetime) -> int:
    """The job of the morning; what is held by now of everybody."""
    assert hold_for_all(actor=JOB, at=at).failed == 0
    return sum(CreditHold.objects.filter(ended_at=None).values_list("amount", flat=True))


def parts() -> list[tuple[str, int, int, int]]:
    """(month, so far, ahead, held) of the open holds."""
    rows = UsageHold.objects.open().order_by("month", "id")
    return list(rows.values_list("month", "so_far", "ahead", "hold__amount"))


def bill(month: CalendarMonth = MARCH) -> None:
    bill_ended_months(actor=JOB, at=month.period.ends_at)


def pay(at: datetime = OVER) -> None:
    assert pay_all_use(actor=JOB, at=at).failed == 0


# --- How much ---


def test_what_adds_up_goes_on_as_on_the_latest_day(server: Resource) -> None:
    """14 GB so far, 4 of them since yesterday noon: three more such days are 12."""
    report(server, "a", 10, 9)
    report(server, "b", 4, 12, 6)
    hold(on(12))
    assert parts() == [("2026-03", 7_000, 6_000, 13_000)]
    assert wallet_of(server.customer_id).available == 10_000_000 - 181_000 - 13_000


def test_of_what_its_item_says_only_what_was_used_is_held(server: Resource, traffic: Item) -> None:
    Item.objects.filter(pk=traffic.pk).update(is_held_ahead=False)
    report(server, "a", 14, 12, 6)
    hold(on(12))
    assert parts() == [("2026-03", 7_000, 0, 7_000)]


def test_a_level_goes_on_as_it_is_until_its_resource_ends(alice: Customer, small: Item, vserver: Product) -> None:
    """100 GB at 7.7 an hour: 18,480 a day. Paid until noon of the 31st, there is one day ahead."""
    make_metered(vserver, "traffic", "7.7", aggregation="time_weighted", unit="GB-hour")
    [server] = create(alice, small, at=on(1))
    report(server, "a", 100, 10)
    hold(on(11))
    assert parts() == [("2026-03", 18_480, 55_440, 73_920)]
    hold(on(30))
    assert parts() == [("2026-03", 20 * 18_480, 18_480, 21 * 18_480)]


def test_days_ahead_reach_over_the_end_of_the_month(alice: Customer, small: Item, vserver: Product) -> None:
    make_metered(vserver, "traffic", "7.7", aggregation="time_weighted", unit="GB-hour")
    [server] = create(alice, small, at=on(1), months=3)
    report(server, "a", 100, 30)
    hold(on(31))
    assert parts() == [("2026-03", 18_480, 55_440, 73_920)]


@pytest.mark.parametrize("aggregation", ["max", "last"])
def test_a_level_of_the_month_costs_no_more_by_lasting(
    alice: Customer, small: Item, vserver: Product, aggregation: str
) -> None:
    make_metered(vserver, "traffic", 500, aggregation=aggregation)
    [server] = create(alice, small, at=BEGIN)
    report(server, "a", 14, 10)
    hold(on(11))
    assert parts() == [("2026-03", 7_000, 0, 7_000)]


def test_what_is_included_is_not_held_and_tiers_are_those_of_the_bill(
    alice: Customer, small: Item, vserver: Product
) -> None:
    """100 GB are included. 90 so far, 30 a day since: 80 of the 90 ahead cost something."""
    make_metered(vserver, "traffic", 500, included=100)
    [server] = create(alice, small, at=BEGIN)
    report(server, "a", 60, 9)
    hold(on(11))
    assert parts() == []
    report(server, "b", 30, 12, 6)
    hold(on(12))
    assert parts() == [("2026-03", 0, 40_000, 40_000)]


def test_nothing_is_held_before_anything_was_used_and_then_at_least_what_the_item_says(
    server: Resource, traffic: Item
) -> None:
    Item.objects.filter(pk=traffic.pk).update(least_held=100, is_held_ahead=False)
    assert hold(on(2)) == 0
    report(server, "a", "0.1", 2)
    hold(on(3))
    assert parts() == [("2026-03", 50, 50, 100)]


def test_time_that_is_billed_afterwards_holds_nothing(bob: Customer, small: Item, traffic: Item) -> None:
    fund(bob, 1_000_000)
    [server] = create(bob, small, at=BEGIN)
    report(server, "a", 10, 9)
    assert hold(on(12)) == 0


def test_what_has_no_price_is_not_held(alice: Customer, small: Item, vserver: Product) -> None:
    make_metered(vserver, "traffic", 500, valid_until=on(5))
    [server] = create(alice, small, at=BEGIN)
    report(server, "a", 10, 9)
    assert hold(on(12)) == 0


# --- When it changes ---


def test_each_amount_is_a_hold_of_its_own_that_ends_once(server: Resource) -> None:
    report(server, "a", 10, 2)
    hold(on(4))
    with nothing_changes():
        hold(on(5))
    report(server, "b", 4, 6)
    hold(on(8))
    assert list(CreditHold.objects.order_by("pk").values_list("amount", "ended_as", "ended_at")) == [
        (5_000, "released", on(8)),
        (7_000, "", None),
    ]


def test_a_use_that_is_taken_back_is_held_no_more(server: Resource) -> None:
    report(server, "a", 10, 2)
    hold(on(4))
    report(server, "b", None, 2, corrects="a")
    assert hold(on(5)) == 0


def test_no_more_is_held_than_there_is(small: Item, traffic: Item) -> None:
    """190,000 less the server's 181,000: of the 13,000 that its use needs 9,000 are held, and nothing can be spent."""
    poor = make_customer("Poor", credit=190_000)
    [server] = create(poor, small, at=BEGIN)
    report(server, "a", 10, 9)
    report(server, "b", 4, 12, 6)
    hold(on(12))
    assert parts() == [("2026-03", 7_000, 6_000, 9_000)]
    assert (wallet_of(poor.pk).available, wallet_of(poor.pk).held) == (0, 9_000)
    fund(poor, 5_000)
    hold(on(12, 13))
    assert parts() == [("2026-03", 7_000, 6_000, 13_000)]
    assert wallet_of(poor.pk).available == 1_000


def test_promotional_credit_is_not_held(small: Item, traffic: Item) -> None:
    poor = make_customer("Poor", credit=181_000)
    [server] = create(poor, small, at=BEGIN)
    grant_promotional(poor, 50_000, expires_at=OVER + 30 * DAY, reason="welcome", at=BEGIN)
    report(server, "a", 10, 9)
    assert hold(on(12)) == 0
    assert wallet_of(poor.pk).available == 50_000


def test_what_continues_as_postpaid_is_held_no_more(server: Resource, alice: Customer) -> None:
    report(server, "a", 10, 2)
    assert hold(on(4)) == 5_000
    switch_mode(alice, "postpaid", at=on(5))
    assert hold(on(6)) == 5_000, "its time is still paid ahead"
    bill_ended_months(actor=JOB, at=OVER)
    assert (fresh(server).is_prepaid, hold(OVER + DAY / 2)) == (False, 0)


def test_the_work_does_not_grow_with_the_customers(small: Item, traffic: Item) -> None:
    def queries(count: int, at: datetime) -> int:
        for _each in range(count):
            [server] = create(make_customer(credit=1_000_000), small, at=BEGIN)
            report(server, "a", 10, 2)
        with CaptureQueriesContext(
            connection,
        ) as captured:
            hold(at)
        return len(captured)

    assert queries(1, on(4)) == queries(3, on(5))


# --- The bill ---


def test_the_bill_of_the_month_is_paid_from_what_is_held(server: Resource, alice: Customer) -> None:
    """14 GB: 7,000. 1,000 more were held for the last half of a day: they are free again."""
    report(server, "a", 10, 9)
    report(server, "b", 4, 30, 11)
    assert hold(on(30)) == 8_000
    bill()
    invoice = Invoice.objects.of_paid_time().get()
    assert (invoice.total, invoice.status, invoice.is_of_paid_time) == (7_000, "unpaid", True)
    assert (invoice.period_start, invoice.period_end) == (BEGIN, server.paid_until)
    pay()
    invoice.refresh_from_db()
    assert (invoice.status, wallet_of(alice.pk).held, wallet_of(alice.pk).credit) == ("paid", 0, 9_812_000)
    assert CreditHold.objects.get().ended_as == "captured"
    with nothing_changes():
        pay(OVER + DAY)
        hold(OVER + DAY)


def test_what_is_held_does_not_cover_is_paid_from_what_is_available(server: Resource, alice: Customer) -> None:
    report(server, "a", 10, 9)
    hold(on(12))
    report(server, "b", 30, 30)
    bill()
    pay()
    assert (Invoice.objects.of_paid_time().get().status, wallet_of(alice.pk).credit) == ("paid", 9_819_000 - 20_000)
    payment = Payment.objects.latest("created_at")
    assert (payment.amount, payment.means, payment.kind) == (20_000, "wallet", "invoice")


def test_what_neither_covers_is_a_debt_that_is_told(small: Item, traffic: Item) -> None:
    """9,000 of 20,000 are there. What comes in later pays the rest, though nothing else is paid by itself."""
    poor = make_customer("Poor", credit=190_000, pays_invoices_automatically=False)
    [server] = create(poor, small, at=BEGIN)
    report(server, "a", 10, 9)
    hold(on(12))
    report(server, "b", 30, 30)
    bill()
    pay()
    invoice = Invoice.objects.of_paid_time().get()
    assert (invoice.status, invoice.paid, invoice.due) == ("partially_paid", 9_000, 11_000)
    told = Notice.objects.get(kind=Notice.Kind.INVOICE_PARTIALLY_PAID)
    assert (told.facts["amount"], told.facts["due"]) == (9_000, 11_000)
    fund(poor, 20_000)
    settle_what_is_owed(poor.pk, actor=JOB, at=OVER + DAY)
    invoice.refresh_from_db()
    assert (invoice.status, wallet_of(poor.pk).credit) == ("paid", 9_000)


def test_what_is_held_for_one_bill_is_not_taken_by_another(small: Item, traffic: Item) -> None:
    """Two servers. 1,000 are held for the first, which costs 20,000 in the end, and 10,000 for the second. 500 more are there."""
    poor = make_customer("Poor", credit=2 * 181_000 + 11_500)
    first, second = create(poor, small, at=BEGIN, quantity=2)
    report(first, "a", 2, 9)
    report(second, "a", 20, 9)
    hold(on(12))
    report(first, "b", 38, 30)
    bill()
    pay()
    paid = {invoice.resource_id: invoice.paid for invoice in Invoice.objects.of_paid_time()}
    assert paid == {first.pk: 1_500, second.pk: 10_000}


def test_after_deletion_what_was_used_stays_held_until_it_is_billed(server: Resource, alice: Customer) -> None:
    report(server, "a", 10, 9)
    report(server, "b", 4, 12, 6)
    hold(on(12))
    delete_resource(server.pk, actor=owner_of(alice), at=on(12, 13))
    hold(on(13))
    assert parts() == [("2026-03", 7_000, 0, 7_000)]
    assert not Invoice.objects.of_paid_time().exists()
    bill()
    pay()
    invoice = Invoice.objects.of_paid_time().get()
    assert (invoice.total, invoice.status, invoice.period_end) == (7_000, "paid", on(12, 13))
    assert hold(OVER + DAY) == 0


def test_until_the_month_is_billed_its_use_stays_held(server: Resource) -> None:
    report(server, "a", 10, 9)
    assert hold(OVER + timedelta(minutes=5)) == 5_000


def test_what_is_reported_late_is_billed_and_paid_with_the_next_month_end(server: Resource, alice: Customer) -> None:
    report(server, "a", 10, 9)
    bill()
    pay()
    assert take(server, use(server, "late", 4, used_at=on(10)), at=OVER + 5 * DAY) == ["late"]
    hold(OVER + 6 * DAY)
    assert parts() == [("2026-03", 2_000, 0, 2_000)]
    bill(MARCH.following)
    pay(MARCH.following.period.ends_at)
    assert sorted(Invoice.objects.of_paid_time().values_list("total", "status")) == [(2_000, "paid"), (5_000, "paid")]
    assert wallet_of(alice.pk).held == 0


def test_nothing_is_taken_while_staff_have_put_that_on_hold(server: Resource, alice: Customer) -> None:
    report(server, "a", 10, 9)
    hold(on(12))
    bill()
    rests = place_hold(
        alice.pk, Hold.Kind.NO_AUTOMATIC_PAYMENT, until=OVER + 9 * DAY, reason="asked", actor=STAFF, at=OVER
    )
    with nothing_changes():
        pay()
    assert hold(OVER + DAY / 2) == 5_000, "it is still for the bill"
    assert parts() == [("2026-03", 5_000, 0, 5_000)]
    end_hold(rests.pk, reason="settled", actor=STAFF, at=OVER + DAY)
    pay(OVER + DAY)
    assert Invoice.objects.of_paid_time().get().status == "paid"


def test_what_is_questioned_is_not_taken(server: Resource, alice: Customer) -> None:
    report(server, "a", 10, 9)
    bill()
    invoice = Invoice.objects.of_paid_time().get()
    question_line(alice.pk, invoice.pk, 1, text="So much?", actor=owner_of(alice), at=OVER)
    pay()
    invoice.refresh_from_db()
    assert invoice.paid == 0


def test_what_is_questioned_stays_held_until_it_is_answered(server: Resource, alice: Customer) -> None:
    report(server, "a", 10, 9)
    hold(on(12))
    bill()
    invoice = Invoice.objects.of_paid_time().get()
    question = question_line(alice.pk, invoice.pk, 1, text="So much?", actor=owner_of(alice), at=OVER)
    pay()
    assert hold(OVER + DAY / 2) == 5_000
    with nothing_changes():
        hold(OVER + DAY)
    explain_to_customer(question.pk, "Yes.", actor=STAFF, at=OVER + DAY)
    pay(OVER + DAY)
    invoice.refresh_from_db()
    assert (invoice.status, hold(OVER + 2 * DAY), wallet_of(alice.pk).credit) == ("paid", 0, 9_814_000)


def test_what_is_credited_is_held_no_more(server: Resource, alice: Customer) -> None:
    report(server, "a", 10, 9)
    hold(on(12))
    bill()
    invoice = Invoice.objects.of_paid_time().get()
    question_line(alice.pk, invoice.pk, 1, text="So much?", actor=owner_of(alice), at=OVER)
    correct_invoice(invoice.pk, 2_000, note="too much", actor=STAFF, at=OVER + DAY / 2)
    assert hold(OVER + DAY) == 3_000
    assert parts() == [("2026-03", 3_000, 0, 3_000)]


def test_of_a_bill_only_what_is_paid_is_captured(alice: Customer, small: Item, vserver: Product, traffic: Item) -> None:
    """Traffic for 5,000 and requests for 2,000. The requests are questioned: 5,000 are paid, and 2,000 are held again at once."""
    make_metered(vserver, "requests", 100)
    [server] = create(alice, small, at=BEGIN)
    report(server, "a", 10, 9)
    at = on(9)
    assert take(server, use(server, "b", 20, item="requests", used_at=at), at=at) == ["accepted"]
    hold(on(14))
    bill()
    invoice = Invoice.objects.of_paid_time().get()
    line = invoice.lines.get(total=2_000)
    question_line(alice.pk, invoice.pk, line.position, text="So much?", actor=owner_of(alice), at=OVER)
    pay()
    invoice.refresh_from_db()
    assert (invoice.paid, invoice.due) == (5_000, 2_000)
    assert list(CreditHold.objects.order_by("pk").values_list("amount", "ended_as")) == [
        (7_000, "captured"),
        (2_000, ""),
    ]
    with nothing_changes():
        hold(OVER + DAY)


def test_a_customer_pays_a_bill_from_what_is_held_for_it(small: Item, traffic: Item) -> None:
    """All credit is held for the bill that is questioned: it pays that bill, and nothing else."""
    poor = make_customer("Poor", credit=186_000)
    [server] = create(poor, small, at=BEGIN)
    report(server, "a", 10, 9)
    hold(on(12))
    bill()
    invoice = Invoice.objects.of_paid_time().get()
    question_line(poor.pk, invoice.pk, 1, text="So much?", actor=owner_of(poor), at=OVER)
    hold(OVER + DAY)
    assert wallet_of(poor.pk).available == 0
    pay_invoices_from_wallet(poor.pk, [invoice.pk], amount=3_000, actor=owner_of(poor), at=OVER + DAY)
    assert (wallet_of(poor.pk).held, wallet_of(poor.pk).available) == (2_000, 0)
    pay_invoices_from_wallet(poor.pk, [invoice.pk], actor=owner_of(poor), at=OVER + DAY)
    invoice.refresh_from_db()
    assert (invoice.status, wallet_of(poor.pk).held, wallet_of(poor.pk).credit) == ("paid", 0, 0)


def test_in_the_month_of_the_switch_what_is_held_pays_the_bill(bob: Customer, small: Item, traffic: Item) -> None:
    """Postpaid until the 3rd, then paid ahead for a month: the 7,000 of the use since are held and paid, and nothing else is."""
    [server] = create(bob, small, at=BEGIN)
    switch_mode(bob, "prepaid", at=on(3))
    fund(bob, 1_000_000)
    renew(fresh(server), at=on(3, 13))
    report(server, "a", 14, 10)
    assert hold(on(12)) == 7_000
    bill()
    pay()
    invoice = Invoice.objects.of_paid_time().get()
    assert (invoice.resource_id, invoice.total, invoice.status) == (server.pk, 7_000, "paid")
    assert CreditHold.objects.get().ended_as == "captured"


def test_one_customer_who_fails_leaves_the_others_their_holds(
    small: Item, traffic: Item, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ill, well = make_customer("Ill", credit=1_000_000), make_customer("Well", credit=1_000_000)
    for customer in (ill, well):
        [server] = create(customer, small, at=BEGIN)
        report(server, "a", 10, 9)

    def fails_for_one(customers: Sequence[Customer], *, at: datetime) -> list[Cover]:
        covers = hold_for(customers, at=at)
        if ill in customers:
            raise ArithmeticError
        return covers

    monkeypatch.setattr(use_credit, "hold_for", fails_for_one)
    assert hold_for_all(actor=JOB, at=on(12)).failed == 1
    assert (wallet_of(ill.pk).held, wallet_of(well.pk).held) == (0, 5_000)
    assert "one by one" in caplog.text
