"""What is metered on the bill: of the month, at deletion and at a switch, and what is reported late. Every record once."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.utils.translation import override

from accounts.models import Customer
from billing_portal.auditor import violations
from catalog.models import Discount, Item, Price, Product
from invoices.models import BillingRun, CreditNote, Invoice, InvoiceLine, ParkedBilling, UseTakenBack
from invoices.pdf import credit_note_pdf
from invoices.services.again import BilledAgainAlready, NothingLeft, bill_again
from invoices.services.forecast import dry_run
from invoices.services.issue import next_numbers
from invoices.services.month_end import bill_ended_months, run_month_end
from invoices.services.questions import question_is_justified, question_line
from invoices.services.release import release
from invoices.usage import lines_of_month
from invoices.vat import vat_ledger
from kernel.periods import CalendarMonth
from ledger.services import wallet_of
from lifecycle.models import Resource
from notifications.models import Notice
from orders.services.delete import delete_resource
from payments.services.correct import correct_invoice
from payments.services.invoices import pay_invoices_from_wallet
from tests.actions.books import nothing_changes, refused
from tests.actions.test_usage_intake import take, use
from tests.cast import (
    DAY,
    JOB,
    STAFF,
    create,
    fresh,
    fund,
    make_customer,
    make_metered,
    owner_of,
    switch_mode,
    taxed_at,
)
from tests.documents.reading import text_of
from tests.owner import as_owner

pytestmark = pytest.mark.django_db
MARCH, APRIL, MAY = (CalendarMonth(2026, month) for month in (3, 4, 5))
BEGIN, OVER = MARCH.period.starts_at, MARCH.period.ends_at
TIERS = {
    "tiering": "graduated", "tier_from": [Decimal(1000)], "tier_prices": [Decimal(450)], "included": Decimal(100),
}  # fmt: skip


def on(day: int, hour: int = 12) -> datetime:
    """Of March, by the clock of the billing zone."""
    return BEGIN + timedelta(days=day - 1, hours=hour)


@pytest.fixture
def traffic(vserver: Product) -> Item:
    """500 ₫ a GB, VAT included."""
    return make_metered(vserver, "traffic", 500)


@pytest.fixture
def server(bob: Customer, small: Item, traffic: Item) -> Resource:
    """181,000 per 30 days: 187,033 for March."""
    return create(bob, small, at=BEGIN)[0]


def report(
    server: Resource, key: str, quantity: Any, *, day: int = 10, at: datetime = OVER - DAY / 24, **more: Any
) -> None:
    outcomes = take(server, use(server, key, quantity, used_at=on(day), **more), at=at)
    assert outcomes[0] in {"accepted", "late"}


def bill(month: CalendarMonth = MARCH) -> list[BillingRun]:
    return bill_ended_months(actor=JOB, at=month.period.ends_at)


def leave(server: Resource, at: datetime) -> None:
    delete_resource(server.pk, actor=owner_of(server.customer), at=at)


def uses() -> list[tuple[Any, ...]]:
    """(number, before, quantity, amount before, amount, VAT) of the lines of use, as they were issued."""
    lines = InvoiceLine.objects.filter(per_minutes=0).order_by("pk")
    return list(
        lines.values_list("invoice__period_key", "quantity_before", "quantity", "amount_before", "amount", "tax")
    )


def test_the_bill_of_a_month_has_a_line_for_what_was_used_of_an_item(server: Resource) -> None:
    """3.25 GB at 500 are 1,625, of which a eleventh is VAT: 147.7."""
    report(server, "a", "1.25", day=1)
    report(server, "b", 2, day=31)
    bill()
    invoice = server.invoices.get()
    assert (invoice.total, invoice.period_key, invoice.is_late) == (187_033 + 1_625, "2026-03", False)
    line = invoice.lines.get(per_minutes=0)
    assert (line.name, line.unit, line.position, line.starts_at, line.ends_at) == ("traffic", "GB", 2, BEGIN, OVER)
    assert uses() == [("2026-03", 0, Decimal("3.25"), 0, 1_625, 148)]
    with nothing_changes():
        run_month_end(MARCH, actor=JOB, at=OVER + DAY)


def test_what_is_included_costs_nothing_and_stands_on_the_bill(bob: Customer, small: Item, vserver: Product) -> None:
    """100 GB are included, 1,000 more cost 500, and 50 of the next tier 450."""
    make_metered(vserver, "traffic", 500, **TIERS)
    few, many = create(bob, small, at=BEGIN, quantity=2)
    report(few, "a", 100)
    report(many, "a", 1_150)
    bill()
    assert sorted(uses()) == [("2026-03", 0, 100, 0, 0, 0), ("2026-03", 0, 1_150, 0, 522_500, 47_500)]


def test_nothing_used_is_no_line(server: Resource) -> None:
    report(server, "a", 0)
    bill()
    assert (server.invoices.get().total, uses()) == (187_033, [])


@pytest.mark.parametrize(
    ("aggregation", "quantity"),
    [("sum", 17), ("max", 10), ("last", 2), ("unique", 2), ("time_weighted", 10 * 24 + 5 * 24 + (12 + 19 * 24) * 2)],
)
def test_uses_become_the_quantity_that_the_item_says(
    bob: Customer, small: Item, vserver: Product, aggregation: str, quantity: int
) -> None:
    """10 from noon of the tenth, 5 from the eleventh, 2 from the twelfth to the end: 10 and 5 for a day each, 2 for 468 hours."""
    make_metered(vserver, "traffic", 500, aggregation=aggregation)
    [server] = create(bob, small, at=BEGIN)
    for day, level in ((12, 2), (10, 10), (11, 5)):
        more = {"subject": "lan" if day > 10 else "minh"} if aggregation == "unique" else {}
        report(server, f"d{day}", level, day=day, **more)
    bill()
    assert [line[2] for line in uses()] == [quantity]


def test_a_level_lasts_no_longer_than_its_resource(bob: Customer, small: Item, vserver: Product) -> None:
    """100 GB at 7.7 an hour from noon of the tenth to noon of the eleventh: 18,480."""
    make_metered(vserver, "traffic", "7.7", aggregation="time_weighted", unit="GB-hour")
    [server] = create(bob, small, at=BEGIN)
    report(server, "a", 100, at=on(10, 13))
    leave(server, on(11))
    bill()
    assert [(line[2], line[4]) for line in uses()] == [(2_400, 18_480)]


@pytest.mark.parametrize("aggregation", ["last", "time_weighted"])
def test_a_correction_stands_in_the_place_of_what_it_corrects(
    bob: Customer, small: Item, vserver: Product, aggregation: str
) -> None:
    """Within a minute a level of 5 and then none; and at one instant too. The 5 were 6, and then 7, whenever that is said."""
    make_metered(vserver, "traffic", 500, aggregation=aggregation)
    for begin, end in ((10, 50), (20, 20)):
        [server] = create(bob, small, at=BEGIN)
        first, last = (on(10) + timedelta(seconds=second) for second in (begin, end))
        for key, level, at, corrects in (
            ("a", 5, first, ""),
            ("b", 0, last, ""),
            ("c", 6, first, "a"),
            ("d", 7, first, "c"),
        ):
            assert take(server, use(server, key, level, used_at=at, corrects=corrects), at=OVER - DAY) == ["accepted"]
    bill()
    assert uses() == []


def test_what_is_sent_later_is_in_its_place(bob: Customer, small: Item, vserver: Product) -> None:
    make_metered(vserver, "traffic", 500, aggregation="last")
    [server] = create(bob, small, at=BEGIN)
    for key, level, second in (("b", 9, 50), ("a", 5, 10)):
        take(server, use(server, key, level, used_at=on(10) + timedelta(seconds=second)), at=OVER - DAY)
    bill()
    assert [line[2] for line in uses()] == [9]


def test_what_was_corrected_in_time_is_billed_as_corrected(server: Resource) -> None:
    for key, quantity, corrects in (("a", 5, ""), ("b", 3, "a"), ("c", 9, ""), ("d", None, "c")):
        report(server, key, quantity, corrects=corrects)
    bill()
    assert [line[2] for line in uses()] == [3]


def test_a_deletion_bills_what_was_used_and_the_month_end_what_is_reported_after_it(server: Resource) -> None:
    """Ten and a half days of 30 at 181,000: 63,350. The report of the last hour comes when the server is gone."""
    report(server, "a", 4, at=on(11))
    leave(server, on(11))
    assert server.invoices.get().total == 63_350 + 2_000
    assert take(fresh(server), use(server, "b", 2, used_at=on(11)), at=on(11, 13)) == ["accepted"]
    bill()
    first, second = server.invoices.order_by("number")
    assert (second.is_late, second.total, second.period_start, second.period_end) == (True, 1_000, BEGIN, on(11))
    assert [line[1:5] for line in uses()] == [(0, 4, 0, 2_000), (4, 2, 2_000, 1_000)]
    assert first.covered_until == second.covered_until == on(11)
    with nothing_changes():
        run_month_end(MARCH, actor=JOB, at=OVER + DAY)


@pytest.mark.breaks_the_books
def test_who_leaves_with_the_month_has_used_nothing_of_the_next(server: Resource) -> None:
    """Service ends with the minute, and March with it. What is stamped ten seconds later lies in April: bills and auditor leave it out."""
    leave(server, OVER + timedelta(seconds=30))
    within = OVER + timedelta(seconds=10)
    assert take(fresh(server), use(server, "a", 1, used_at=within), at=OVER + DAY) == ["accepted"]
    bill()
    bill(APRIL)
    assert (uses(), violations()) == ([], [])


def test_what_is_used_in_the_trash_is_not_billed(server: Resource) -> None:
    leave(server, on(11))
    report(fresh(server), "a", 5, day=12)
    bill()
    assert uses() == []


def test_two_bills_of_a_month_add_up_to_it_with_vat_on_top(bob: Customer, small: Item, vserver: Product) -> None:
    """1 + 1 units at 5 without VAT: 10, and 1 of VAT. The first bill has 5 and, rounded half up, that 1 already."""
    make_metered(vserver, "traffic", 5, includes_vat=False)
    [server] = create(bob, small, at=BEGIN)
    report(server, "a", 1, at=on(11))
    leave(server, on(11))
    report(fresh(server), "b", 1)
    bill()
    assert [line[4:] for line in uses()] == [(5, 1), (5, 0)]


def test_price_and_discount_hold_all_month_as_its_first_bill_has_them(
    bob: Customer, small: Item, vserver: Product
) -> None:
    """500 GB at 500, at most 300,000: 250,000. Neither half off from mid-month nor a dearer price is for what follows: 50,000."""
    item = make_metered(vserver, "traffic", 500, cap=300_000, valid_until=on(15))
    Price.objects.create(item=item, unit_price=900, per_minutes=0, valid_from=on(15))
    [server] = create(bob, small, at=BEGIN)
    report(server, "a", 500, at=on(14))
    leave(server, on(14))
    Discount.objects.create(customer=bob, product=vserver, share=Decimal("0.5"), valid_from=on(15))
    report(fresh(server), "b", 500, day=14)
    bill()
    assert [line[3:5] for line in uses()] == [(0, 250_000), (250_000, 50_000)]


def test_a_month_is_priced_as_its_use_began(bob: Customer, small: Item, vserver: Product) -> None:
    """The item is sold from the fifth on at 500, and from the fifteenth at 900 less half: use began on the tenth, at 500."""
    item = make_metered(vserver, "traffic", 500, valid_from=on(5), valid_until=on(15))
    Price.objects.create(item=item, unit_price=900, per_minutes=0, valid_from=on(15))
    Discount.objects.create(customer=bob, product=vserver, share=Decimal("0.5"), valid_from=on(15))
    [server] = create(bob, small, at=BEGIN)
    report(server, "b", 2, day=20)
    report(server, "a", 1, day=10)
    bill()
    assert [line[4] for line in uses()] == [1_500]


def test_a_switch_bills_what_was_used_until_then(server: Resource, bob: Customer) -> None:
    report(server, "a", 4, at=on(11))
    switch_mode(bob, "prepaid", at=on(11))
    assert [line[2:5] for line in uses()] == [(4, 0, 2_000)]
    report(fresh(server), "b", 7, day=12, at=on(13))  # in prepaid time
    bill()
    assert len(uses()) == 1


def test_use_without_a_price_holds_its_resource_and_no_door(bob: Customer, small: Item, vserver: Product) -> None:
    make_metered(vserver, "traffic", 500, valid_until=on(5))
    [server] = create(bob, small, at=BEGIN)
    report(server, "a", 4, at=on(11))
    leave(server, on(11))
    held = ParkedBilling.objects.get()
    assert (held.cause, held.reason, server.invoices.exists()) == ("no-price", "traffic", False)
    Price.objects.create(item=Item.objects.get(code="traffic"), unit_price=500, per_minutes=0, valid_from=on(5))
    release(held.pk, reason="priced", actor=STAFF, at=on(12))
    assert server.invoices.get().total == 63_350 + 2_000
    bill()
    assert len(uses()) == 1


@pytest.mark.parametrize(("price", "quantity"), [(500, 999_999_999_999), ("0.000001", 999_999_999_999)])
def test_what_no_bill_can_say_is_held_and_closes_no_door(
    bob: Customer, small: Item, vserver: Product, price: int | str, quantity: int
) -> None:
    """More than 10^12 đồng, or as many units: a slip of the team's program."""
    make_metered(vserver, "traffic", price)
    [server] = create(bob, small, at=BEGIN)
    report(server, "a", quantity, at=on(11))
    report(server, "b", quantity, at=on(11))
    leave(server, on(11))
    held = ParkedBilling.objects.get()
    assert (held.cause, server.invoices.exists()) == ("outlier", False)
    for key in "ab":
        report(fresh(server), f"no-{key}", 1, corrects=key)
    bill()
    release(held.pk, reason="corrected", actor=STAFF, at=OVER + DAY)
    assert [line[2] for line in uses()] == [2]


