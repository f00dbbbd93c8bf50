"""Commitments: a share off all use from the first month on, what is not spent is billed, and how they begin, follow and end."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import four_eyes
from accounts.models import AuditEntry, Customer
from billing_portal.auditor import violations
from catalog import acts
from catalog.commitments import (
    CommitmentOver,
    CommittedAlready,
    KeysCommitToNothing,
    NotEarlier,
    OfferNotOpen,
    PrepaidCommitsToNothing,
    UnknownCommitment,
    agree,
    end_early,
    see_to_ends,
    set_renewal,
    take_offer,
)
from catalog.models import Commitment, CommitmentOffer, Discount, Item, Price
from invoices.models import CommittedMonth, Invoice, InvoiceLine, ParkedBilling
from invoices.services import shortfalls
from invoices.services.again import bill_again
from invoices.services.month_end import bill_ended_months
from invoices.services.release import release
from invoices.services.shortfalls import Spent, bill_shortfalls, progress_of, spent_in
from kernel.errors import InvalidInput
from kernel.periods import CalendarMonth
from notifications.models import Notice
from orders.services.delete import delete_resource
from orders.services.switch import Committed, rehearse_switch
from payments.services.correct import correct_invoice
from tests.actions.books import refused
from tests.actions.test_usage_intake import take, use
from tests.cast import (
    DAY,
    JOB,
    LONG_AGO,
    NOON,
    STAFF,
    create,
    make_colleague,
    make_customer,
    make_metered,
    owner_of,
)

pytestmark = pytest.mark.django_db
MARCH, APRIL, MAY, JUNE = (CalendarMonth(2026, month) for month in (3, 4, 5, 6))


def committed(customer: Customer, **terms: Any) -> Commitment:
    """1,000,000 a month and 10 % off from April on, for a year."""
    usual = {"amount": 1_000_000, "share": Decimal("0.1"), "months": 12, "starts_on": date(2026, 4, 1), "renews": False}
    return agree(customer.pk, **{**usual, **terms}, reason="contract", actor=STAFF, at=NOON)


def bill(month: CalendarMonth) -> None:
    bill_ended_months(actor=JOB, at=month.period.ends_at + timedelta(minutes=30))


def bill_of(customer: Customer, month: CalendarMonth) -> Invoice:
    return Invoice.objects.get(customer=customer, period_key=month.key)


def decided(customer: Customer, month: CalendarMonth) -> tuple[int, int]:
    return CommittedMonth.objects.values_list("counted", "shortfall").get(customer=customer, month=month.key)


# --- The discount ---


def test_all_use_costs_less_from_the_first_month_on(bob: Customer, small: Item) -> None:
    """A server at 181,000 for 30 days: 21.5 days of March in full, all of April at 10 % less."""
    create(bob, small)
    committed(bob)
    bill(APRIL)
    assert (bill_of(bob, MARCH).total, bill_of(bob, APRIL).total) == (129_717, 162_900)
    line = bill_of(bob, APRIL).lines.get()
    assert (line.discount, line.committed) == (Decimal("0.1"), Decimal("0.1"))


def test_a_negotiated_discount_and_that_of_the_commitment_add_up(bob: Customer, small: Item) -> None:
    """25 % and 10 % are 35 %: 117,650 of 181,000."""
    Discount.objects.create(customer=bob, product=small.product, share=Decimal("0.25"), valid_from=LONG_AGO)
    create(bob, small)
    committed(bob)
    bill(APRIL)
    line = bill_of(bob, APRIL).lines.get()
    assert (line.total, line.discount, line.committed) == (117_650, Decimal("0.35"), Decimal("0.1"))


def test_what_is_metered_costs_less_too(bob: Customer, small: Item) -> None:
    """1,000 GB at 500 less 10 %."""
    traffic = make_metered(small.product, "traffic", 500)
    [server] = create(bob, small)
    committed(bob)
    at = APRIL.period.starts_at + 5 * DAY
    assert take(server, use(server, "a", 1000, used_at=at), at=at + DAY) == ["accepted"]
    bill(APRIL)
    assert InvoiceLine.objects.get(item=traffic).total == 450_000


def test_what_is_deleted_within_a_month_is_billed_with_the_discount(bob: Customer, small: Item) -> None:
    """Ten days of April: 60,333 less 10 %."""
    [server] = create(bob, small)
    committed(bob)
    delete_resource(server.pk, actor=owner_of(bob), at=APRIL.period.starts_at + 10 * DAY)
    assert Invoice.objects.get(customer=bob, period_key__startswith="2026-04").total == 54_300


# --- The shortfall ---


def test_what_is_not_spent_is_billed_at_the_month_end(bob: Customer, small: Item) -> None:
    """162,900 of 1,000,000 were spent: 837,100 lack, 76,100 of them VAT."""
    create(bob, small)
    commitment = committed(bob)
    bill(APRIL)
    month = CommittedMonth.objects.get()
    assert (month.commitment, month.month, month.amount) == (commitment, "2026-04", 1_000_000)
    assert (month.counted, month.shortfall) == (162_900, 837_100)
    invoice = month.invoice
    assert invoice is not None
    assert (invoice.total, invoice.tax, invoice.resource_id) == (837_100, 76_100, None)
    assert (invoice.period_start, invoice.period_end) == (APRIL.period.starts_at, APRIL.period.ends_at)
    assert Notice.objects.filter(kind=Notice.Kind.INVOICE_ISSUED, event__contains=str(invoice.pk)).exists()
    assert violations() == []


def test_a_month_is_decided_once_however_often_it_is_run(bob: Customer, small: Item) -> None:
    create(bob, small)
    committed(bob)
    for _again in range(3):
        bill(APRIL)
    assert CommittedMonth.objects.count() == 1
    assert Invoice.objects.filter(resource=None).count() == 1


def test_whoever_spends_enough_pays_nothing_more(bob: Customer, large: Item) -> None:
    """Three at 520,000 less 10 %: 1,404,000."""
    create(bob, large, quantity=3)
    committed(bob)
    bill(APRIL)
    assert decided(bob, APRIL) == (1_404_000, 0)
    assert not Invoice.objects.filter(resource=None).exists()


def test_without_any_use_all_of_it_is_billed(bob: Customer) -> None:
    committed(bob)
    bill(APRIL)
    assert decided(bob, APRIL) == (0, 1_000_000)


def test_what_was_billed_within_the_month_counts_less_what_was_credited(bob: Customer, small: Item) -> None:
    [gone] = create(bob, small)
    create(bob, small)
    committed(bob)
    delete_resource(gone.pk, actor=owner_of(bob), at=APRIL.period.starts_at + 10 * DAY)
    bill(APRIL)
    assert decided(bob, APRIL) == (54_300 + 162_900, 782_800)


def test_months_that_were_missed_are_made_up_for(bob: Customer, small: Item) -> None:
    """May has 31 days: 168,330."""
    create(bob, small)
    committed(bob)
    bill(MAY)
    assert (decided(bob, APRIL), decided(bob, MAY)) == ((162_900, 837_100), (168_330, 831_670))


def test_use_that_is_reported_late_counts_for_the_month_it_is_billed_with(bob: Customer, small: Item) -> None:
    """1,000 GB of April at 450, reported in May: billed with May, for which they count."""
    make_metered(small.product, "traffic", 500)
    [server] = create(bob, small)
    committed(bob)
    bill(APRIL)
    of_april = APRIL.period.starts_at + 5 * DAY
    assert take(server, use(server, "a", 1000, used_at=of_april), at=MAY.period.starts_at + 3 * DAY) == ["late"]
    bill(MAY)
    assert decided(bob, APRIL) == (162_900, 837_100)
    assert decided(bob, MAY) == (168_330 + 450_000, 381_670)
    bill(JUNE)
    assert decided(bob, JUNE) == (162_900, 837_100)
    assert violations() == []


def test_late_use_that_is_billed_again_counts_once(bob: Customer, small: Item) -> None:
    """The 450,000 of April, billed with May, are credited and billed again in July: June has what June used."""
    make_metered(small.product, "traffic", 500)
    [server] = create(bob, small)
    committed(bob)
    bill(APRIL)
    use_of_april = use(server, "a", 1000, used_at=APRIL.period.starts_at + 5 * DAY)
    assert take(server, use_of_april, at=MAY.period.starts_at + 3 * DAY) == ["late"]
    bill(MAY)
    late = Invoice.objects.get(customer=bob, is_late=True)
    correct_invoice(late.pk, late.total, note="tax code", actor=STAFF, at=JUNE.period.starts_at + 5 * DAY)
    bill_again(late.pk, reason="tax code", actor=STAFF, at=JUNE.period.starts_at + 5 * DAY)
    bill(JUNE)
    assert decided(bob, JUNE) == (162_900, 837_100)


def test_whoever_is_held_back_waits(bob: Customer, small: Item) -> None:
    create(bob, small)
    committed(bob)
    parked = ParkedBilling.objects.create(customer=bob, month="2026-04", cause="outlier", at=NOON)
    bill(APRIL)
    assert not CommittedMonth.objects.exists()
    release(parked.pk, reason="looked at", actor=STAFF, at=APRIL.period.ends_at + DAY)
    bill_ended_months(actor=JOB, at=APRIL.period.ends_at + DAY)
    assert decided(bob, APRIL) == (162_900, 837_100)


def test_a_shortfall_without_a_price_is_held_back_for_staff(bob: Customer) -> None:
    committed(bob)
    Price.objects.filter(item__code="shortfall").update(valid_until=NOON)
    bill(APRIL)
    assert not CommittedMonth.objects.exists()
    assert ParkedBilling.objects.get(customer=bob).reason == "shortfall"


def test_a_thousand_commitments_are_decided_in_the_statements_of_one(small: Item) -> None:
    def statements(count: int) -> int:
        for _one in range(count):
            committed(make_customer(mode="postpaid"))
        with CaptureQueriesContext(connection) as queries:
            bill_shortfalls(unfinished=[], at=APRIL.period.ends_at)
        return len(queries)

    assert statements(1) == statements(5)


def test_one_customer_whose_decision_fails_is_held_back_and_the_others_are_billed(
    bob: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [make_customer(mode="postpaid") for _one in range(2)]
    for customer in (bob, *others):
        committed(customer)

    def fails_for_one(month: CalendarMonth, customers: Collection[UUID]) -> dict[UUID, Spent]:
        if bob.pk in customers:
            raise RuntimeError
        return spent_in(month, customers)

    monkeypatch.setattr(shortfalls, "spent_in", fails_for_one)
    bill(APRIL)
    assert set(CommittedMonth.objects.values_list("customer", flat=True)) == {one.pk for one in others}
    assert ParkedBilling.objects.get().cause == "failed"


# --- How it begins, follows and ends ---


def test_two_of_the_staff_agree_on_it(bob: Customer) -> None:
    facts = {"amount": 1_000_000, "share": "0.1", "months": 12, "starts_on": "2026-04-01", "renews": False}
    asked = four_eyes.ask(
        acts.AgreeCommitment, customer=bob, facts=facts, reason="contract", actor=make_colleague(), at=NOON
    )
    assert asked.waits
    assert not Commitment.objects.exists()
    four_eyes.approve(asked.act.pk, actor=make_colleague("second@portal.example"), at=NOON)
    made = Commitment.objects.get()
    assert (made.starts_on, made.ends_on, made.months) == (date(2026, 4, 1), date(2027, 4, 1), 12)
    assert Notice.objects.filter(customer=bob, kind=Notice.Kind.COMMITMENT_MADE).count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 0},
        {"amount": 10**11 + 1},
        {"share": Decimal(0)},
        {"share": Decimal(1)},
        {"months": 0},
        {"months": 37},
        {"starts_on": date(2026, 3, 1)},
        {"starts_on": date(2026, 4, 2)},
    ],
)
def test_what_cannot_be_agreed_is_refused_with_a_sentence(bob: Customer, wrong: dict[str, Any]) -> None:
    with refused(InvalidInput):
        committed(bob, **wrong)


def test_who_pays_ahead_commits_to_nothing(alice: Customer) -> None:
    with refused(PrepaidCommitsToNothing):
        committed(alice)


def test_one_commitment_at_a_time(bob: Customer) -> None:
    committed(bob, months=2)
    with refused(CommittedAlready):
        committed(bob, starts_on=date(2026, 5, 1))
    committed(bob, starts_on=date(2026, 6, 1))


def offered(**terms: Any) -> CommitmentOffer:
    """2,000,000 a month for six months at 5 % less."""
    usual = {"name": "Cam kết 2 triệu", "name_en": "Two million", "amount": 2_000_000, "share": "0.05", "months": 6}
    return CommitmentOffer.objects.create(**{**usual, "valid_from": LONG_AGO, **terms})


def test_an_owner_takes_an_offer_from_the_next_month_on(bob: Customer) -> None:
    offer = offered()
    made = take_offer(bob.pk, offer.pk, renews=True, actor=owner_of(bob), at=NOON)
    assert (made.amount, made.share, made.starts_on, made.ends_on) == (
        2_000_000,
        Decimal("0.05"),
        date(2026, 4, 1),
        date(2026, 10, 1),
    )
    assert (made.offer, made.renews) == (offer, True)
    assert AuditEntry.objects.filter(verb="take commitment", customer=bob).count() == 1


def test_an_offer_that_is_not_open_is_not_taken(bob: Customer) -> None:
    for offer in (offered(valid_until=NOON), offered(valid_from=NOON + DAY)):
        with refused(OfferNotOpen):
            take_offer(bob.pk, offer.pk, renews=False, actor=owner_of(bob), at=NOON)


def test_one_that_renews_is_followed_by_another_like_it(bob: Customer) -> None:
    """On its last day, so that the next month begins with it."""
    last = committed(bob, months=2, renews=True)
    assert see_to_ends(actor=JOB, at=datetime(2026, 5, 30, 1, tzinfo=UTC)).done == 0
    for _again in range(2):
        see_to_ends(actor=JOB, at=datetime(2026, 5, 31, 1, tzinfo=UTC))
    following = Commitment.objects.get(follows=last)
    assert (following.starts_on, following.ends_on, following.renews) == (date(2026, 6, 1), date(2026, 8, 1), True)
    assert (following.amount, following.share) == (1_000_000, Decimal("0.1"))
    assert Commitment.objects.count() == 2


def test_an_owner_decides_whether_another_follows(bob: Customer) -> None:
    commitment = committed(bob, months=2, renews=True)
    set_renewal(bob.pk, commitment.pk, renews=False, actor=owner_of(bob), at=NOON)
    see_to_ends(actor=JOB, at=datetime(2026, 5, 31, 1, tzinfo=UTC))
    assert Commitment.objects.count() == 1
    with refused(CommitmentOver):
        set_renewal(bob.pk, commitment.pk, renews=True, actor=owner_of(bob), at=datetime(2026, 6, 1, 1, tzinfo=UTC))


LAST_DAY = datetime(2026, 5, 31, 1, tzinfo=UTC)  # 08:00 in Hà Nội
LAST_MINUTE = datetime(2026, 5, 31, 16, 59, tzinfo=UTC)


def let(commitment: Commitment, *, renew: bool, at: datetime) -> None:
    set_renewal(commitment.customer_id, commitment.pk, renews=renew, actor=owner_of(commitment.customer), at=at)


def standing(customer: Customer) -> list[tuple[date, date]]:
    """From when until when there is something to spend."""
    rows = Commitment.objects.standing().filter(customer=customer).order_by("starts_on")
    return list(rows.values_list("starts_on", "ends_on"))


def test_an_owner_ends_it_until_the_last_minute(bob: Customer) -> None:
    """After the job of that day: what follows is called off before it begins, and does not come back."""
    last = committed(bob, months=2, renews=True)
    see_to_ends(actor=JOB, at=LAST_DAY)
    assert len(standing(bob)) == 2
    let(last, renew=False, at=LAST_MINUTE)
    assert standing(bob) == [(date(2026, 4, 1), date(2026, 6, 1))]
    see_to_ends(actor=JOB, at=LAST_DAY + DAY)
    assert len(standing(bob)) == 1


def test_an_owner_lets_another_follow_until_the_last_minute(bob: Customer) -> None:
    """It begins with the next month, as if it had been said before; and whoever changes their mind again may."""
    last = committed(bob, months=2)
    see_to_ends(actor=JOB, at=LAST_DAY)
    for renew, count in ((True, 2), (False, 1), (True, 2)):
        let(last, renew=renew, at=LAST_MINUTE)
        assert len(standing(bob)) == count
    assert standing(bob)[1] == (date(2026, 6, 1), date(2026, 8, 1))
    see_to_ends(actor=JOB, at=LAST_DAY + DAY)
    assert len(standing(bob)) == 2
    with refused(CommitmentOver):
        let(last, renew=False, at=LAST_MINUTE + timedelta(minutes=1))


def test_what_staff_call_off_does_not_come_back_as_what_follows(bob: Customer) -> None:
    committed(bob, months=2, renews=True)
    see_to_ends(actor=JOB, at=LAST_DAY)
    following = Commitment.objects.get(follows__isnull=False)
    end_early(following.pk, ends_on=date(2026, 6, 1), reason="a mistake", actor=STAFF, at=LAST_MINUTE)
    see_to_ends(actor=JOB, at=LAST_DAY + DAY)
    assert standing(bob) == [(date(2026, 4, 1), date(2026, 6, 1))]


def test_a_program_lets_it_end_and_commits_to_nothing(bob: Customer) -> None:
    offer, commitment = offered(), committed(bob, months=2, renews=True)
    key = replace(owner_of(bob), key=uuid4())
    set_renewal(bob.pk, commitment.pk, renews=False, actor=key, at=NOON)
    with refused(KeysCommitToNothing):
        set_renewal(bob.pk, commitment.pk, renews=True, actor=key, at=NOON)
    with refused(KeysCommitToNothing):
        take_offer(bob.pk, offer.pk, renews=False, actor=key, at=NOON)


def test_one_that_another_takes_the_place_of_does_not_come_back_after_it(bob: Customer) -> None:
    """The first would have been followed by one like it in June; staff agree on another for June and July."""
    first = committed(bob, months=2, renews=True)
    committed(bob, starts_on=date(2026, 6, 1), months=2)
    assert not Commitment.objects.get(pk=first.pk).renews
    with refused(CommitmentOver):
        set_renewal(bob.pk, first.pk, renews=True, actor=owner_of(bob), at=NOON)
    for day in (datetime(2026, 5, 31, 1, tzinfo=UTC), datetime(2026, 7, 31, 1, tzinfo=UTC)):
        see_to_ends(actor=JOB, at=day)
    assert Commitment.objects.count() == 2


def test_nobody_decides_about_somebody_elses(bob: Customer) -> None:
    commitment = committed(bob)
    stranger = make_customer(mode="postpaid")
    with refused(UnknownCommitment):
        set_renewal(stranger.pk, commitment.pk, renews=True, actor=owner_of(stranger), at=NOON)


def test_staff_end_it_early_and_nothing_is_owed_for_the_rest(bob: Customer) -> None:
    commitment = committed(bob)
    end_early(commitment.pk, ends_on=date(2026, 5, 1), reason="moved", actor=STAFF, at=NOON + 30 * DAY)
    bill(MAY)
    assert list(CommittedMonth.objects.values_list("month", flat=True)) == ["2026-04"]


def test_it_ends_after_the_present_month_at_the_earliest(bob: Customer) -> None:
    commitment = committed(bob)
    for ends_on in (date(2026, 4, 1), date(2026, 5, 2), date(2027, 4, 1)):
        with refused(NotEarlier):
            end_early(commitment.pk, ends_on=ends_on, reason="x", actor=STAFF, at=NOON + 30 * DAY)


def test_one_that_has_not_begun_can_be_called_off(bob: Customer, small: Item) -> None:
    commitment = committed(bob)
    end_early(commitment.pk, ends_on=date(2026, 4, 1), reason="a mistake", actor=STAFF, at=NOON)
    create(bob, small)
    bill(APRIL)
    assert bill_of(bob, APRIL).total == 181_000
    assert not CommittedMonth.objects.exists()
    committed(bob, starts_on=date(2026, 6, 1))


def test_whoever_is_committed_is_not_switched_to_paying_ahead(bob: Customer) -> None:
    commitment = committed(bob)
    with refused(Committed):
        rehearse_switch(bob, "prepaid", at=NOON)
    end_early(commitment.pk, ends_on=date(2026, 4, 1), reason="x", actor=STAFF, at=NOON)
    rehearse_switch(bob, "prepaid", at=NOON)


# --- The present month ---


def test_the_present_month_says_how_far_it_is(bob: Customer, small: Item) -> None:
    """Ten of April's thirty days at 162,900: 54,300 until now, and 837,100 will lack."""
    create(bob, small)
    commitment = committed(bob)
    assert progress_of(bob, at=NOON) is None
    bill(MARCH)
    found = progress_of(bob, at=APRIL.period.starts_at + 10 * DAY)
    assert found is not None
    assert (found.commitment, found.counted, found.expected, found.lacking) == (commitment, 54_300, 162_900, 837_100)
    assert found.percent == 5
