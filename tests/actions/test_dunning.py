"""
What debts climb: mails about each invoice, then one call, blocked orders, stopped resources about the customer; each harm announced.

The invoice of April, 181,000 VND, is due on 16 May. Usual ladder: call on 26 May (+10), block on 6 June (+21, announced on 3 June),
stop on 15 June (+30, announced on 10 June).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils.translation import override

from accounts.models import Customer, CustomerGroup
from catalog.models import Item
from invoices.models import Act, DunningStep, Hold, Invoice, Rung
from invoices.models.dunning import is_in_force
from invoices.services.holds import place_hold
from invoices.services.ladder import climb
from invoices.services.standing import OrdersBlocked
from lifecycle.models import ProvisioningRequest, ResourceEvent, ServicePeriod
from lifecycle.services.acts import StoppedForDebt
from lifecycle.services.running import start_resource, stop_resource
from lifecycle.services.sweeps import end_paid_time
from notifications.models import Notice
from notifications.render import words_of
from orders.models import Action
from payments.services.correct import correct_invoice
from payments.services.invoices import pay_invoices_from_wallet
from payments.services.reversals import take_back
from tests.actions.conftest import Gate
from tests.actions.test_taken_back import taken, top_up
from tests.cast import (
    DAY,
    LONG_AGO,
    NOON,
    STAFF,
    chosen,
    create,
    fresh,
    fund,
    make_customer,
    make_item,
    make_product,
    order,
    owner_of,
    quote,
    renew,
    switch_mode,
)
from tests.debts import APRIL_BEGAN, morning, usage_invoice
from tests.owner import around_all_guards

JUNE = 6


@pytest.fixture
def invoice(bob, small) -> Invoice:
    return usage_invoice(bob, small)


def climb_until(day: int, month: int = JUNE) -> None:
    """Every morning from 13 May on."""
    at = morning(13)
    while at <= morning(day, month):
        climb(at=at)
        at += timedelta(days=1)


def pay(invoice: Invoice, at: datetime, amount: int | None = None) -> None:
    fund(invoice.customer, 1_000_000)
    pay_invoices_from_wallet(invoice.customer_id, [invoice.pk], amount=amount, actor=owner_of(invoice.customer), at=at)


def told(kind: Notice.Kind) -> list[dict[str, object]]:
    facts = Notice.objects.filter(kind=kind).order_by("at").values_list("facts", flat=True)
    return sorted(facts, key=lambda one: str(one.get("on")))


def steps(*acts: Act) -> list[tuple[str, datetime, datetime | None]]:
    found = DunningStep.objects.filter(act__in=acts).order_by("at", "act")
    return [(step.act, step.at, step.done_at) for step in found]


def test_each_step_of_the_usual_ladder_is_taken_on_its_day_and_once(invoice):
    climb_until(30)
    assert steps(Act.CALL, Act.BLOCK, Act.STOP) == [
        ("call", morning(26), None),
        ("block", morning(3, JUNE), morning(6, JUNE)),
        ("stop", morning(10, JUNE), morning(15, JUNE)),
    ]
    mentioned = DunningStep.objects.filter(act=Act.REMIND).order_by("at").values_list("rung__days", flat=True)
    assert list(mentioned) == [-3, 0, 1, 7, 14]


def test_what_does_harm_is_announced_with_its_day_and_the_amount(invoice):
    climb_until(16)
    assert told(Notice.Kind.DUNNING_ANNOUNCED) == [
        {"act": "block", "amount": 181_000, "on": "2026-06-06"},
        {"act": "stop", "amount": 181_000, "on": "2026-06-15"},
    ]
    with override("en"):
        words = words_of(Notice.objects.filter(kind=Notice.Kind.DUNNING_ANNOUNCED).latest("pk"))
    assert words.subject == "On 15 Jun 2026 your resources are stopped, unless 181,000\xa0₫ are paid"
    assert "181,000\xa0₫ are to pay: One hundred eighty-one thousand Vietnamese dong." in words.sentences


def test_a_job_that_was_away_announces_before_it_does_harm(invoice):
    climb(at=morning(1, 7))  # 46 days after the due date
    assert not DunningStep.objects.filter(act__in=[Act.BLOCK, Act.STOP], done_at__isnull=False).exists()
    assert told(Notice.Kind.DUNNING_ANNOUNCED) == [
        {"act": "block", "amount": 181_000, "on": "2026-07-04"},
        {"act": "stop", "amount": 181_000, "on": "2026-07-06"},
    ]
    climb(at=morning(3, 7))
    assert not is_in_force(Act.BLOCK, invoice.customer_id)
    climb(at=morning(4, 7))
    assert is_in_force(Act.BLOCK, invoice.customer_id)


def test_a_customer_with_many_invoices_hears_of_harm_once(bob, small, large, invoice):
    create(bob, large, at=morning(1))
    climb_until(16)
    assert len(told(Notice.Kind.DUNNING_ANNOUNCED)) == 2
    assert DunningStep.objects.calls().count() == 1


def test_blocked_orders_are_refused_and_a_payment_frees_them_at_once(bob, small, invoice):
    climb_until(6)
    offer = {"product": str(small.product_id), "name": "more", "items": chosen(small), "quantity": 1, "months": 1}
    with pytest.raises(OrdersBlocked):
        quote(bob, Action.CREATE, morning(6, JUNE), **offer)
    pay(invoice, morning(6, JUNE))
    assert quote(bob, Action.CREATE, morning(6, JUNE), **offer).total == 0
    assert told(Notice.Kind.DUNNING_LIFTED) == [{"act": "block"}]


def test_a_quote_from_before_is_not_ordered_when_orders_are_blocked(bob, small, invoice):
    climb_until(5)
    offer = quote(
        bob, Action.CREATE, morning(6, JUNE) - timedelta(minutes=5), product=str(small.product_id), name="more", items=chosen(small),
        quantity=1, months=1,
    )  # fmt: skip
    climb(at=morning(6, JUNE))
    with pytest.raises(OrdersBlocked):
        order(offer, at=morning(6, JUNE))


def test_stopped_resources_start_when_the_debt_is_paid_and_those_stopped_by_the_customer_do_not(bob, small, invoice):
    [other] = create(bob, small, at=morning(1), name="db")
    stop_resource(other.pk, actor=owner_of(bob), at=morning(2))
    climb_until(15)
    web = fresh(invoice.resource_id)
    assert (web.state, web.stopped_for_debt) == ("stop", True)
    assert fresh(other).stopped_for_debt is False
    with pytest.raises(StoppedForDebt):
        start_resource(web.pk, actor=owner_of(bob), at=morning(15, JUNE))

    pay(invoice, morning(16, JUNE))
    web = fresh(web)
    assert (web.state, web.stopped_for_debt) == ("active", False)
    assert fresh(other).state == "stop"
    verbs = ProvisioningRequest.objects.filter(resource=web).order_by("requested_at").values_list("verb", flat=True)
    assert list(verbs) == ["provision", "stop", "start"]
    events = ResourceEvent.objects.filter(resource=web, kind__in=["stopped", "started"]).order_by("pk")
    assert [event.reason for event in events] == ["stopped-for-overdue-invoices", "overdue-invoices-paid"]


def test_a_part_payment_lifts_nothing(invoice):
    climb_until(15)
    pay(invoice, morning(15, JUNE), amount=180_999)
    assert fresh(invoice.resource_id).state == "stop"
    assert is_in_force(Act.BLOCK, invoice.customer_id)


def test_a_credit_note_over_the_rest_lifts_what_the_debt_had_caused(invoice):
    climb_until(15)
    correct_invoice(invoice.pk, 181_000, note="an outage", actor=STAFF, at=morning(15, JUNE))
    assert fresh(invoice.resource_id).state == "active"


def test_stopped_time_is_not_used_where_it_is_free(bob):
    product = make_product("free", stopped_time_is_free=True)
    invoice = usage_invoice(bob, make_item(product, "unit", 300_000))
    climb_until(15)
    pay(invoice, morning(17, JUNE))
    periods = ServicePeriod.objects.filter(resource=invoice.resource_id).order_by("starts_at")
    assert [(period.starts_at, period.ends_at) for period in periods] == [
        (datetime(2026, 3, 31, 17, tzinfo=UTC), morning(15, JUNE)),
        (morning(17, JUNE), None),
    ]


def test_paid_time_runs_on_whatever_is_owed(bob, small, invoice):
    with around_all_guards():  # what ran on usage goes on so
        Customer.objects.filter(pk=bob.pk).update(billing_mode="prepaid")
    fund(bob, 1_000_000)
    bob.refresh_from_db()
    [paid] = create(bob, small, at=morning(20), name="paid", months=3)
    with around_all_guards():
        Customer.objects.filter(pk=bob.pk).update(billing_mode="postpaid")
    climb_until(15)
    assert fresh(paid).state == "active"
    assert fresh(invoice.resource_id).state == "stop"


def test_prepaid_time_that_was_taken_back_stops_by_announced_steps_and_runs_on_at_once_when_it_is_paid(
    gate: Gate, small: Item
) -> None:
    """
    Of two servers for three months the second was paid with a top-up that its bank took back. It was due on 10 March: on 4 April its
    stop is announced for 9 April, and it is done then; the other was paid and runs on. Nothing is deleted.
    """
    customer = make_customer(credit=543_000, pays_invoices_automatically=False)
    [paid] = create(customer, small, months=3, name="paid")
    payment = top_up(customer, 543_000)
    [owed] = create(customer, small, months=3, name="owed")
    taken(payment, 543_000)
    [invoice] = Invoice.objects.filter(due__gt=0)
    assert (invoice.resource_id, invoice.due) == (owed.pk, 543_000)

    for day in [*(morning(day, 3) for day in range(13, 32)), *(morning(day, 4) for day in range(1, 9))]:
        climb(at=day)
    assert fresh(owed).state == "active"
    [stop] = [facts for facts in told(Notice.Kind.DUNNING_ANNOUNCED) if facts["act"] == "stop"]
    assert (stop["on"], stop["amount"]) == ("2026-04-09", 543_000)
    climb(at=morning(9, 4))

    assert (fresh(owed).state, fresh(owed).stopped_for_debt, fresh(paid).state) == ("stop", True, "active")
    with pytest.raises(StoppedForDebt):
        start_resource(owed.pk, actor=owner_of(customer), at=morning(10, 4))
    pay(invoice, morning(11, 4))
    assert (fresh(owed).state, fresh(owed).paid_until) == ("active", NOON + 90 * DAY)


def test_prepaid_time_that_was_paid_anew_runs_on_although_what_came_before_is_owed(gate: Gate, small: Item) -> None:
    customer = make_customer(pays_invoices_automatically=False)
    payment = top_up(customer, 181_000)
    [server] = create(customer, small)
    taken(payment, 181_000)
    fund(customer, 181_000)
    renew(server, at=NOON + 3 * DAY)
    for day in [*(morning(day, 3) for day in range(13, 32)), *(morning(day, 4) for day in range(1, 12))]:
        climb(at=day)
    assert [act for act, _at, done in steps(Act.BLOCK, Act.STOP) if done] == ["block", "stop"]
    assert fresh(server).state == "active"


def test_what_is_prepaid_starts_when_its_own_time_is_paid_although_other_debts_stand(gate, bob, small, invoice):
    with around_all_guards():
        Customer.objects.filter(pk=bob.pk).update(billing_mode="prepaid", pays_invoices_automatically=False)
    bob.refresh_from_db()
    payment = top_up(bob, 543_000)
    [owed] = create(bob, small, at=morning(20), name="owed", months=3)
    connection.check_constraints()
    take_back(payment.pk, 543_000, reference="CB-1", reason="chargeback", actor=STAFF, at=morning(20))
    with around_all_guards():
        Customer.objects.filter(pk=bob.pk).update(billing_mode="postpaid")
    climb_until(15)
    assert [fresh(pk).state for pk in (owed.pk, invoice.resource_id)] == ["stop", "stop"]
    fund(bob, 543_000)
    own = Invoice.objects.get(resource=owed)
    pay_invoices_from_wallet(bob.pk, [own.pk], actor=owner_of(bob), at=morning(15, JUNE))
    assert [fresh(pk).state for pk in (owed.pk, invoice.resource_id)] == ["active", "stop"]


def test_nothing_is_stopped_without_anything_that_runs_postpaid(bob, invoice):
    stop_resource(invoice.resource_id, actor=owner_of(bob), at=morning(20))
    climb_until(30)
    assert [act for act, _at, _done in steps(Act.BLOCK, Act.STOP)] == ["block"]


def test_a_hold_rests_the_ladder_and_after_it_harm_is_announced_anew(bob, invoice):
    climb_until(15)
    friday = morning(19, JUNE)
    place_hold(bob.pk, Hold.Kind.PROMISE, until=friday, reason="called", actor=STAFF, at=morning(15, JUNE))
    assert fresh(invoice.resource_id).state == "active"
    climb(at=morning(18, JUNE))
    assert not DunningStep.objects.standing().exclude(act=Act.REMIND).exists()
    climb(at=friday)
    assert told(Notice.Kind.DUNNING_ANNOUNCED)[-2:] == [
        {"act": "block", "amount": 181_000, "on": "2026-06-22"},
        {"act": "stop", "amount": 181_000, "on": "2026-06-24"},
    ]


def test_an_announcement_that_was_paid_in_time_comes_to_nothing(invoice):
    climb_until(4)
    notice = Notice.objects.get(kind=Notice.Kind.DUNNING_ANNOUNCED)
    pay(invoice, morning(5, JUNE))
    climb_until(30)
    assert not DunningStep.objects.filter(act=Act.BLOCK, done_at__isnull=False).exists()
    assert not Notice.objects.filter(kind=Notice.Kind.DUNNING_LIFTED).exists()
    from notifications.truth import facts_now, holds

    assert not holds(notice, facts_now([notice])[notice.pk], at=morning(5, JUNE))


def test_a_group_climbs_its_own_ladder(bob, invoice):
    group = CustomerGroup.objects.create(name="Key accounts")
    Rung.objects.create(group=group, act=Act.REMIND, days=5, valid_from=LONG_AGO)
    type(bob).objects.filter(pk=bob.pk).update(group=group)
    climb_until(30)
    assert [(step.act, step.at) for step in DunningStep.objects.all()] == [("remind", morning(21))]


def test_a_group_without_a_ladder_climbs_the_usual_one(bob, invoice):
    type(bob).objects.filter(pk=bob.pk).update(group=CustomerGroup.objects.create(name="Others"))
    climb_until(26, month=5)
    assert DunningStep.objects.calls().count() == 1


def test_a_rung_that_was_ended_is_climbed_no_more(bob, invoice):
    Rung.objects.filter(act=Act.STOP).update(valid_until=morning(1))
    climb_until(30)
    assert not DunningStep.objects.filter(act=Act.STOP).exists()


@pytest.mark.parametrize("others", [0, 3])
def test_the_sweep_asks_the_same_number_of_questions_for_one_and_for_many(
    bob, small, others, django_assert_num_queries
):
    for _ in range(others):
        create(make_customer(mode="postpaid"), small, at=APRIL_BEGAN)
    usage_invoice(bob, small)
    climb_until(14)
    with django_assert_num_queries(21):
        climb(at=morning(15, JUNE))
    assert DunningStep.objects.in_force(Act.STOP).count() == others + 1
    assert not Invoice.objects.filter(resource__state="active").exists()


def test_who_was_stopped_for_debt_does_not_start_by_becoming_prepaid(bob, invoice):
    climb_until(15)
    assert fresh(invoice.resource_id).state == "stop"
    switch_mode(bob, "prepaid", at=morning(15, JUNE))
    climb(at=morning(16, JUNE))
    assert fresh(invoice.resource_id).state == "stop"


def test_days_of_grace_are_not_for_who_owes_the_time_before(gate, small):
    """Three months that were charged back; stopped in April, over in June, and fifteen days of grace after that."""
    small.product.grace_days = 15
    small.product.save()
    customer = make_customer(pays_invoices_automatically=False)
    payment = top_up(customer, 543_000)
    [owed] = create(customer, small, months=3, name="owed")
    taken(payment, 543_000)
    for day in [*(morning(day, 3) for day in range(13, 32)), *(morning(day, 4) for day in range(1, 11))]:
        climb(at=day)
    assert fresh(owed).state == "stop"
    over = NOON + 91 * DAY
    end_paid_time(actor=STAFF, at=over)
    climb(at=over)
    assert fresh(owed).state == "stop"