def test_a_dry_run_counts_what_was_used(server: Resource) -> None:
    report(server, "a", 4)
    with nothing_changes():
        assert dry_run(MARCH).total == 187_033 + 2_000


# --- Reported late ---


def test_what_is_reported_late_is_billed_with_the_next_month_end_of_its_own_month(
    bob: Customer, small: Item, vserver: Product
) -> None:
    """1,090 GB of March were billed, 100 of them included; 20 more reach the next tier: 10 at 500 and 10 at 450."""
    make_metered(vserver, "traffic", 500, **TIERS)
    [server] = create(bob, small, at=BEGIN)
    report(server, "a", 1_090)
    bill()
    assert take(server, use(server, "late", 20, used_at=on(10)), at=OVER + 5 * DAY) == ["late"]
    with nothing_changes():
        bill_ended_months(actor=JOB, at=OVER + 6 * DAY)
    runs = bill(APRIL)
    assert [(run.month, run.state) for run in runs] == [("2026-03", "done"), ("2026-04", "done")]
    correction = server.invoices.get(is_late=True)
    assert (correction.total, correction.period_start, correction.period_end) == (9_500, BEGIN, OVER)
    assert correction.issued_at == APRIL.period.ends_at
    assert [line[1:5] for line in uses()] == [(0, 1_090, 0, 495_000), (1_090, 20, 495_000, 9_500)]
    assert server.invoices.get(period_key="2026-04").total == 181_000
    with nothing_changes():
        bill_ended_months(actor=JOB, at=APRIL.period.ends_at + DAY)
        run_month_end(MARCH, actor=JOB, at=APRIL.period.ends_at + DAY)


