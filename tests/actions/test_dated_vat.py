"""Rates of VAT that change on a day: each line is taxed at the rate of its category at its tax point, however late it is written."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils.translation import override

from accounts.models import Customer
from catalog.models import Item, Price, Product, TaxCategory
from catalog.queries import NoPrice
from catalog.rates import enter_rate
from catalog.taxes import Step, Taxes
from invoices.explain import recompute
from invoices.models import Invoice, InvoiceLine
from invoices.services.month_end import bill_ended_months
from invoices.services.running import running_costs
from invoices.vat import vat_ledger
from kernel.periods import CalendarMonth, local_day
from lifecycle.models import Resource
from notifications.models import Notice
from orders.models import Action, Order, Quote
from orders.queries import runway_of
from orders.services.announcing import announce_renewals
from orders.services.checkout import check_out
from orders.services.delete import delete_resource
from orders.services.quotes import TaxChanged
from orders.services.renewal import renew_automatically
from orders.services.taxed import overtaken_orders
from orders.services.unpaid import TaxedOtherwise, pay_by_gateway, pay_from_wallet
from orders.tasks import expire_unpaid_orders, next_order_expiry
from payments.gateways.base import Succeeded
from payments.models import ExpectedTransfer, Payment
from payments.services.behalf import Asking, NotAskedAnyMore, ask_to_pay
from payments.services.outcomes import record_outcome
from payments.services.paying_on_behalf import transfer_on_behalf
from payments.services.shareable import due_on_behalf
from payments.services.statements import read_lines
from payments.services.transfers import Line
from payments.services.wallet import wallet_of
from tests.actions.books import refused
from tests.actions.conftest import Gate
from tests.actions.test_transfers_by_reference import FEED, comes, ordered, our_account, state_of
from tests.cast import (
    DAY,
    JOB,
    MONTH,
    NOON,
    STAFF,
    answer,
    chosen,
    create,
    enter,
    make_customer,
    make_item,
    order,
    owner_of,
    quote,
    renew,
    resize,
    taxed_at,
)
from tests.portal.seen import signed_in, the_time_being

__all__ = ["our_account"]
pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
MARCH = CalendarMonth(2026, 3)
MID_MARCH = datetime.fromisoformat("2026-03-15T17:00:00Z")  # the 16th begins in Hà Nội
APRIL = MARCH.period.ends_at


def rates(resource: Resource) -> list[tuple[Decimal, int, int]]:
    """(rate, VAT, total) of each line, in the order in which they were issued."""
    lines = InvoiceLine.objects.filter(invoice__resource=resource).order_by("invoice__issued_at", "pk")
    assert all(recompute(line) for line in lines)
    return list(lines.values_list("vat_rate", "tax", "total"))


TEN, EIGHT = Decimal("0.1"), Decimal("0.08")


# The tax point


def test_what_is_paid_ahead_is_taxed_when_it_is_paid_however_long_it_lasts(alice: Customer, small: Item) -> None:
    """Of 181,000 with VAT 10 % are 16,454.55 and 8 % are 13,407.41. A month from 10 March lasts into April."""
    enter("standard", "2026-04-01", "0.08")
    [before] = create(alice, small, at=NOON)
    [last] = create(alice, small, at=APRIL - MINUTE)
    [after] = create(alice, small, at=APRIL)
    assert rates(before) == rates(last) == [(TEN, 16_455, 181_000)]
    assert rates(after) == [(EIGHT, 13_407, 181_000)]
    assert InvoiceLine.objects.get(invoice__resource=before).taxed_at == NOON


def test_the_tax_point_is_the_payment_though_the_team_answers_on_the_day_after(alice: Customer, small: Item) -> None:
    enter("standard", "2026-04-01", "0.08")
    wish = {"product": str(small.product_id), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    paid = order(quote(alice, Action.CREATE, APRIL - 5 * MINUTE, **wish))
    answer(paid, at=APRIL + 5 * MINUTE)
    line = InvoiceLine.objects.get()
    assert (line.vat_rate, line.tax, line.taxed_at) == (TEN, 16_455, APRIL - 5 * MINUTE)
    assert line.invoice.issued_at == APRIL + 5 * MINUTE


def test_a_renewal_is_taxed_when_it_is_paid_by_hand_or_by_itself(alice: Customer, vserver: Product) -> None:
    """165,000 without VAT: 181,500 with 10 %, 178,200 with 8 %. The period that begins later does not matter."""
    enter("standard", "2026-04-01", "0.08")
    item = make_item(vserver, "plain", 165_000, includes_vat=False)
    by_hand, by_itself = create(alice, item, at=NOON, quantity=2, auto_renew_months=1)
    renew(by_hand, at=APRIL - DAY)
    assert renew_automatically(actor=JOB, at=NOON + 23 * DAY)[0] == 1
    assert rates(by_hand) == [(TEN, 16_500, 181_500)] * 2
    assert rates(by_itself) == [(TEN, 16_500, 181_500), (EIGHT, 13_200, 178_200)]


def test_a_resize_takes_the_old_rate_back_and_taxes_the_new_at_today_s(
    alice: Customer, small: Item, large: Item
) -> None:
    """5 of 30 days left: 30,166.67 of 181,000 come back with 2,742.53 of its VAT; 86,666.67 of 520,000 with 6,419.75 at 8 %."""
    enter("standard", "2026-04-01", "0.08")
    [server] = create(alice, small, at=NOON)
    resize(server, large, at=NOON + 25 * DAY)
    assert rates(server) == [(TEN, 16_455, 181_000), (EIGHT, 6_420, 86_667)]
    note = server.invoices.get(credited__gt=0).credit_notes.get()
    assert (note.amount, note.tax) == (30_167, 2_743)


def test_a_credit_note_takes_the_rate_of_what_it_corrects(alice: Customer, small: Item) -> None:
    """Deleted in April, with 5 of 30 days left: the ledger of April takes back 2,743 at the 10 % of March."""
    enter("standard", "2026-04-01", "0.08")
    [server] = create(alice, small, at=NOON)
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + 25 * DAY)
    [credit] = vat_ledger(CalendarMonth(2026, 4))
    assert (credit.rate, credit.tax, credit.total) == (TEN, -2_743, -30_167)


# Usage


@pytest.fixture
def used(bob: Customer, vserver: Product) -> Resource:
    """165,000 for 30 days without VAT, in use all March; from the 16th on at 8 %."""
    enter("standard", "2026-03-16", "0.08")
    [server] = create(bob, make_item(vserver, "plain", 165_000, includes_vat=False), at=MARCH.period.starts_at)
    return server


def test_use_that_crosses_a_change_is_cut_there(used: Resource) -> None:
    """15 days are 82,500 with 10 %, 16 days 88,000 with 8 %."""
    bill_ended_months(actor=JOB, at=APRIL)
    assert rates(used) == [(TEN, 8_250, 90_750), (EIGHT, 7_040, 95_040)]
    first, second = InvoiceLine.objects.order_by("position")
    assert first.ends_at == second.starts_at == MID_MARCH
    assert (first.taxed_at, second.taxed_at) == (MID_MARCH - MINUTE, APRIL - MINUTE)
    assert [(row.rate, row.tax) for row in vat_ledger(CalendarMonth(2026, 4))] == [(EIGHT, 7_040), (TEN, 8_250)]


def test_where_the_setting_says_so_it_is_taxed_as_a_whole_as_in_its_last_minute(used: Resource, settings: Any) -> None:
    """31 days are 170,500 with 8 %."""
    settings.TAX_SPLITS_USAGE = False
    bill_ended_months(actor=JOB, at=APRIL)
    assert rates(used) == [(EIGHT, 13_640, 184_140)]
    assert InvoiceLine.objects.get().taxed_at == APRIL - MINUTE


def test_the_bill_of_december_is_taxed_as_december_though_it_is_issued_in_january(
    bob: Customer, vserver: Product
) -> None:
    """31 days of 165,000 are 170,500, with 10 % 187,550."""
    december = CalendarMonth(2026, 12).period
    [server] = create(bob, make_item(vserver, "plain", 165_000, includes_vat=False), at=december.starts_at)
    enter("standard", "2027-01-01", "0.08")
    bill_ended_months(actor=JOB, at=december.ends_at + DAY)
    assert rates(server) == [(TEN, 17_050, 187_550)]


def test_a_rate_that_is_said_again_cuts_nothing_nor_does_that_of_another_category(
    bob: Customer, vserver: Product
) -> None:
    enter("standard", "2026-03-16", "0.1")
    other = taxed_at("0.05")
    enter(other, "2026-03-16", "0.06")
    item = make_item(vserver, "plain", 165_000, tax_category=other)
    Price.objects.create(item=item, customer=bob, unit_price=60_000, valid_from=NOON - 100 * DAY)
    [server] = create(bob, item, at=MARCH.period.starts_at)
    bill_ended_months(actor=JOB, at=APRIL)
    assert rates(server) == [(TEN, 5_636, 62_000)]  # 31 of 30 days


def test_what_has_no_rate_yet_has_no_price(alice: Customer, vserver: Product) -> None:
    """Nothing is taxed at a rate that nobody said."""
    unsaid = TaxCategory.objects.create(code="unsaid", name="a", name_en="a")
    enter(unsaid, "2026-03-16", "0.08")
    item = make_item(vserver, "plain", 181_000, tax_category=unsaid)
    with refused(NoPrice):
        create(alice, item, at=MID_MARCH - MINUTE)
    [server] = create(alice, item, at=MID_MARCH)
    assert rates(server) == [(EIGHT, 13_407, 181_000)]


# What is to come


def test_the_running_cost_and_what_is_expected_know_the_rate_to_come(used: Resource, bob: Customer) -> None:
    """On the 16th: 90,750 so far, and 185,790 for the month."""
    cost = running_costs(bob, at=MID_MARCH).total
    assert (cost.so_far, cost.expected) == (90_750, 185_790)


def test_the_days_ahead_cost_each_renewal_at_the_rate_of_its_day(alice: Customer, vserver: Product) -> None:
    enter("standard", "2026-04-01", "0.08")
    item = make_item(vserver, "plain", 165_000, includes_vat=False)
    create(alice, item, at=NOON - 15 * DAY)
    create(alice, item, at=NOON)
    coming = runway_of(alice, at=NOON + DAY, until=NOON + 2 * MONTH).coming
    assert [one.amount for one in coming] == [181_500, 178_200]


def test_the_days_ahead_cost_an_automatic_renewal_at_the_rate_of_its_next_try(
    alice: Customer, vserver: Product
) -> None:
    """The end is on 9 April at noon, the tries at eight on the 2nd, 5th, 8th and 9th: 8 % from the 5th on."""
    enter("standard", "2026-04-05", "0.08")
    create(alice, make_item(vserver, "plain", 165_000, includes_vat=False), at=NOON, auto_renew_months=1)
    tries = {
        first: runway_of(alice, at=NOON + days * DAY, until=NOON + 2 * MONTH).coming[0].amount
        for first, days in ((2, 22), (5, 23))
    }
    assert tries == {2: 181_500, 5: 178_200}


def test_a_renewal_is_announced_again_before_it_is_tried_at_another_price(vserver: Product) -> None:
    """Nothing is in the wallet on the 2nd; on the 5th it costs 184,800 with 12 %. On the 8th nothing is new."""
    enter("standard", "2026-04-05", "0.12")
    customer = make_customer(credit=181_500)
    create(customer, make_item(vserver, "plain", 165_000, includes_vat=False), at=NOON, auto_renew_months=1)
    for days in (23, 26, 29):
        morning = NOON + days * DAY - timedelta(hours=4, minutes=30)
        announce_renewals(at=morning)
        renew_automatically(actor=JOB, at=morning + timedelta(minutes=30))
    announced = Notice.objects.filter(kind=Notice.Kind.AUTO_RENEW_ANNOUNCED).order_by("at")
    assert [notice.facts["total"] for notice in announced] == [181_500, 184_800]


def test_the_rates_to_come_are_said_in_words() -> None:
    enter("standard", "2027-01-01", "0.08")
    enter("standard", "2027-07-01", "0.1")
    taxes = Taxes.read()
    with override("en"):
        words = taxes.words("standard", NOON).replace("\N{NO-BREAK SPACE}", " ")
    assert words == "10 % until 31 Dec 2026, 8 % from 1 Jan 2027, 10 % from 1 Jul 2027"
    assert taxes.coming("standard", NOON)[0] == Step(date(2027, 1, 1), EIGHT)
    assert [taxes.era(at) for at in (NOON, NOON.replace(year=2028))] == [1, 3]


# Quotes and orders over a change


@pytest.fixture
def offer(alice: Customer, vserver: Product) -> Quote:
    """Made five minutes before the change: 181,500, from then on 178,200."""
    enter("standard", "2026-04-01", "0.08")
    item = make_item(vserver, "plain", 165_000, includes_vat=False)
    wish = {"product": str(vserver.pk), "name": "web", "items": chosen(item), "quantity": 1, "months": 1}
    return quote(alice, Action.CREATE, APRIL - 5 * MINUTE, **wish)


def test_a_quote_that_is_paid_after_the_change_is_computed_again_and_says_so(alice: Customer, offer: Quote) -> None:
    with refused(TaxChanged, was=181_500) as caught:
        check_out(alice.pk, offer.pk, means="wallet", key="k", actor=owner_of(alice), at=APRIL)
    fresh = Quote.objects.get(pk=caught.value.details["quote"])
    assert (offer.total, fresh.total) == (181_500, 178_200)
    assert order(fresh, at=APRIL).total == 178_200


def test_it_is_computed_again_though_the_total_with_vat_is_the_same(alice: Customer, small: Item) -> None:
    enter("standard", "2026-04-01", "0.08")
    wish = {"product": str(small.product_id), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    made = quote(alice, Action.CREATE, APRIL - MINUTE, **wish)
    with refused(TaxChanged, was=181_000):
        order(made, at=APRIL)


def test_a_quote_before_the_change_is_paid_before_the_change(offer: Quote) -> None:
    assert order(offer, at=APRIL - MINUTE).total == 181_500


def test_an_order_that_waits_over_the_change_is_not_paid_from_the_wallet(alice: Customer, offer: Quote) -> None:
    waiting = order(offer, at=APRIL - 5 * MINUTE, means=Order.Means.GATEWAY)
    with refused(TaxedOtherwise):
        pay_from_wallet(waiting.pk, actor=owner_of(alice), at=APRIL)


def test_nor_by_a_gateway_whether_an_attempt_is_open_or_not(alice: Customer, offer: Quote, gate: Gate) -> None:
    waiting = order(offer, at=APRIL - 5 * MINUTE, means=Order.Means.GATEWAY)
    with refused(TaxedOtherwise):
        pay_by_gateway(waiting, gateway="gate", actor=JOB, at=APRIL)
    assert not Payment.objects.exists()
    pay_by_gateway(waiting, gateway="gate", actor=JOB, at=APRIL - MINUTE)
    with refused(TaxedOtherwise):
        pay_by_gateway(waiting, gateway="gate", actor=JOB, at=APRIL)


def test_an_order_that_waits_over_the_change_ends_with_it(alice: Customer, offer: Quote) -> None:
    waiting = order(offer, at=APRIL - 5 * MINUTE, means=Order.Means.GATEWAY)
    assert next_order_expiry(APRIL - 5 * MINUTE) == APRIL
    expire_unpaid_orders(at=APRIL - MINUTE)
    assert state_of(waiting) == "awaiting_payment"
    expire_unpaid_orders(at=APRIL)
    assert state_of(waiting) == "expired"


def test_what_was_ordered_on_the_first_day_of_a_rate_that_came_late_ends_and_is_offered_again(
    alice: Customer, vserver: Product
) -> None:
    """Ordered at nine and at eleven of the 10th; at ten 8 % is entered from that day on, and what says so is left to wait."""
    item = make_item(vserver, "plain", 165_000, includes_vat=False)
    nine = NOON.replace(hour=2, minute=0)
    wish = {"product": str(vserver.pk), "name": "web", "items": chosen(item), "quantity": 1, "months": 1}

    def waits(at: datetime) -> Order:
        return order(quote(alice, Action.CREATE, at, **wish), at=at, means=Order.Means.GATEWAY)

    early, ten = waits(nine), nine + 10 * MINUTE
    category = TaxCategory.objects.get(pk="standard")
    enter_rate(category, since=local_day(ten), rate=EIGHT, source="a law", reason="late", actor=STAFF, at=ten)
    late = waits(ten + MINUTE)
    assert next_order_expiry(ten - MINUTE) == ten
    expire_unpaid_orders(at=ten + 2 * MINUTE)
    assert (state_of(early), state_of(late)) == ("expired", "awaiting_payment")
    with the_time_being(ten + 2 * MINUTE):
        client = signed_in(alice)
        shown = client.get(reverse("order", args=[early.pk])).content.decode()
        assert reverse("quote-refresh", args=[early.quote_id]) in shown
        moved: Any = client.post(reverse("quote-refresh", args=[early.quote_id]))
        assert Quote.objects.get(pk=moved.url.split("?")[0].rstrip("/").split("/")[-1]).total == 178_200
        assert "quote-refresh" not in client.get(reverse("order", args=[late.pk])).content.decode()


# Money that was collected before a change and is heard of after it

CHANGE_OF_MARCH = datetime.fromisoformat("2026-03-10T17:00:00Z")


@pytest.fixture
def transferred(our_account: None, small: Item) -> tuple[Order, ExpectedTransfer]:
    """Ordered on the 10th, to be paid by transfer within a day; the rate changes at midnight."""
    enter("standard", "2026-03-11", "0.08")
    return ordered(make_customer(), small)


def hears(asked: ExpectedTransfer, value_date: str, *, at: datetime) -> None:
    line = Line("FT1", 181_000, note=asked.reference, value_date=date.fromisoformat(value_date))
    read_lines([line], channel=FEED, actor=JOB, at=at)


def test_a_transfer_of_the_day_before_pays_at_the_rate_of_that_day(transferred: tuple[Order, ExpectedTransfer]) -> None:
    """The statement is read in the morning after; the order has waited, for its money was under way."""
    waiting, asked = transferred
    expire_unpaid_orders(at=CHANGE_OF_MARCH)
    assert state_of(waiting) == "awaiting_payment"
    hears(asked, "2026-03-10", at=CHANGE_OF_MARCH + timedelta(hours=8))
    waiting.refresh_from_db()
    assert waiting.paid_at == CHANGE_OF_MARCH + timedelta(hours=8)
    assert waiting.taxed_at == CHANGE_OF_MARCH - timedelta(microseconds=1)
    answer(waiting, at=waiting.paid_at)
    line = InvoiceLine.objects.get()
    assert (line.vat_rate, line.tax, line.taxed_at) == (TEN, 16_455, waiting.taxed_at)


def test_one_of_the_day_itself_is_credit_and_the_order_ends(transferred: tuple[Order, ExpectedTransfer]) -> None:
    waiting, asked = transferred
    hears(asked, "2026-03-11", at=CHANGE_OF_MARCH + timedelta(hours=8))
    assert (state_of(waiting), wallet_of(waiting.customer_id).credit) == ("expired", 181_000)
    assert Payment.objects.get().failure == "tax_changed"
    assert not Invoice.objects.exists()


def test_so_is_one_of_which_the_bank_does_not_say_when(transferred: tuple[Order, ExpectedTransfer]) -> None:
    waiting, asked = transferred
    comes(181_000, asked.reference, at=CHANGE_OF_MARCH + MINUTE)
    assert state_of(waiting) == "expired"


def test_what_a_bank_dates_before_the_order_is_of_the_order_s_instant(
    transferred: tuple[Order, ExpectedTransfer],
) -> None:
    waiting, asked = transferred
    hears(asked, "2026-03-01", at=NOON + MINUTE)
    waiting.refresh_from_db()
    assert waiting.taxed_at == waiting.created_at == NOON


def test_a_gateway_says_when_it_was_paid(alice: Customer, offer: Quote, gate: Gate) -> None:
    """A second before midnight, and its word comes five seconds after it. The order waits meanwhile."""
    waiting = order(offer, at=APRIL - 5 * MINUTE, means=Order.Means.GATEWAY)
    payment = pay_by_gateway(waiting, gateway="gate", actor=JOB, at=APRIL - 4 * MINUTE)
    expire_unpaid_orders(at=APRIL)
    paid, heard = APRIL - timedelta(seconds=1), APRIL + timedelta(seconds=5)
    record_outcome(payment.pk, Succeeded("t", 181_500, paid), actor=JOB, at=heard)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.paid_at, waiting.taxed_at) == ("provisioning", heard, paid)


def test_what_is_paid_at_a_gateway_after_midnight_is_credit(alice: Customer, offer: Quote, gate: Gate) -> None:
    waiting = order(offer, at=APRIL - 5 * MINUTE, means=Order.Means.GATEWAY)
    payment = pay_by_gateway(waiting, gateway="gate", actor=JOB, at=APRIL - 4 * MINUTE)
    record_outcome(payment.pk, Succeeded("t", 181_500, APRIL), actor=JOB, at=APRIL + MINUTE)
    assert state_of(waiting) == "expired"


def test_nobody_else_is_asked_to_pay_what_is_taxed_otherwise_by_now(alice: Customer, offer: Quote) -> None:
    """Whoever was asked before finds that nothing is to pay, and cannot begin to."""
    waiting = order(offer, at=APRIL - 5 * MINUTE, means=Order.Means.ON_BEHALF)
    payer = Asking("minh@payer.example", "Alice", "vi")
    asked = ask_to_pay(alice, "order", [waiting.pk], payer, actor=owner_of(alice), at=APRIL - 4 * MINUTE)
    assert due_on_behalf([asked], at=APRIL - MINUTE) == {asked.pk: 181_500}
    assert due_on_behalf([asked], at=APRIL) == {}
    with refused(NotAskedAnyMore):
        transfer_on_behalf(asked.pk, at=APRIL)
    with refused(TaxedOtherwise):
        ask_to_pay(alice, "order", [waiting.pk], payer, actor=owner_of(alice), at=APRIL)


def test_ending_what_a_change_overtook_asks_as_often_for_many_as_for_one(
    alice: Customer, vserver: Product, django_assert_max_num_queries: Any
) -> None:
    """And orders of another category before them do not keep them waiting."""
    enter("standard", "2026-04-01", "0.08")
    plain = make_item(vserver, "plain", 165_000, includes_vat=False)
    other = make_item(vserver, "other", 1_000, tax_category=taxed_at("0.05"))

    def waits(item: Item) -> Order:
        wish = {"product": str(vserver.pk), "name": "web", "items": chosen(item), "quantity": 1, "months": 1}
        made = quote(alice, Action.CREATE, APRIL - 5 * MINUTE, **wish)
        return order(made, at=APRIL - 5 * MINUTE, means=Order.Means.GATEWAY)

    for _each in range(3):
        waits(other)
    first = waits(plain)
    with django_assert_max_num_queries(10) as one:
        assert overtaken_orders(at=APRIL, at_most=2) == [first.pk]
    more = [first, *(waits(plain) for _each in range(3))]
    with django_assert_max_num_queries(len(one)):
        assert overtaken_orders(at=APRIL, at_most=10) == [waiting.pk for waiting in more]
