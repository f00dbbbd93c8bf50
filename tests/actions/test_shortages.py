"""Where credit does not cover what prepaid resources use: told, stopped as the product says, and lifted by money at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.utils.translation import override

from accounts.models import Customer
from catalog.models import Item, Product
from invoices.models import Hold, Invoice
from invoices.services.holds import place_hold
from invoices.services.questions import question_line
from kernel.periods import MINUTE, local_day, start_of_day
from ledger.models import CreditHold
from ledger.services import wallet_of
from lifecycle.models import CreditWarning, ProvisioningRequest, Resource, ResourceEvent
from lifecycle.services.acts import StoppedForCredit
from lifecycle.services.running import start_resource, stop_resource
from notifications.models import Notice
from notifications.render import words_of
from notifications.truth import facts_now, holds
from orders.models import Action
from orders.services.delete import delete_resource
from payments.models import Shortage
from payments.services import use_credit
from payments.services.credit import adjust_credit, grant_promotional_credit
from payments.services.owed import settle_what_is_owed
from payments.services.use_credit import hold_for_all
from payments.services.use_holds import Cover, hold_for
from payments.tasks import see_to_shortages
from tests.actions.books import nothing_changes, refused
from tests.actions.test_credit_holds import BEGIN, OVER, bill, hold, on, pay, report
from tests.cast import (
    DAY,
    JOB,
    STAFF,
    answer,
    chosen,
    create,
    fresh,
    fund,
    make_customer,
    make_item,
    make_metered,
    make_product,
    order,
    owner_of,
    quote,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def traffic(vserver: Product) -> Item:
    """500 ₫ a GB, VAT included."""
    return make_metered(vserver, "traffic", 500)


@pytest.fixture
def server(small: Item, traffic: Item) -> Resource:
    """9,000 are left when it is paid. 14 GB are used by the twelfth, 4 of them since yesterday: 13,000 are needed."""
    poor = make_customer("Poor", credit=552_000)
    [server] = create(poor, small, at=BEGIN, months=3)
    report(server, "a", 10, 9)
    report(server, "b", 4, 12, 6)
    return server


def morning(day: int) -> None:
    hold(on(day, 7))


def told(kind: Notice.Kind) -> list[dict[str, Any]]:
    return list(Notice.objects.filter(kind=kind).order_by("pk").values_list("facts", flat=True))


def events(server: Resource) -> list[tuple[str, str]]:
    rows = ResourceEvent.objects.filter(resource=server, kind__in=["stopped", "started"]).order_by("pk")
    return list(rows.values_list("kind", "reason"))


def test_who_lacks_credit_is_told_how_much_and_when_the_resource_stops(server: Resource) -> None:
    morning(12)
    [shortage] = Shortage.objects.all()
    assert (shortage.missing, shortage.stops_at) == (4_000, start_of_day(local_day(on(15))))
    assert told(Notice.Kind.CREDIT_LACKING) == [
        {"product": str(server.product_id), "shortfall": 4_000, "on": "2026-03-15", "names": [server.name]}
    ]
    with override("en"):
        words = words_of(Notice.objects.get(kind=Notice.Kind.CREDIT_LACKING))
    assert words.subject == "Resources of vserver stop on 15 Mar 2026, unless you top up 4,000\u00a0₫"
    assert (fresh(server).state, wallet_of(server.customer_id).available) == ("active", 0)


def test_it_is_told_once_and_stops_on_that_day_and_not_before(server: Resource) -> None:
    report(server, "c", 8, 13, 6)
    for day in (12, 13, 14):
        morning(day)
    assert (len(told(Notice.Kind.CREDIT_LACKING)), fresh(server).state) == (1, "active")
    report(server, "d", 4, 15, 6)
    morning(15)
    stopped = fresh(server)
    assert (stopped.state, stopped.stopped_for_credit, stopped.stopped_for_debt) == ("stop", True, False)
    assert events(server) == [("stopped", "stopped-for-lack-of-credit")]
    assert ProvisioningRequest.objects.filter(resource=server, verb="stop").count() == 1
    assert len(told(Notice.Kind.CREDIT_STOPPED)) == 1
    with refused(StoppedForCredit):
        start_resource(server.pk, actor=owner_of(server.customer), at=on(15, 8))
    with nothing_changes():
        hold_for_all(actor=JOB, at=on(15, 7))


def test_a_job_that_was_away_announces_first(server: Resource) -> None:
    report(server, "c", 20, 20, 6)
    morning(20)
    assert (fresh(server).state, Shortage.objects.get().stops_at) == ("active", start_of_day(local_day(on(23))))


@pytest.mark.parametrize("how", ["payment", pytest.param("adjustment", marks=pytest.mark.breaks_the_books), "grant"])
def test_money_lifts_it_at_once(server: Resource, how: str) -> None:
    poor = server.customer
    report(server, "c", 14, 14, 6)
    morning(12)
    morning(15)
    assert fresh(server).state == "stop"
    match how:
        case "payment":
            fund(poor, 100_000)
            settle_what_is_owed(poor.pk, actor=JOB, at=on(15, 9))
        case "adjustment":
            adjust_credit(poor, 100_000, key=1, reason="sorry", actor=STAFF, at=on(15, 9))
        case "grant":
            grant_promotional_credit(poor, 100_000, expires_at=OVER, reason="sorry", actor=STAFF, at=on(15, 9))
    started = fresh(server)
    assert (started.state, started.stopped_for_credit) == ("active", False)
    assert events(server)[-1] == ("started", "credit-covers-it-again")
    assert (Shortage.objects.get().lifted_at, len(told(Notice.Kind.CREDIT_COVERS))) == (on(15, 9), 1)


def test_too_little_money_lifts_nothing(server: Resource) -> None:
    report(server, "c", 14, 14, 6)
    morning(12)
    morning(15)
    fund(server.customer, 1_000)
    settle_what_is_owed(server.customer_id, actor=JOB, at=on(15, 9))
    assert (fresh(server).state, Shortage.objects.get().lifted_at) == ("stop", None)


def test_what_is_no_longer_needed_is_lifted_in_the_morning_without_a_word(server: Resource) -> None:
    """Nobody uses anything on the thirteenth: the 7,000 so far are covered."""
    morning(12)
    morning(14)
    assert (Shortage.objects.get().lifted_at, told(Notice.Kind.CREDIT_COVERS)) == (on(14, 7), [])


def test_credit_that_came_in_by_whatever_way_lifts_it_a_minute_later(server: Resource) -> None:
    report(server, "c", 14, 14, 6)
    morning(12)
    morning(15)
    fund(server.customer, 100_000)
    assert see_to_shortages(at=on(15, 9)).done == 1
    assert (fresh(server).state, Shortage.objects.get().lifted_at) == ("active", on(15, 9))
    with nothing_changes():
        assert see_to_shortages(at=on(15, 10)).done == 0


def test_what_is_missing_is_counted_anew(server: Resource) -> None:
    """9,000 are there. On the thirteenth 9,000 were used, 2,000 of them since yesterday, and 6,000 are ahead."""
    morning(12)
    report(server, "c", 4, 13, 6)
    morning(13)
    shortage = Shortage.objects.get()
    assert (shortage.missing, shortage.missing_now) == (4_000, 6_000)
    fund(server.customer, 500)
    settle_what_is_owed(server.customer_id, actor=JOB, at=on(13, 7))
    shortage.refresh_from_db()
    assert (shortage.missing, shortage.missing_now) == (4_000, 5_500)


def test_what_was_being_changed_when_credit_came_starts_afterwards(server: Resource, large: Item) -> None:
    poor = server.customer
    report(server, "c", 14, 14, 6)
    morning(12)
    morning(15)
    fund(poor, 5_000_000)
    waiting = order(quote(poor, Action.RESIZE, on(15, 9), resource=str(server.pk), items=chosen(large)))
    settle_what_is_owed(poor.pk, actor=JOB, at=on(15, 9))
    see_to_shortages(at=on(15, 9) + MINUTE)
    assert (fresh(server).state, fresh(server).stopped_for_credit) == ("stop", True)
    answer(waiting, at=on(15, 9) + 2 * MINUTE)
    see_to_shortages(at=on(15, 9) + 3 * MINUTE)
    assert (fresh(server).state, fresh(server).stopped_for_credit) == ("active", False)


def test_one_that_fails_does_not_keep_others_stopped(server: Resource, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = make_customer("Bad", credit=552_000)
    [other] = create(bad, Item.objects.get(code="small"), at=BEGIN, months=3)
    for one, key in ((server, "c"), (other, "x")):
        report(one, key, 28, 14, 6)
    morning(14)
    morning(17)
    assert [fresh(one).state for one in (server, other)] == ["stop", "stop"]
    for one in (server, other):
        fund(one.customer, 100_000)

    def look(customers: Sequence[Customer], **rest: Any) -> list[Cover]:
        if bad in customers:
            raise ValueError("no")
        return hold_for(customers, **rest)

    monkeypatch.setattr(use_credit, "hold_for", look)
    assert see_to_shortages(at=on(17, 9)).failed == 1
    assert [fresh(one).state for one in (server, other)] == ["active", "stop"]


def test_what_is_deleted_stops_nothing_else(server: Resource) -> None:
    """Its use stays to be paid: the bill says so, and no resource is told to stop for it."""
    report(server, "c", 2_000, 11, 6)
    delete_resource(server.pk, actor=owner_of(server.customer), at=on(12, 6))
    morning(12)
    assert not Shortage.objects.exists()


def test_what_runs_on_by_its_product_is_only_told(server: Resource, vserver: Product) -> None:
    Product.objects.filter(pk=vserver.pk).update(days_without_credit=None)
    report(server, "c", 14, 14, 6)
    morning(12)
    morning(15)
    assert (fresh(server).state, told(Notice.Kind.CREDIT_LACKING)[0]["on"]) == ("active", "")
    with override("en"):
        words = words_of(Notice.objects.get(kind=Notice.Kind.CREDIT_LACKING))
    assert words.subject == "Your credit does not cover what vserver uses: 4,000\u00a0₫ are missing"


def test_only_what_nothing_answers_for_is_stopped(small: Item, traffic: Item) -> None:
    """Two servers need 5,000 each and 6,000 are there: the first is covered."""
    poor = make_customer("Poor", credit=2 * 181_000 + 6_000)
    first, second = create(poor, small, at=BEGIN, quantity=2)
    for server in (first, second):
        report(server, "a", 10, 9)
    morning(12)
    morning(15)
    assert [fresh(server).state for server in (first, second)] == ["active", "stop"]


def test_promotional_credit_answers_for_what_is_not_held(server: Resource) -> None:
    grant_promotional_credit(server.customer, 4_000, expires_at=OVER, reason="welcome", actor=STAFF, at=on(11))
    morning(12)
    assert not Shortage.objects.exists()


def test_what_its_customer_had_stopped_stays_stopped(server: Resource) -> None:
    stop_resource(server.pk, actor=owner_of(server.customer), at=on(12, 6))
    report(server, "c", 14, 14, 6)
    morning(12)
    morning(15)
    assert not fresh(server).stopped_for_credit
    fund(server.customer, 100_000)
    settle_what_is_owed(server.customer_id, actor=JOB, at=on(15, 9))
    assert fresh(server).state == "stop"


def test_what_was_not_running_on_that_day_is_not_said_to_be_stopped(server: Resource) -> None:
    report(server, "c", 14, 14, 6)
    morning(12)
    stop_resource(server.pk, actor=owner_of(server.customer), at=on(14, 20))
    morning(15)
    assert (Shortage.objects.get().done_at, told(Notice.Kind.CREDIT_STOPPED)) == (None, [])
    start_resource(server.pk, actor=owner_of(server.customer), at=on(15, 20))
    morning(16)
    assert (fresh(server).stopped_for_credit, Shortage.objects.get().done_at) == (True, on(16, 7))


def test_what_is_questioned_of_a_bill_is_not_lacking(server: Resource) -> None:
    """9,000 of 21,000 were paid; the line of all of it is looked into."""
    report(server, "c", 28, 14, 6)
    bill()
    pay()
    invoice = Invoice.objects.of_paid_time().get()
    question_line(server.customer_id, invoice.pk, 1, text="So much?", actor=owner_of(server.customer), at=OVER + DAY)
    hold(OVER + DAY)
    assert not Shortage.objects.exists()


def test_a_bill_that_is_not_paid_keeps_it_stopped(server: Resource) -> None:
    """In the new month nothing was used, but 9,000 of 21,000 were paid."""
    report(server, "c", 28, 14, 6)
    morning(12)
    morning(15)
    bill()
    pay()
    assert Invoice.objects.of_paid_time().get().due == 12_000
    hold(OVER + DAY)
    assert fresh(server).state == "stop"
    fund(server.customer, 12_000)
    settle_what_is_owed(server.customer_id, actor=JOB, at=OVER + DAY)
    assert (fresh(server).state, Invoice.objects.of_paid_time().get().status) == ("active", "paid")


def test_while_staff_rest_debts_nothing_stops(server: Resource) -> None:
    report(server, "c", 14, 14, 6)
    morning(12)
    place_hold(server.customer_id, Hold.Kind.PROMISE, until=on(20), reason="called", actor=STAFF, at=on(14))
    morning(15)
    assert fresh(server).state == "active"
    morning(21)
    assert [shortage.lifted_at for shortage in Shortage.objects.order_by("at")] == [on(15, 7), None]


def test_what_staff_let_rest_is_not_said_to_be_covered(server: Resource) -> None:
    report(server, "c", 14, 14, 6)
    morning(12)
    morning(15)
    place_hold(server.customer_id, Hold.Kind.PROMISE, until=on(20), reason="called", actor=STAFF, at=on(15, 8))
    see_to_shortages(at=on(15, 9))
    assert (fresh(server).state, told(Notice.Kind.CREDIT_COVERS)) == ("active", [])


def test_deletion_ends_it(server: Resource) -> None:
    """Its time comes back as credit, and with that it is covered."""
    report(server, "c", 14, 14, 6)
    morning(12)
    morning(15)
    delete_resource(server.pk, actor=owner_of(server.customer), at=on(15, 9))
    morning(16)
    assert (fresh(server).state, fresh(server).stopped_for_credit) == ("suspense", False)
    assert (Shortage.objects.get().lifted_at, told(Notice.Kind.CREDIT_COVERS)) == (on(16, 7), [])


# --- Each resource is told of, and stops in its own time ---


def warnings(server: Resource) -> list[tuple[Any, ...]]:
    """Told, the day that was told, whether it came, and when it was lifted."""
    rows = CreditWarning.objects.filter(resource=server).order_by("pk")
    return [(row.told_at, local_day(row.stops_at).day, row.came_at is not None, row.ended_at) for row in rows]


@pytest.fixture
def pair(small: Item, traffic: Item) -> tuple[Resource, Resource]:
    """
    Each needs 5,000 and 6,000 are there: the second lacks 4,000 and stops on the 15th. The first uses 10 GB more that day: it needs 10,000
    and what the days ahead may take.
    """
    poor = make_customer("Poor", credit=2 * 181_000 + 6_000)
    first, second = create(poor, small, at=BEGIN, quantity=2)
    for server in (first, second):
        report(server, "a", 10, 9)
    morning(12)
    morning(15)
    report(first, "b", 10, 15, 8)
    morning(16)
    return first, second


def test_what_begins_to_lack_credit_after_others_have_stopped_is_told_and_has_as_much_time(
    pair: tuple[Resource, Resource],
) -> None:
    """24,000 are missing on the 16th: 19,000 of 25,000 for the first, and all that the second needs."""
    first, second = pair
    assert [fresh(server).state for server in pair] == ["active", "stop"]
    said = [(facts["on"], facts["shortfall"], facts["names"]) for facts in told(Notice.Kind.CREDIT_LACKING)]
    assert said == [("2026-03-15", 4_000, [second.name]), ("2026-03-19", 24_000, [first.name])]
    for day in (17, 18):
        morning(day)
        assert fresh(first).state == "active"
    morning(19)
    assert fresh(first).state == "stop"
    assert [facts["names"] for facts in told(Notice.Kind.CREDIT_STOPPED)] == [[second.name], [first.name]]
    assert warnings(first) == [(on(16, 7), 19, True, None)]
    assert (len(told(Notice.Kind.CREDIT_LACKING)), Shortage.objects.get().done_at) == (2, on(15, 7))


def test_what_was_told_is_true_as_long_as_something_stops_on_that_day(pair: tuple[Resource, Resource]) -> None:
    notices = Notice.objects.filter(kind=Notice.Kind.CREDIT_LACKING).order_by("pk")
    now = facts_now(notices)
    assert [holds(notice, now[notice.pk], at=on(16)) for notice in notices] == [False, True]


def test_credit_that_comes_back_and_runs_out_again_while_another_lacks_it_is_told_again(
    pair: tuple[Resource, Resource],
) -> None:
    """10,000 are there on the 17th, which is what the first has used; 2 GB more on the 18th."""
    first, second = pair
    fund(first.customer, 4_000)
    morning(17)
    assert warnings(first) == [(on(16, 7), 19, False, on(17, 7))]
    report(first, "c", 2, 18, 6)
    morning(18)
    for day in (19, 20):
        morning(day)
        assert [fresh(server).state for server in pair] == ["active", "stop"]
    morning(21)
    assert fresh(first).state == "stop"
    assert warnings(first)[1:] == [(on(18, 7), 21, True, None)]
    assert [facts["on"][-2:] for facts in told(Notice.Kind.CREDIT_LACKING)] == ["15", "19", "21"]
    assert warnings(second) == [(on(12, 7), 15, True, None)]


def test_credit_that_runs_out_again_is_told_again(server: Resource) -> None:
    morning(12)
    fund(server.customer, 100_000)
    settle_what_is_owed(server.customer_id, actor=JOB, at=on(13))
    report(server, "c", 400, 14, 6)
    for day in (14, 15, 16):
        morning(day)
        assert fresh(server).state == "active"
    morning(17)
    assert fresh(server).state == "stop"
    assert warnings(server) == [(on(12, 7), 15, False, on(13)), (on(14, 7), 17, True, None)]


def test_a_resource_of_another_product_has_the_time_of_its_own(small: Item, traffic: Item) -> None:
    poor = make_customer("Poor", credit=2 * 181_000 + 9_000)
    vstorage = make_product("vstorage")
    Product.objects.filter(pk=vstorage.pk).update(days_without_credit=5)
    make_metered(vstorage, "space", 500)
    [server] = create(poor, small, at=BEGIN)
    [bucket] = create(poor, make_item(vstorage, "bucket", 181_000), at=BEGIN)
    report(server, "a", 28, 12, 6)
    morning(12)
    report(bucket, "b", 10, 13, item="space")
    for day in (14, 15, 16, 17, 18):
        morning(day)
        assert [fresh(one).state for one in (server, bucket)] == ["stop" if day > 14 else "active", "active"]
    morning(19)
    assert fresh(bucket).state == "stop"
    assert [warnings(one)[0][:2] for one in (server, bucket)] == [(on(12, 7), 15), (on(14, 7), 19)]


def test_a_day_is_over_at_midnight_of_the_billing_zone(server: Resource) -> None:
    report(server, "c", 40, 12, 20)
    hold(on(12, 24) - MINUTE)
    hold(on(14, 24) - MINUTE)
    assert (fresh(server).state, warnings(server)) == ("active", [(on(12, 24) - MINUTE, 15, False, None)])
    hold(on(15, 0))
    assert fresh(server).state == "stop"


def test_a_policy_that_gives_less_time_brings_no_day_forward(pair: tuple[Resource, Resource], vserver: Product) -> None:
    """What was told stands."""
    Product.objects.filter(pk=vserver.pk).update(days_without_credit=1)
    morning(17)
    assert (fresh(pair[0]).state, warnings(pair[0])) == ("active", [(on(16, 7), 19, False, None)])


def test_nothing_is_held_anew_each_minute_while_a_question_waits(server: Resource) -> None:
    """
    21,000 are open of March, all of it questioned and held; 3,000 are left for April, whose 5,000 and days ahead they do not cover. What is
    ahead changes with each minute.
    """
    report(server, "c", 28, 14, 6)
    bill()
    invoice = Invoice.objects.of_paid_time().get()
    question_line(server.customer_id, invoice.pk, 1, text="So much?", actor=owner_of(server.customer), at=OVER)
    fund(server.customer, 15_000)
    report(server, "d", 10, 32, 6)
    hold(OVER + DAY / 2)
    assert (Shortage.objects.get().lifted_at, wallet_of(server.customer_id).held) == (None, 24_000)
    before = CreditHold.objects.count()
    with nothing_changes():
        for minutes in (1, 2, 3):
            assert see_to_shortages(at=OVER + DAY / 2 + minutes * MINUTE).failed == 0
    assert CreditHold.objects.count() == before


def test_a_question_lifts_within_a_minute_what_lacks_nothing_else(server: Resource) -> None:
    report(server, "c", 28, 14, 6)
    morning(12)
    morning(15)
    bill()
    pay()
    hold(OVER + DAY)
    assert fresh(server).state == "stop"
    invoice = Invoice.objects.of_paid_time().get()
    question_line(server.customer_id, invoice.pk, 1, text="So much?", actor=owner_of(server.customer), at=OVER + DAY)
    see_to_shortages(at=OVER + DAY + MINUTE)
    assert (fresh(server).state, CreditWarning.objects.standing().count()) == ("active", 0)
