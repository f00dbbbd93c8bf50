"""Switching the billing mode: the rehearsal says what will happen, and exactly that happens."""

from __future__ import annotations

from django.urls import reverse

from accounts.models import BillingModeSwitch, StaffAct
from invoices.models import Invoice
from lifecycle.models import Resource
from orders.acts import digest_of
from orders.models import Action
from tests.admin.conftest import days_after
from tests.admin.doing import do, page_of
from tests.cast import chosen, create, fresh, order, quote, renew


def address_of(customer):
    return reverse("admin:accounts_customer_task", args=[customer.pk, "switch-billing-mode"])


def test_to_postpaid_the_plan_that_was_shown_is_the_plan_that_was_carried_out(staff, alice, small, at):
    server = create(alice, small, auto_renew_months=1)[0]  # paid until 9 April, noon
    at(days_after(10))
    client = staff("finance")
    page = client.get(address_of(alice))
    plan = page.context["plan"]
    assert [row["becomes"] for row in plan["resources"]] == ["rolls_over"]
    assert plan["resources"][0]["paid_days_left"] == 20
    assert plan["month_end_estimate"] == 0  # paid beyond the end of March
    assert "20 paid days left" in page.content.decode()
    assert fresh(server).rolls_over is False

    answer = client.post(address_of(alice), {"digest": digest_of(plan), "reason": "Large contract"})

    assert answer.status_code == 302
    alice.refresh_from_db()
    switch = BillingModeSwitch.objects.get()
    assert (alice.billing_mode, switch.reason) == ("postpaid", "Large contract")
    assert switch.plan == plan
    after = fresh(server)
    assert (after.rolls_over, after.auto_renew_months, after.suspend_at) == (True, None, days_after(30))
    assert "Large contract" in client.get(address_of(alice)).content.decode()


def test_to_prepaid_usage_is_invoiced_as_rehearsed(staff, bob, small, at):
    server = create(bob, small)[0]
    at(days_after(10))  # 14,400 minutes of 43,200: 181,000 / 3 = 60,333
    client = staff("finance")
    plan = client.get(address_of(bob)).context["plan"]
    assert plan["invoiced_now"] == 60_333
    assert plan["renewal_window_until"] == days_after(13).isoformat()

    client.post(address_of(bob), {"digest": digest_of(plan), "reason": "x"})

    assert Invoice.objects.get().total == 60_333
    assert (fresh(server).billing_mode, fresh(server).suspend_at) == ("prepaid", days_after(13))


def test_what_changed_since_the_rehearsal_is_refused_and_shown_anew(staff, alice, small, at):
    server = create(alice, small)[0]
    client = staff("finance")
    plan = client.get(address_of(alice)).context["plan"]
    renew(server, at=days_after(1))
    at(days_after(2))

    answer = client.post(address_of(alice), {"digest": digest_of(plan), "reason": "x"})

    assert answer.status_code == 422
    assert "Something has changed since the rehearsal" in answer.content.decode()
    assert answer.context["plan"]["resources"][0]["paid_days_left"] == 58
    alice.refresh_from_db()
    assert (alice.billing_mode, fresh(server).rolls_over) == ("prepaid", False)
    assert not BillingModeSwitch.objects.exists()


def test_support_asks_for_a_switch_and_finance_approves_it_a_week_later(staff, alice, small, at):
    server = create(alice, small)[0]
    support, finance = staff("support"), staff("finance")
    plan = support.get(address_of(alice)).context["plan"]
    assert support.post(address_of(alice), {"digest": digest_of(plan), "reason": "Contract"}).status_code == 302
    alice.refresh_from_db()
    act = StaffAct.objects.get()
    assert (alice.billing_mode, act.state, act.amount) == ("prepaid", "waiting", 181_000)
    at(days_after(7))
    page = finance.get(page_of(act, "approve")).content.decode()
    assert "rolls over into postpaid usage" in page
    assert "181,000" in page
    assert do(finance, act, "approve").status_code == 302
    alice.refresh_from_db()
    assert (alice.billing_mode, fresh(server).rolls_over) == ("postpaid", True)
    assert BillingModeSwitch.objects.get().act == act


def test_what_is_overdue_is_rehearsed_as_it_will_be(staff, alice, small, at):
    """The expiry job is late: switching lets it happen first, and so does the rehearsal."""
    server = create(alice, small)[0]
    at(days_after(31))
    client = staff("finance")
    plan = client.get(address_of(alice)).context["plan"]
    assert plan["resources"][0]["becomes"] == "stays_in_trash"
    assert fresh(server).state == Resource.State.ACTIVE

    assert client.post(address_of(alice), {"digest": digest_of(plan), "reason": "x"}).status_code == 302
    assert fresh(server).state == Resource.State.ACTIVE  # nothing runs, so somebody else approves it
    assert do(staff("finance"), StaffAct.objects.get(), "approve").status_code == 302
    assert fresh(server).state == Resource.State.SUSPENSE


def test_an_open_order_stops_the_switch_with_a_sentence(staff, alice, small):
    order(
        quote(
            alice, Action.CREATE, product=str(small.product_id), name="web", items=chosen(small), quantity=1, months=1
        )
    )
    client = staff("finance")
    assert "still open" in client.get(address_of(alice)).context["refused"]
    answer = client.post(address_of(alice), {"digest": "x", "reason": "x"})
    alice.refresh_from_db()
    assert (answer.status_code, alice.billing_mode) == (422, "prepaid")
