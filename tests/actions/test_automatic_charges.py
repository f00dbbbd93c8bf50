"""What is charged by itself: wallets that run low, and what open invoices need beyond the wallet."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils.translation import override

from accounts.models import AuditEntry, Customer, StaffAct
from invoices.models import Hold, Invoice
from invoices.services.holds import place_hold
from invoices.services.questions import question_line
from ledger.models import Account
from notifications.models import Notice
from notifications.render import words_of
from payments import gateways
from payments.consents import VERSION
from payments.gateways import Failed, Pending, Succeeded, Unknown
from payments.models import AutomaticCharge, Consent, Payment
from payments.services.asking import check_payment
from payments.services.attempts import cancel_attempt
from payments.services.automatic import charge_automatically, due_charges
from payments.services.consents import Agreement, ConsentNeeded
from payments.services.credit import adjust_credit
from payments.services.gateway import start_top_up
from payments.services.reversals import take_back
from payments.services.standing import AccountNeeded, switch_off, switch_on
from payments.services.wallet import wallet_of
from payments.services.ways import AccountNotUsable
from payments.tasks import charge_linked_accounts, pay_open_invoices
from payments.ways import automatic_charges_of
from tests.actions.test_bank_transfers import bills
from tests.cast import DAY, JOB, NOON, STAFF, fund, make_colleague, make_customer, owner_of
from tests.links import linked_account, pays_invoices, tops_up
from tests.refunds import returned, topped_up

pytestmark = pytest.mark.django_db
AGREED = Agreement(VERSION, "en", "192.0.2.7")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
DUE = NOON + 40 * DAY


def charged(linking: Any, at: Any = NOON) -> list[int]:
    """What is charged in one run of the job."""
    before = len(linking.charged)
    charge_linked_accounts(at=at)
    return list(linking.charged[before:])


def row(purpose: str = "top_up") -> AutomaticCharge:
    return AutomaticCharge.objects.get(purpose=purpose)


def test_a_wallet_that_runs_low_is_topped_up_once(linking: Any) -> None:
    customer = make_customer(credit=99_999)
    tops_up(linked_account(customer), below=100_000, amount=500_000)
    assert charged(linking) == [500_000]
    assert wallet_of(customer.pk).available == 599_999
    assert charged(linking, NOON + MINUTE) == []
    assert Payment.objects.get().actor == "job:charge-linked-accounts"


def test_a_wallet_with_enough_is_left_alone(linking: Any) -> None:
    tops_up(linked_account(make_customer(credit=100_000)), below=100_000)
    assert charged(linking) == []


def test_an_empty_wallet_without_any_account_runs_low_too(linking: Any) -> None:
    customer = make_customer()
    tops_up(linked_account(customer))
    assert not Account.objects.filter(customer=customer).exists()
    assert charged(linking) == [500_000]


def test_a_wallet_is_topped_up_so_often_a_day(linking: Any, settings: Any) -> None:
    settings.AUTOMATIC_TOP_UPS_A_DAY = 2
    customer = make_customer()
    tops_up(linked_account(customer), below=10_000_000, amount=100_000)
    found = [charged(linking, NOON + number * MINUTE) for number in range(4)]
    assert found == [[100_000], [100_000], [], []]
    assert row().failure == "often"
    assert charged(linking, NOON + 11 * HOUR) == []  # 23:00 of the same day
    assert charged(linking, NOON + 12 * HOUR) == [100_000]


def test_after_a_decline_it_cools_off_longer_and_longer_and_then_it_is_switched_off(linking: Any) -> None:
    customer = make_customer()
    tops_up(linked_account(customer))
    linking.charge_answer = Failed("insufficient_funds", "")
    assert charged(linking) == [500_000]
    assert (row().tries, row().failure, row().next_at) == (1, "insufficient_funds", NOON + 12 * HOUR)
    assert charged(linking, NOON + 11 * HOUR) == []
    assert charged(linking, NOON + 12 * HOUR) == [500_000]
    assert charged(linking, NOON + 36 * HOUR) == [500_000]
    assert row().next_at == NOON + 84 * HOUR
    assert charged(linking, NOON + 84 * HOUR) == [500_000]
    assert not row().is_on
    assert Notice.objects.filter(kind=Notice.Kind.AUTOMATIC_CHARGE_OFF).count() == 1


def test_a_decline_says_why_what_to_do_and_when_it_is_tried_again(linking: Any) -> None:
    tops_up(linked_account(make_customer()))
    linking.charge_answer = Failed("insufficient_funds", "")
    charged(linking)
    notice = Notice.objects.get(kind=Notice.Kind.PAYMENT_FAILED)
    with override("en"):
        said = " ".join(words_of(notice).sentences)
    assert "held too little. Add to it, or pay by other means" in said
    assert "We try it again by ourselves at 11 March 2026" in said or "11 Mar 2026" in said
    assert "****1234" in said


def test_what_time_does_not_mend_is_not_tried_again(linking: Any) -> None:
    tops_up(linked_account(make_customer()))
    linking.charge_answer = Failed("needs_customer", "")
    charged(linking)
    assert not row().is_on


def test_a_success_forgets_the_declines(linking: Any) -> None:
    tops_up(linked_account(make_customer()))
    linking.charge_answer = Failed("insufficient_funds", "")
    charged(linking)
    linking.charge_answer = None
    charged(linking, NOON + 12 * HOUR)
    assert (row().tries, row().failure, row().next_at) == (0, "", None)


def test_while_one_is_open_there_is_no_other(linking: Any) -> None:
    customer = make_customer()
    tops_up(linked_account(customer))
    linking.charge_answer = Unknown("time-out")
    assert charged(linking) == [500_000]
    assert charged(linking, NOON + 2 * HOUR) == []
    linking.known = Succeeded("txn", 500_000, NOON)
    check_payment(Payment.objects.get().pk, actor=JOB, at=NOON + 3 * HOUR)
    assert wallet_of(customer.pk).available == 500_000


def test_one_that_was_given_up_rests_before_the_next(linking: Any) -> None:
    customer = make_customer()
    tops_up(linked_account(customer))
    linking.charge_answer = Pending()
    charged(linking)
    cancel_attempt(Payment.objects.get().pk, actor=owner_of(customer), at=NOON)
    assert charged(linking, NOON + 59 * MINUTE) == []
    assert charged(linking, NOON + 60 * MINUTE) == [500_000]


def test_one_switch_stops_all(linking: Any) -> None:
    customer = make_customer()
    link = linked_account(customer)
    tops_up(link)
    pays_invoices(link)
    switch_off(customer, actor=owner_of(customer), at=NOON)
    assert charged(linking) == []
    assert not AutomaticCharge.objects.on().exists()
    assert AuditEntry.objects.get(verb="switch automatic charges off").facts["purposes"] == ["invoices", "top_up"]


def test_staff_can_hold_all_of_it(linking: Any) -> None:
    customer = make_customer()
    tops_up(linked_account(customer))
    place_hold(
        customer.pk, Hold.Kind.NO_AUTOMATIC_PAYMENT, until=NOON + DAY, reason="asked for by phone", actor=STAFF, at=NOON
    )
    assert charged(linking) == []


def test_what_staff_hold_after_the_job_has_found_it_is_not_charged(linking: Any) -> None:
    customer = make_customer()
    tops_up(linked_account(customer))
    assert [charge.pk for charge in due_charges(NOON)] == [row().pk]
    place_hold(customer.pk, Hold.Kind.NO_AUTOMATIC_PAYMENT, until=NOON + DAY, reason="asked", actor=STAFF, at=NOON)
    assert charge_automatically(row().pk, actor=JOB, at=NOON) is None
    assert linking.charged == []


def test_it_is_switched_on_with_a_consent_in_words(linking: Any) -> None:
    customer = make_customer()
    link = linked_account(customer)
    terms = {"linked_id": link.pk, "below": 50_000, "amount": 300_000, "actor": owner_of(customer), "at": NOON}
    with pytest.raises(ConsentNeeded):
        switch_on(customer, "top_up", agreement=Agreement("", "en"), **terms)
    switch_on(customer, "top_up", agreement=AGREED, **terms)
    switch_on(customer, "top_up", agreement=AGREED, **(terms | {"amount": 400_000}))
    assert Consent.objects.filter(scope="top_up").count() == 2
    assert "400" in row().consent.text
    with pytest.raises(AccountNeeded):
        switch_on(make_customer(), "top_up", agreement=AGREED, **terms)
    assert charged(linking) == [400_000]


def test_a_limit_of_the_account_waits_for_tomorrow_and_says_so(linking: Any) -> None:
    link = linked_account(make_customer(), month_limit=600_000)
    tops_up(link, below=10_000_000)
    assert charged(linking) == [500_000]
    assert charged(linking, NOON + MINUTE) == []
    assert (row().failure, row().next_at) == ("account-limit", NOON + 12 * HOUR)


def test_open_invoices_take_the_wallet_first_and_then_the_account(linking: Any, small: Any) -> None:
    customer, invoices = bills(small, 2, pays_invoices_automatically=True)
    fund(customer, 10_000)
    pays_invoices(linked_account(customer))
    pay_open_invoices(at=DUE)
    due = sum(invoice.due for invoice in Invoice.objects.filter(customer=customer))
    assert due == sum(invoice.due for invoice in invoices) - 10_000
    assert charged(linking, DUE) == [due]
    assert not Invoice.objects.open().filter(customer=customer).exists()
    assert charged(linking, DUE + MINUTE) == []


def test_a_top_up_settles_what_it_can_and_the_account_the_rest_at_once(linking: Any, small: Any) -> None:
    customer, _invoices = bills(small, 2, pays_invoices_automatically=True)
    link = linked_account(customer)
    pays_invoices(link)
    start_top_up(customer, 20_000, gateway=f"linked:{link.pk}", actor=owner_of(customer), at=DUE)
    rest = sum(Invoice.objects.filter(customer=customer).values_list("due", flat=True))
    assert charged(linking, DUE) == [rest]
    assert wallet_of(customer.pk).available == 0


def test_who_switched_automatic_payment_off_is_not_charged(linking: Any, small: Any) -> None:
    customer, _invoices = bills(small, 1, pays_invoices_automatically=False)
    pays_invoices(linked_account(customer))
    pay_open_invoices(at=DUE)
    assert charged(linking, DUE) == []


def test_invoices_are_tried_again_by_the_schedule(linking: Any, small: Any) -> None:
    customer, _invoices = bills(small, 1, pays_invoices_automatically=True)
    pays_invoices(linked_account(customer))
    linking.charge_answer = Failed("insufficient_funds", "")
    pay_open_invoices(at=DUE)
    assert len(charged(linking, DUE)) == 1
    assert row("invoices").next_at == DUE + DAY
    pay_open_invoices(at=DUE + HOUR)
    assert charged(linking, DUE + HOUR) == []
    assert automatic_charges_of(customer, at=DUE)["invoices"].next_try == DUE + DAY
    assert len(charged(linking, DUE + DAY)) == 1
    assert row("invoices").next_at == DUE + 4 * DAY


def test_an_invoice_above_the_limit_is_not_split_and_smaller_ones_are_paid(linking: Any, small: Any) -> None:
    customer, invoices = bills(small, 2, pays_invoices_automatically=True)
    link = linked_account(customer, charge_limit=min(one.due for one in invoices) - 1)
    pays_invoices(link)
    pay_open_invoices(at=DUE)
    assert charged(linking, DUE) == []
    assert row("invoices").failure == "account-limit"


def test_what_is_questioned_is_not_charged_by_itself(linking: Any, small: Any) -> None:
    customer, [first, second] = bills(small, 2, pays_invoices_automatically=True)
    pays_invoices(linked_account(customer))
    question_line(customer.pk, first.pk, 1, text="I had stopped it", actor=owner_of(customer), at=DUE)
    pay_open_invoices(at=DUE)
    assert charged(linking, DUE) == [second.due]
    assert list(Invoice.objects.open().filter(customer=customer)) == [first]
    pay_open_invoices(at=DUE + DAY)
    assert charged(linking, DUE + DAY) == []


def test_a_gateway_that_is_switched_off_is_tried_once_a_day() -> None:
    customer = make_customer()
    link = linked_account(customer, gateway="zalopay")
    tops_up(link)
    assert charge_linked_accounts(at=NOON).failed == 0
    assert row().next_at == NOON + 12 * HOUR
    with pytest.raises(AccountNotUsable):
        start_top_up(customer, 50_000, gateway=f"linked:{link.pk}", actor=owner_of(customer), at=NOON)


def test_nothing_is_charged_where_nothing_was_switched_on(linking: Any, small: Any) -> None:
    customer, _invoices = bills(small, 1, pays_invoices_automatically=True)
    linked_account(customer)
    pay_open_invoices(at=DUE)
    assert charged(linking, DUE) == []


# --- What left without paying for anything ----------------------------------------------------------------------------


def returned_by_staff(customer: Customer, payment: Payment) -> None:
    returned(payment, 450_000, by=gateways.gateway("gate"))


def taken_by_the_bank(customer: Customer, payment: Payment) -> None:
    take_back(payment.pk, 450_000, reference="CB-1", reason="dispute", actor=STAFF, at=NOON)


def corrected(customer: Customer, payment: Payment) -> None:
    adjust_credit(customer, -450_000, key=opening_key(customer, -450_000), reason="twice", actor=STAFF, at=NOON)


def opening_key(customer: Customer, amount: int) -> int:
    one = make_colleague("one@portal.example").name
    return StaffAct.objects.create(
        act="adjust-credit", state="alone", customer=customer, amount=amount, reason="r", asked_by=one, asked_at=NOON, decided_by=one,
        decided_at=NOON,
    ).pk  # fmt: skip


def test_what_the_bank_took_back_of_a_linked_card_is_not_charged_to_it_again_until_its_holder_agrees_anew(
    linking: Any, small: Any
) -> None:
    """A bill of 60,333 is charged by itself and disputed: it is due again, and nothing is charged on that day, nor on the next."""
    customer, [bill] = bills(small, 1, pays_invoices_automatically=True)
    link = linked_account(customer)
    pays_invoices(link)
    pay_open_invoices(at=DUE)
    assert charged(linking, DUE) == [60_333]
    payment = Payment.objects.get(linked=link)
    connection.check_constraints()
    take_back(payment.pk, 60_333, reference="dp-1", reason="dispute", actor=STAFF, at=DUE)

    bill.refresh_from_db()
    for day in (DUE + HOUR, DUE + DAY, DUE + 2 * DAY):
        pay_open_invoices(at=day)
        assert charged(linking, day) == []
    assert (bill.due, row("invoices").is_on) == (60_333, False)
    with override("en"):
        said = " ".join(words_of(Notice.objects.get(kind=Notice.Kind.AUTOMATIC_CHARGE_OFF)).sentences)
    assert "taken back by the bank" in said
    assert "declined" not in said

    switch_on(customer, "invoices", linked_id=link.pk, agreement=AGREED, actor=owner_of(customer), at=DUE + 2 * DAY)
    assert charged(linking, DUE + 2 * DAY) == [60_333]


def test_a_dispute_of_one_card_leaves_the_other_one_alone_and_of_its_own_ends_each_purpose(linking: Any) -> None:
    customer = make_customer(credit=1_000_000)
    disputed, other = linked_account(customer), linked_account(customer)
    tops_up(disputed, below=50_000)
    pays_invoices(other)
    payment = start_top_up(customer, 60_000, gateway=f"linked:{disputed.pk}", actor=owner_of(customer), at=NOON)
    connection.check_constraints()
    take_back(payment.pk, 60_000, reference="dp-1", reason="dispute", actor=STAFF, at=NOON)
    assert (row("top_up").is_on, row("invoices").is_on) == (False, True)


@pytest.mark.parametrize("leaves", [returned_by_staff, taken_by_the_bank, corrected])
@pytest.mark.parametrize(("below", "is_filled"), [(50_001, False), (50_000, True)])
def test_what_left_without_paying_for_anything_is_not_taken_again_by_itself(
    linking: Any, leaves: Any, below: int, is_filled: bool
) -> None:
    """
    500,000 came and 450,000 leave: with a threshold of 50,001 they would be charged again at once. With one of 50,000 enough is left, and what
    is spent then is filled up.
    """
    customer = make_customer()
    tops_up(linked_account(customer), below=below)
    leaves(customer, topped_up(customer, 500_000, gateway="gate"))
    assert charged(linking, NOON + MINUTE) == []
    assert row().is_on == is_filled
    told = Notice.objects.filter(kind=Notice.Kind.AUTOMATIC_CHARGE_OFF)
    if not is_filled:
        with override("en"):
            said = " ".join(words_of(told.get()).sentences)
        assert "without paying for anything" in said
        assert "declined" not in said
    assert told.count() == (not is_filled)
    fund(customer, -10_000)
    assert charged(linking, NOON + HOUR) == ([500_000] if is_filled else [])