def test_what_is_late_goes_on_being_billed_month_by_month(server: Resource) -> None:
    report(server, "a", 1)
    bill()
    report(server, "b", 2, at=OVER + DAY)
    bill(APRIL)
    report(server, "c", 3, at=APRIL.period.ends_at + DAY)
    bill(MAY)
    assert [line[1:3] for line in uses()] == [(0, 1), (1, 2), (3, 3)]


@pytest.mark.breaks_the_books
def test_who_is_killed_between_closing_a_month_and_planning_it_loses_nothing(
    server: Resource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """20 GB came late. Meanwhile nobody takes what is on no bill yet for forgotten; an hour later it is billed."""
    report(server, "a", 1)
    bill()
    report(server, "b", 20, at=OVER + DAY)

    def killed(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as there:
        there.setattr("invoices.services.month_end._plan", killed)
        with pytest.raises(SystemExit):
            bill(APRIL)
    assert violations() == []
    runs = bill_ended_months(actor=JOB, at=APRIL.period.ends_at + DAY / 24)
    assert [(run.month, run.state) for run in runs] == [("2026-03", "done"), ("2026-04", "done")]
    assert [line[1:3] for line in uses()] == [(0, 1), (1, 20)]


def test_late_use_of_a_resource_that_is_gone_is_billed_too(server: Resource) -> None:
    leave(server, on(20))
    bill()
    report(fresh(server), "a", 2, at=OVER + DAY)
    bill(APRIL)
    assert server.invoices.get(is_late=True).total == 1_000


def test_less_than_was_billed_is_credited(server: Resource, bob: Customer) -> None:
    """10 GB were billed at 5,000, and 6 were used. What was not paid is due no more."""
    report(server, "a", 10)
    bill()
    report(server, "b", 6, corrects="a", at=OVER + DAY)
    bill(APRIL)
    note = CreditNote.objects.get()
    assert (note.amount, note.refunded, note.reason, note.invoice.period_key) == (2_000, 0, "used_less", "2026-03")
    assert UseTakenBack.objects.get().quantity == 4
    with override("en"):
        assert "traffic: −4 GB" in text_of(credit_note_pdf(note)).replace("\xa0", " ")
    assert Invoice.objects.get(period_key="2026-03").due == 187_033 + 3_000
    assert Notice.objects.get(kind=Notice.Kind.INVOICE_CORRECTED).facts["month"] == "2026-03"
    with nothing_changes():
        run_month_end(MARCH, actor=JOB, at=APRIL.period.ends_at + DAY)


def test_the_usage_report_has_what_is_left_of_the_item(server: Resource) -> None:
    """187,033 for the time with 17,003 of VAT; of 5,000 for 10 GB with 455 are 3,000 with 273 left, and then nothing."""
    report(server, "a", 10)
    bill()
    report(server, "b", 6, corrects="a", at=OVER + DAY)
    bill(APRIL)
    found = lines_of_month(InvoiceLine.objects.order_by("position"), MARCH).values_list("month_total", "month_tax")
    assert list(found) == [(187_033, 17_003), (3_000, 273)]
    report(server, "c", None, corrects="b", at=APRIL.period.ends_at + DAY)
    bill(MAY)
    assert list(found.all()) == [(187_033, 17_003), (0, 0)]
    invoice = server.invoices.get(period_key="2026-03")
    correct_invoice(invoice.pk, 87_033, note="goodwill", actor=STAFF, at=MAY.period.ends_at + DAY)
    assert list(found.all()) == [(100_000, 9_091), (0, 0)]


def test_after_a_failure_all_are_billed_before_anybody_is_credited(
    bob: Customer, small: Item, traffic: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers of invoices before those of credit notes, as in every chunk: who works on another one waits, and no two for each other."""
    less, more = (create(customer, small, at=BEGIN)[0] for customer in (bob, make_customer("Bo", mode="postpaid")))
    for server in (less, more):
        report(server, "a", 10)
    bill()
    report(less, "b", 6, corrects="a", at=OVER + DAY)
    report(more, "b", 6, at=OVER + DAY)
    taken: list[str] = []

    def numbers(series: str, count: int, **when: Any) -> list[str]:
        taken.append(series)
        if len(taken) == 1:
            raise RuntimeError("the chunk as a whole")
        return next_numbers(series, count, **when)

    for module in ("issue", "credit"):
        monkeypatch.setattr(f"invoices.services.{module}.next_numbers", numbers)
    bill(APRIL)
    assert taken == ["U", "U", "C", "U"]
    assert CreditNote.objects.get().amount == 2_000


def test_what_was_paid_of_it_is_credit_again(server: Resource, bob: Customer) -> None:
    report(server, "a", 10)
    bill()
    fund(bob, 192_033)
    pay_invoices_from_wallet(bob.pk, [server.invoices.get().pk], actor=owner_of(bob), at=OVER)
    report(server, "b", None, corrects="a", at=OVER + DAY)
    bill(APRIL)
    assert (CreditNote.objects.get().refunded, wallet_of(bob.pk).credit) == (5_000, 5_000)


def test_less_is_taken_from_the_latest_bill_first_and_more_goes_on_from_what_is_left(server: Resource) -> None:
    """10, then 4 more; then the 10 were 3 only: 7 go off, 4 from the second bill and 3 from the first. Then 2 more."""
    report(server, "a", 10)
    bill()
    report(server, "b", 4, at=OVER + DAY)
    bill(APRIL)
    report(server, "c", 3, corrects="a", at=APRIL.period.ends_at + DAY)
    bill(MAY)
    assert list(CreditNote.objects.order_by("number").values_list("amount", flat=True)) == [2_000, 1_500]
    assert list(UseTakenBack.objects.order_by("pk").values_list("quantity", flat=True)) == [4, 3]
    report(server, "d", 2, day=31, at=MAY.period.ends_at + DAY / 24)
    run_month_end(MARCH, actor=JOB, at=MAY.period.ends_at + DAY)
    assert [line[1:5] for line in uses()] == [(0, 10, 0, 5_000), (10, 4, 5_000, 2_000), (7, 2, 3_500, 1_000)]


def test_what_was_not_used_is_credited_at_its_own_rate_of_vat(bob: Customer, small: Item, vserver: Product) -> None:
    """
    187,033 for the time have 17,003 of VAT, 10,000 for the traffic none. 4,000 of that go off without any.

    Then staff credit half of the other 193,033: of 187,033 and 6,000 there, 96,516.5 have 8,502 of VAT; and then all that is left.
    """
    make_metered(vserver, "traffic", 500, tax_category=taxed_at("0"))
    [server] = create(bob, small, at=BEGIN)
    report(server, "a", 20)
    bill()
    report(server, "b", 12, corrects="a", at=OVER + DAY)
    bill(APRIL)
    invoice = server.invoices.get(period_key="2026-03")
    for amount in (96_517, 96_516):
        correct_invoice(invoice.pk, amount, note="goodwill", actor=STAFF, at=APRIL.period.ends_at + DAY)
    notes = CreditNote.objects.order_by("number").values_list("amount", "tax")
    assert list(notes) == [(4_000, 0), (96_517, 8_502), (96_516, 8_501)]
    credited = [row for row in vat_ledger(MAY) if row.corrects]
    assert [(row.rate, row.tax) for row in credited] == [
        (0, 0),
        (0, 0),
        (Decimal("0.1"), -8_502),
        (0, 0),
        (Decimal("0.1"), -8_501),
    ]
    assert -sum(row.total for row in credited if not row.rate) == 10_000
    assert -sum(row.total for row in credited if row.rate) == 187_033


def test_no_more_is_credited_than_is_left_of_the_bill(server: Resource) -> None:
    report(server, "a", 10)
    bill()
    invoice = server.invoices.get()
    correct_invoice(invoice.pk, invoice.total - 700, note="goodwill", actor=STAFF, at=OVER)
    report(server, "b", None, corrects="a", at=OVER + DAY)
    bill(APRIL)
    assert CreditNote.objects.get(reason="used_less").amount == 700


@pytest.mark.breaks_the_books
def test_no_more_is_credited_than_is_left_of_the_line(server: Resource, bob: Customer) -> None:
    """5,000 for 10 GB. Staff have credited 4,000 of it for the customer's question, when the team takes all of it back."""
    report(server, "a", 10)
    bill()
    invoice = server.invoices.get()
    question = question_line(bob.pk, invoice.pk, 2, text="10 GB?", actor=owner_of(bob), at=OVER)
    note = correct_invoice(invoice.pk, 4_000, note="it was 2 GB", actor=STAFF, at=OVER)
    question_is_justified(question.pk, note, actor=STAFF, at=OVER)
    report(server, "b", None, corrects="a", at=OVER + DAY)
    bill(APRIL)
    assert CreditNote.objects.get(reason="used_less").amount == 1_000
    assert violations() == []


def test_a_void_bill_of_use_is_billed_again_once(server: Resource) -> None:
    """The bill of March with 10 GB and a late one with 4: each is void, and billed again as it was."""
    report(server, "a", 10)
    bill()
    report(server, "b", 4, at=OVER + DAY)
    bill(APRIL)
    after = APRIL.period.ends_at + DAY
    for void in (server.invoices.get(period_key="2026-03"), server.invoices.get(is_late=True)):
        total = void.total
        correct_invoice(void.pk, total, note="tax code", actor=STAFF, at=after)
        again = bill_again(void.pk, reason="tax code", actor=STAFF, at=after)
        assert (again.total, again.is_late) == (total, void.is_late)
        with pytest.raises(BilledAgainAlready):
            bill_again(void.pk, reason="twice", actor=STAFF, at=after)
    with nothing_changes():
        run_month_end(MARCH, actor=JOB, at=after)
    report(server, "c", 1, at=after)
    run_month_end(MARCH, actor=JOB, at=after)
    assert uses()[-1][1:5] == (14, 1, 7_000, 500)


def test_a_bill_of_use_of_which_nothing_is_left_is_not_billed_again(server: Resource) -> None:
    report(server, "a", 1)
    bill()
    report(server, "b", 4, at=OVER + DAY)
    bill(APRIL)
    report(server, "c", None, corrects="b", at=APRIL.period.ends_at + DAY)
    bill(MAY)
    late = server.invoices.get(is_late=True)
    assert late.status == "void"
    with refused(NothingLeft):
        bill_again(late.pk, reason="tax code", actor=STAFF, at=MAY.period.ends_at + DAY)


def test_what_is_billed_again_is_taken_back_in_its_place(bob: Customer, small: Item, vserver: Product) -> None:
    """
    150 GB of March, 100 of them included, and a late 1,000; the first bill is void and billed again.

    The 1,000 were none: they cost 950 at 500 and 50 at 450. Then 30 of the 150 were: all of it is included. It is void and billed
    once more: what is left of March is 187,033 for the time.
    """
    make_metered(vserver, "traffic", 500, **TIERS)
    [server] = create(bob, small, at=BEGIN)
    report(server, "a", 150)
    bill()
    report(server, "b", 1_000, at=OVER + DAY)
    bill(APRIL)
    after = APRIL.period.ends_at + DAY
    _void_and_again(server.invoices.get(period_key="2026-03"), at=after)
    report(server, "c", None, corrects="b", at=after)
    run_month_end(MARCH, actor=JOB, at=after)
    report(server, "d", 30, corrects="a", at=after)
    run_month_end(MARCH, actor=JOB, at=after)
    notes = CreditNote.objects.filter(reason="used_less").order_by("number")
    assert list(notes.values_list("invoice__is_late", "amount")) == [(True, 497_500), (False, 25_000)]
    once_more = _void_and_again(server.invoices.get(period_key="2026-03/again"), at=after)
    assert once_more.total == 187_033
    assert list(once_more.lines.filter(per_minutes=0).values_list("quantity", "amount")) == [(Decimal(30), 0)]


def _void_and_again(invoice: Invoice, *, at: datetime) -> Invoice:
    correct_invoice(invoice.pk, invoice.total - invoice.credited, note="tax code", actor=STAFF, at=at)
    return bill_again(invoice.pk, reason="tax code", actor=STAFF, at=at)


@pytest.mark.breaks_the_books
def test_of_a_month_whose_records_were_detached_the_bills_stand(server: Resource, bob: Customer) -> None:
    """As the documentation says it: nobody takes what is not there for what was taken back, neither a release nor the auditor."""
    report(server, "a", 10)
    bill()
    held = ParkedBilling.objects.create(customer=bob, month=MARCH.key, cause="failed", at=OVER)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE usage_record DETACH PARTITION usage_record_202603")
    release(held.pk, reason="looked at", actor=STAFF, at=OVER + DAY)
    assert (CreditNote.objects.exists(), UseTakenBack.objects.exists(), violations()) == (False, False, [])
