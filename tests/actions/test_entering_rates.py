"""Rates of VAT are entered by two: ahead of their day, or late, and then what was taxed otherwise is put right."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest
from django.db import connection

from accounts import four_eyes
from accounts.models import Customer
from billing_portal.auditor import violations
from budgets.models import Budget
from budgets.queries import standings
from budgets.services.setting import set_budget
from catalog.acts import EnterRate
from catalog.models import Item, Price, Product, TaxCategory, TaxRate
from catalog.rates import Mistaxed, RateSaidAlready, mistaxed_by
from catalog.taxes import Step, Taxes
from invoices.models import CreditNote, Invoice, InvoiceLine
from invoices.services.again import UseTakenAway
from invoices.services.questions import question_line
from invoices.vat import sums_by_rate, vat_ledger
from kernel.periods import MINUTE
from ledger.services import wallet_of
from lifecycle.services.tags import change_tags
from lifecycle.services.trash import empty_from_trash
from notifications.models import Notice
from orders.models import Action
from orders.services.delete import delete_resource
from payments.services.correct import correct_invoice
from payments.services.invoices import pay_invoices_from_wallet
from payments.services.taxed_anew import CreditedInPart, QuestionOpen, TaxedRightly, tax_anew
from payments.services.use_bills import pay_all_use
from payments.services.use_credit import hold_for_all
from tests.actions.books import refused
from tests.actions.used import APRIL, BEGIN, MARCH, OVER, bill, report
from tests.cast import (
    DAY,
    JOB,
    LONG_AGO,
    NOON,
    STAFF,
    answer,
    chosen,
    create,
    enter,
    fresh,
    fund,
    make_colleague,
    make_coupon,
    make_customer,
    make_item,
    make_metered,
    make_product,
    order,
    owner_of,
    quote,
    renew,
)  # fmt: skip
from tests.owner import as_owner

pytestmark = pytest.mark.django_db
TEN, EIGHT = Decimal("0.1"), Decimal("0.08")


def entered(since: str, rate: str) -> four_eyes.Asked:
    facts = {"category": "standard", "since": since, "rate": rate, "source": "204/2025/QH15"}
    return four_eyes.ask(EnterRate, customer=None, reason="decided", facts=facts, actor=make_colleague(), at=NOON)


def approved(since: str, rate: str) -> TaxRate:
    four_eyes.approve(entered(since, rate).act.pk, actor=make_colleague("second@portal.example"), at=NOON)
    return TaxRate.objects.latest("pk")


def test_a_rate_is_entered_by_two_ahead_of_its_day(alice: Customer, small: Item) -> None:
    asked = entered("2027-01-01", "0.08")
    assert asked.waits
    assert not TaxRate.objects.filter(rate=EIGHT).exists()
    four_eyes.approve(asked.act.pk, actor=make_colleague("second@portal.example"), at=NOON)
    assert Taxes.read().coming("standard", NOON) == [Step(date(2027, 1, 1), EIGHT)]
    create(alice, small)


def test_a_rate_that_says_nothing_new_is_not_entered() -> None:
    make_colleague()
    with refused(RateSaidAlready):
        entered("2026-03-11", "0.1")


def test_what_was_decided_otherwise_meanwhile_is_another_row_and_counts() -> None:
    """8 % was to end with the year; then it was prolonged by half a year."""
    for since, rate in (("2026-07-01", "0.08"), ("2027-01-01", "0.1"), ("2027-01-01", "0.08"), ("2027-07-01", "0.1")):
        approved(since, rate)
    assert Taxes.read().coming("standard", NOON) == [Step(date(2026, 7, 1), EIGHT), Step(date(2027, 7, 1), TEN)]


# A rate that comes on its own day or after it


def test_a_rate_of_today_of_which_nothing_is_taxed_is_like_any_other(alice: Customer, vserver: Product) -> None:
    """165,000 without VAT: 178,200 from now on."""
    assert not approved("2026-03-10", "0.08").reaches_back
    [server] = create(alice, make_item(vserver, "plain", 165_000, includes_vat=False), at=NOON)
    assert server.invoices.get().total == 178_200
    assert not Invoice.objects.mistaxed().exists()


def test_a_first_rate_can_be_entered_for_a_time_before_it() -> None:
    """A category whose rate was said to begin next year has been sold since this one."""
    new = TaxCategory.objects.create(code="new", name="a", name_en="a")
    enter(new, "2027-01-01", "0.08")
    facts = {"category": "new", "since": "2026-01-01", "rate": "0.1", "source": "a law"}
    asked = four_eyes.ask(EnterRate, customer=None, reason="so", facts=facts, actor=make_colleague(), at=NOON)
    four_eyes.approve(asked.act.pk, actor=make_colleague("second@portal.example"), at=NOON)
    assert Taxes.read().rate_at("new", NOON) == TEN


def test_who_enters_a_rate_late_is_told_what_is_taxed_otherwise(
    alice: Customer, bob: Customer, vserver: Product
) -> None:
    """181,500 with 16,500 sold on the 8th, and as much on the 10th: 8 % from the 9th on is 13,200 for the latter."""
    plain = make_item(vserver, "plain", 165_000, includes_vat=False)
    create(alice, plain, at=NOON - 2 * DAY)
    create(alice, plain, at=NOON)
    assert mistaxed_by("standard", since=date(2026, 3, 9), rate=EIGHT) == Mistaxed(1, 16_500, 13_200)
    asked = entered("2026-03-09", "0.08")
    facts = {str(label): str(value) for label, value in EnterRate().facts(asked.act)}
    assert {"1", "16,500\xa0₫", "13,200\xa0₫"} <= set(facts.values()) or {"1", "16.500\xa0₫", "13.200\xa0₫"} <= set(
        facts.values()
    )
    four_eyes.approve(asked.act.pk, actor=make_colleague("second@portal.example"), at=NOON)
    assert TaxRate.objects.latest("pk").reaches_back
    assert Invoice.objects.mistaxed().get().issued_at == NOON


def test_what_is_sold_after_it_is_taxed_at_the_late_rate(alice: Customer, small: Item) -> None:
    create(alice, small, at=NOON)
    approved("2026-03-10", "0.08")
    [server] = create(alice, small, at=NOON)
    assert InvoiceLine.objects.get(invoice__resource=server).vat_rate == EIGHT
    assert Invoice.objects.mistaxed().count() == 1


def test_a_late_rate_that_is_taken_back_leaves_nothing_to_correct(alice: Customer, small: Item) -> None:
    """A typing error, as it turned out."""
    create(alice, small, at=NOON)
    approved("2026-03-10", "0.08")
    approved("2026-03-10", "0.1")
    assert not Invoice.objects.mistaxed().exists()


# Putting it right


def test_an_invoice_that_was_paid_ahead_is_credited_and_issued_again(alice: Customer, vserver: Product) -> None:
    """181,500 were paid, 178,200 is right: 3,300 are credit, and the new invoice is paid. Deleted halfway, 89,100 come back."""
    [server] = create(alice, make_item(vserver, "plain", 165_000, includes_vat=False), at=NOON)
    approved("2026-03-10", "0.08")
    old = server.invoices.get()
    before = wallet_of(alice.pk).credit
    new = tax_anew(old.pk, reason="NQ 1/2026", actor=STAFF, at=NOON + DAY)
    old.refresh_from_db()
    assert (new.total, new.tax, new.status, new.due, new.buyer) == (178_200, 13_200, "paid", 0, old.buyer)
    assert (new.period_start, new.period_end, new.lines.get().taxed_at) == (old.period_start, old.period_end, NOON)
    assert (old.status, old.covered_until, wallet_of(alice.pk).credit) == ("void", old.period_start, before + 3_300)
    sums = {row.rate: (row.net, row.tax) for row in sums_by_rate(vat_ledger(MARCH))}
    assert sums == {TEN: (0, 0), EIGHT: (165_000, 13_200)}
    with refused(TaxedRightly):
        tax_anew(old.pk, reason="twice", actor=STAFF, at=NOON + DAY)
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + 15 * DAY)
    assert CreditNote.objects.latest("number").amount == 89_100


def test_what_is_missing_of_it_is_due(vserver: Product) -> None:
    """12 % of 165,000 are 3,300 more."""
    customer = make_customer(credit=181_500)
    [server] = create(customer, make_item(vserver, "plain", 165_000, includes_vat=False), at=NOON)
    approved("2026-03-10", "0.12")
    new = tax_anew(server.invoices.get().pk, reason="NQ 1/2026", actor=STAFF, at=NOON + DAY)
    assert (new.total, new.status, new.due) == (184_800, "partially_paid", 3_300)
    assert Notice.objects.get(kind=Notice.Kind.INVOICE_ISSUED).event == f"invoice:{new.pk}"


def test_with_vat_included_only_the_vat_is_another(alice: Customer, small: Item) -> None:
    [server] = create(alice, small, at=NOON)
    approved("2026-03-10", "0.08")
    before = wallet_of(alice.pk).credit
    new = tax_anew(server.invoices.get().pk, reason="NQ 1/2026", actor=STAFF, at=NOON + DAY)
    assert (new.total, new.tax, new.due, wallet_of(alice.pk).credit) == (181_000, 13_407, 0, before)


def test_a_bill_of_use_is_credited_and_issued_again(bob: Customer, vserver: Product) -> None:
    """170,500 for March and 100,000 for traffic with 10 %: 297,550, paid. With 8 % it is 292,140."""
    make_metered(vserver, "traffic", 1_000, includes_vat=False)
    [server] = create(bob, make_item(vserver, "plain", 165_000, includes_vat=False), at=BEGIN)
    report(server, "a", 100)
    bill()
    old = server.invoices.get()
    fund(bob, old.total)
    pay_invoices_from_wallet(bob.pk, [old.pk], actor=owner_of(bob), at=OVER)
    approved("2026-03-01", "0.08")
    new = tax_anew(old.pk, reason="NQ 1/2026", actor=STAFF, at=OVER + DAY)
    assert (old.total, new.total, new.tax, new.due) == (297_550, 292_140, 21_640, 0)
    assert wallet_of(bob.pk).credit == 5_410
    assert not Invoice.objects.mistaxed().exists()


def test_what_was_credited_in_part_is_left_to_a_person(alice: Customer, small: Item) -> None:
    [server] = create(alice, small, at=NOON)
    invoice = server.invoices.get()
    correct_invoice(invoice.pk, 1_000, note="goodwill", actor=STAFF, at=NOON)
    approved("2026-03-10", "0.08")
    with refused(CreditedInPart):
        tax_anew(invoice.pk, reason="NQ 1/2026", actor=STAFF, at=NOON + DAY)
    correct_invoice(invoice.pk, 180_000, note="by hand", actor=STAFF, at=NOON)
    assert not Invoice.objects.mistaxed().exists()


def test_an_invoice_that_is_right_is_not_taxed_anew(alice: Customer, small: Item) -> None:
    [server] = create(alice, small, at=NOON)
    with refused(TaxedRightly):
        tax_anew(server.invoices.get().pk, reason="why not", actor=STAFF, at=NOON)


def test_what_a_share_took_off_is_that_share_of_the_right_amount(alice: Customer, vserver: Product) -> None:
    """Half of 181,500 was paid, 90,750; half of 178,200 is 89,100. A coupon over 50,000 takes 50,000."""
    make_coupon("HALF", None, share=Decimal("0.5"))
    make_coupon("FIXED", 50_000)
    plain = make_item(vserver, "plain", 165_000, includes_vat=False)
    half, fixed = (create(alice, plain, coupon=code)[0].invoices.get() for code in ("HALF", "FIXED"))
    approved("2026-03-10", "0.08")
    for old, coupon, total in ((half, 89_100, 89_100), (fixed, 50_000, 128_200)):
        new = tax_anew(old.pk, reason="NQ 1/2026", actor=STAFF, at=NOON + DAY)
        assert (new.coupon, new.total, new.coupon_code) == (coupon, total, old.coupon_code)


def test_what_a_term_saved_is_said_with_the_right_vat(alice: Customer, vserver: Product) -> None:
    """A year at 150,000 instead of 165,000: 180,000 and 18,000 of VAT are saved, with 8 % 14,400."""
    plain = make_item(vserver, "plain", 165_000, includes_vat=False)
    Price.objects.create(item=plain, months=12, unit_price=150_000, includes_vat=False, valid_from=LONG_AGO)
    old = create(alice, plain, months=12)[0].invoices.get()
    approved("2026-03-10", "0.08")
    new = tax_anew(old.pk, reason="NQ 1/2026", actor=STAFF, at=NOON + DAY)
    assert (old.total, old.saved, new.total, new.saved) == (1_980_000, 198_000, 1_944_000, 194_400)
    assert new.term_months == 12


def test_what_was_cut_short_without_a_refund_is_not_covered_again(alice: Customer) -> None:
    """Deleted on the 20th, and nothing came back: the new invoice covers until then, too."""
    final = make_product("final", is_refundable=False)
    [server] = create(alice, make_item(final, "plain", 165_000, includes_vat=False), at=NOON)
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + 10 * DAY)
    approved("2026-03-10", "0.08")
    new = tax_anew(server.invoices.get().pk, reason="NQ 1/2026", actor=STAFF, at=NOON + 11 * DAY)
    assert (new.total, new.covered_until, new.period_end) == (178_200, NOON + 10 * DAY, NOON + 30 * DAY)


def test_what_was_paid_for_a_resource_that_is_gone_is_taxed_anew(alice: Customer) -> None:
    """Deleted for good on the 20th with a month ahead, and nothing came back: both invoices are issued again, the second for no time."""
    final = make_product("final", is_refundable=False, days_in_trash_after_deletion=0)
    [server] = create(alice, make_item(final, "plain", 165_000, includes_vat=False), at=NOON)
    renew(server, at=NOON + DAY)
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + 10 * DAY)
    assert fresh(server).state == "deleted"
    approved("2026-03-10", "0.08")
    for old in server.invoices.order_by("period_start"):
        new = tax_anew(old.pk, reason="NQ 1/2026", actor=STAFF, at=NOON + 11 * DAY)
        assert (new.total, new.covered_until) == (178_200, max(NOON + 10 * DAY, old.period_start))


def test_a_rate_that_comes_late_within_a_month_cuts_its_bill(bob: Customer, vserver: Product) -> None:
    """
    100 GB on the 10th and 50 on the 20th, and 165,000 for 30 days. 8 % from the 16th on: 82,500 and 100,000 stay at 10 %, 88,000 and
    50,000 are at 8 %.
    """
    make_metered(vserver, "traffic", 1_000, includes_vat=False)
    [server] = create(bob, make_item(vserver, "plain", 165_000, includes_vat=False), at=BEGIN)
    report(server, "a", 100)
    report(server, "b", 50, day=20)
    bill()
    approved("2026-03-16", "0.08")
    new = tax_anew(server.invoices.get().pk, reason="NQ 1/2026", actor=STAFF, at=OVER + DAY)
    lines = new.lines.order_by("position").values_list("vat_rate", "quantity", "amount", "tax")
    assert list(lines[:2]) == [(TEN, Decimal(1), 82_500, 8_250), (EIGHT, Decimal(1), 88_000, 7_040)]
    assert list(lines[2:]) == [(TEN, Decimal(100), 100_000, 10_000), (EIGHT, Decimal(50), 50_000, 4_000)]
    report(server, "c", 0, day=20, corrects="b", at=OVER + 2 * DAY)
    bill(APRIL)
    assert CreditNote.objects.latest("number").amount == 54_000


def test_who_enters_a_rate_late_is_told_the_part_of_a_bill_that_it_is_about(bob: Customer, vserver: Product) -> None:
    """165,000 for 30 days, in all of March: of the 16 days from the 16th on 88,000 have 8,800, and 7,040 at 8 %; of the 5 before it 2,750, and 2,200."""
    create(bob, make_item(vserver, "plain", 165_000, includes_vat=False), at=BEGIN)
    bill()
    assert mistaxed_by("standard", since=date(2026, 3, 16), rate=EIGHT) == Mistaxed(1, 8_800, 7_040)
    approved("2026-03-16", "0.08")
    tax_anew(Invoice.objects.get().pk, reason="NQ 1/2026", actor=STAFF, at=OVER + DAY)
    assert sum(line.tax for line in InvoiceLine.objects.filter(vat_rate=EIGHT)) == 7_040
    assert mistaxed_by("standard", since=date(2026, 3, 11), rate=EIGHT) == Mistaxed(1, 2_750, 2_200)


def test_a_part_of_a_bill_between_two_late_rates_is_taxed_anew(bob: Customer, vserver: Product) -> None:
    """Billed at 10 %; 8 % from the 11th, and 10 % again from the 21st. The tax point says 10 %, ten days say 8 %: 55,000 have 4,400."""
    create(bob, make_item(vserver, "plain", 165_000, includes_vat=False), at=BEGIN)
    bill()
    approved("2026-03-11", "0.08")
    approved("2026-03-21", "0.10")
    assert Invoice.objects.mistaxed().count() == 1
    new = tax_anew(Invoice.objects.get().pk, reason="NQ 1/2026", actor=STAFF, at=OVER + DAY)
    lines = new.lines.order_by("position").values_list("vat_rate", "amount", "tax")
    assert list(lines) == [(TEN, 55_000, 5_500), (EIGHT, 55_000, 4_400), (TEN, 60_500, 6_050)]
    assert not Invoice.objects.mistaxed().exists()


def test_a_late_rate_is_told_of_a_bill_though_the_rate_of_its_tax_point_stays(bob: Customer, vserver: Product) -> None:
    """That of the 21st is said again before the month is billed, and cuts nothing; then 8 % are said from the 11th until then."""
    create(bob, make_item(vserver, "plain", 165_000, includes_vat=False), at=BEGIN)
    enter("standard", "2026-03-21", "0.10")
    bill()
    assert mistaxed_by("standard", since=date(2026, 3, 11), rate=EIGHT) == Mistaxed(1, 5_500, 4_400)
    rate = approved("2026-03-11", "0.08")
    assert (rate.reaches_back, rate.reaches_until) == (True, OVER - MINUTE)
    assert Invoice.objects.mistaxed().count() == 1


def test_what_is_sold_after_a_late_rate_is_not_looked_at_for_it(alice: Customer, small: Item) -> None:
    """It reaches as far as what was sold before; what was paid before and is provided later takes it along."""
    create(alice, small, at=NOON)
    rate = approved("2026-03-09", "0.08")
    assert rate.reaches_until == Invoice.objects.get().issued_at
    create(alice, small, at=NOON + DAY)
    rate.refresh_from_db()
    assert rate.reaches_until == NOON
    assert Invoice.objects.mistaxed().count() == 1


def test_an_invoice_is_taxed_anew_as_often_as_the_law_changes(alice: Customer, bob: Customer, vserver: Product) -> None:
    """8 % and then 5 % were said late: 173,250 at last, and each is credited once."""
    plain = make_item(vserver, "plain", 165_000, includes_vat=False)
    create(alice, plain, at=BEGIN)
    create(bob, plain, at=BEGIN)
    bill()
    for rate in ("0.08", "0.05"):
        approved("2026-03-01", rate)
        for old in Invoice.objects.mistaxed().order_by("number"):
            tax_anew(old.pk, reason="again", actor=STAFF, at=OVER + DAY)
    standing = Invoice.objects.exclude(status="void").order_by("kind")
    assert [(one.kind, one.total) for one in standing] == [("prepaid", 173_250), ("usage", 179_025)]
    assert CreditNote.objects.count() == 4
    assert not Invoice.objects.mistaxed().exists()
    assert violations() == []


def test_a_bill_for_use_in_paid_time_is_taxed_anew_with_what_was_held(alice: Customer, vserver: Product) -> None:
    """110,000 were held, and paid the bill. With 8 % 108,000 are: 2,000 are credit, and nothing stays held."""
    make_metered(vserver, "traffic", 1_000, includes_vat=False)
    [server] = create(alice, make_item(vserver, "free", 0), at=BEGIN, months=3)
    report(server, "a", 100, at=BEGIN + 10 * DAY)
    assert hold_for_all(actor=JOB, at=BEGIN + 20 * DAY).failed == 0
    assert wallet_of(alice.pk).held == 110_000
    bill()
    pay_all_use(actor=JOB, at=OVER)
    approved("2026-03-01", "0.08")
    before = wallet_of(alice.pk).credit
    old = server.invoices.get(kind="usage")
    new = tax_anew(old.pk, reason="NQ 1/2026", actor=STAFF, at=OVER + DAY)
    assert (old.total, new.total, new.due, new.is_of_paid_time) == (110_000, 108_000, 0, True)
    assert hold_for_all(actor=JOB, at=OVER + DAY).failed == 0
    wallet = wallet_of(alice.pk)
    assert (wallet.credit, wallet.held) == (before + 2_000, 0)


def test_what_is_paid_and_not_provided_yet_is_invoiced_as_it_was_paid_and_taxed_anew_then(
    alice: Customer, vserver: Product
) -> None:
    """181,500 were paid; before the product team answers, 8 % are said for that day. Its invoice says what was paid, and is on the list."""
    plain = make_item(vserver, "plain", 165_000, includes_vat=False)
    offer = quote(
        alice, Action.CREATE, items=chosen(plain), product=str(vserver.pk), name="web", months=1, quantity=1, coupon="",
        auto_renew_months=None,
    )  # fmt: skip
    waiting = order(offer)
    rate = approved("2026-03-10", "0.08")
    answer(waiting, at=NOON + DAY)
    old = Invoice.objects.get()
    rate.refresh_from_db()
    assert (old.total, old.tax, old.lines.get().taxed_at, rate.reaches_back) == (181_500, 16_500, NOON, True)
    assert list(Invoice.objects.mistaxed()) == [old]
    assert violations() == []
    new = tax_anew(old.pk, reason="NQ 1/2026", actor=STAFF, at=NOON + DAY)
    assert (new.total, new.due) == (178_200, 0)
    assert violations() == []


@pytest.mark.breaks_the_books
def test_use_whose_records_are_away_is_not_cut_by_guessing(bob: Customer, vserver: Product) -> None:
    """Who knows what of it was used before the 16th? Where all of it has one rate, nobody needs to."""
    make_metered(vserver, "traffic", 1_000, includes_vat=False)
    [server] = create(bob, make_item(vserver, "plain", 165_000, includes_vat=False), at=BEGIN)
    report(server, "a", 100)
    bill()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE usage_record DETACH PARTITION usage_record_202603")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    approved("2026-03-16", "0.08")
    old = server.invoices.get()
    with refused(UseTakenAway):
        tax_anew(old.pk, reason="NQ 1/2026", actor=STAFF, at=OVER + DAY)
    approved("2026-03-01", "0.08")
    assert tax_anew(old.pk, reason="NQ 1/2026", actor=STAFF, at=OVER + DAY).total == 292_140


def test_a_budget_counts_what_was_taxed_anew_once(alice: Customer, vserver: Product) -> None:
    """181,500 ordered, 3,300 come back with the lower rate; half of 178,200 comes back when it is deleted after half its time."""
    [server] = create(alice, make_item(vserver, "plain", 165_000, includes_vat=False), at=NOON)
    budget = set_budget(alice, 900_000, actor=owner_of(alice), at=NOON)
    approved("2026-03-10", "0.08")
    tax_anew(server.invoices.get().pk, reason="NQ 1/2026", actor=STAFF, at=NOON + DAY)
    assert spent(budget, NOON + DAY) == 178_200
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + 15 * DAY)
    assert spent(budget, NOON + 15 * DAY) == 89_100


def test_what_was_taxed_anew_in_a_later_month_makes_no_room_in_it(alice: Customer, vserver: Product) -> None:
    [server] = create(alice, make_item(vserver, "plain", 165_000, includes_vat=False), at=NOON)
    budget = set_budget(alice, 900_000, actor=owner_of(alice), at=NOON)
    approved("2026-03-10", "0.08")
    tax_anew(server.invoices.get().pk, reason="NQ 1/2026", actor=STAFF, at=OVER + DAY)
    delete_resource(server.pk, actor=owner_of(alice), at=OVER + 2 * DAY)
    assert spent(budget, OVER + 2 * DAY) == 0


def spent(budget: Budget, at: datetime) -> int:
    [standing] = standings(list(Budget.objects.with_what_they_are_about().filter(pk=budget.pk)), at=at)
    return standing.spent


def test_lines_keep_their_tags_when_they_are_taxed_anew(alice: Customer, small: Item) -> None:
    [server] = create(alice, small, at=NOON)
    change_tags(server.pk, {"Environment": "production"}, actor=owner_of(alice), at=NOON + DAY)
    approved("2026-03-10", "0.08")
    new = tax_anew(server.invoices.get().pk, reason="NQ 1/2026", actor=STAFF, at=NOON + 2 * DAY)
    assert "Environment" not in new.lines.get().tags


def test_what_is_deleted_for_good_is_taxed_anew(alice: Customer) -> None:
    """Nothing came back of it, so its time goes on behind its end."""
    final = make_product("final", is_refundable=False)
    [server] = create(alice, make_item(final, "plain", 165_000, includes_vat=False), at=NOON)
    delete_resource(server.pk, actor=owner_of(alice), at=NOON + DAY)
    empty_from_trash(server.pk, actor=owner_of(alice), at=NOON + DAY)
    approved("2026-03-10", "0.08")
    assert tax_anew(server.invoices.get().pk, reason="NQ 1/2026", actor=STAFF, at=NOON + 3 * DAY).total == 178_200


def test_what_is_questioned_is_answered_first(bob: Customer, small: Item) -> None:
    [server] = create(bob, small, at=BEGIN)
    bill()
    old = server.invoices.get()
    question_line(bob.pk, old.pk, 1, text="why", actor=owner_of(bob), at=OVER)
    approved("2026-03-01", "0.08")
    with refused(QuestionOpen):
        tax_anew(old.pk, reason="NQ 1/2026", actor=STAFF, at=OVER + DAY)
