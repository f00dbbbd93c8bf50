"""What one person does not decide alone: money above a limit waits for another person, whichever door it goes through."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib import admin
from django.urls import reverse

from accounts.four_eyes import Act
from accounts.models import AuditEntry, StaffAct, User
from accounts.rights import APPROVE_MONEY
from invoices.models import CreditNote
from ledger.models import Grant
from notifications.models import Notice
from payments.models import BankTransfer, Payment
from payments.services.wallet import wallet_of
from tests.admin.conftest import days_after
from tests.admin.doing import do, page_of, sentences
from tests.cast import NOON, create, fund, make_item

TOO_MUCH = 5_000_001  # grants and credit notes: 5,000,000 a day


@pytest.fixture
def dear(vserver):
    return make_item(vserver, "dear", 20_000_000)


def bought(customer, item):
    fund(customer, 20_000_000)
    return create(customer, item)[0].invoices.get()


def test_a_grant_above_the_limit_waits_and_another_person_carries_it_out(staff, alice):
    first, second = staff("finance"), staff("finance")
    notices = Notice.objects.count()

    assert do(first, alice, "grant-credit", amount=500_000_000_000, last_day="2026-03-31").status_code == 302

    act = StaffAct.objects.get()
    assert (act.act, act.state, act.amount) == ("grant-credit", "waiting", 500_000_000_000)
    assert not Grant.objects.exists()
    assert Notice.objects.count() == notices
    assert "Somebody else" in sentences(do(first, act, "approve"))
    assert not Grant.objects.exists()
    assert do(second, act, "approve").status_code == 302
    assert Grant.objects.get().amount == 500_000_000_000


def test_nobody_approves_their_own_act_under_another_address(staff, alice):
    """People marry: who asked is the person, not the address under which they signed in."""
    client = staff("finance", "ann@portal.example")
    do(client, alice, "grant-credit", amount=TOO_MUCH, last_day="2026-03-31")
    act = StaffAct.objects.get()
    User.objects.filter(pk=act.asker_id).update(email="ann.tran@portal.example")
    assert "Somebody else" in sentences(do(client, act, "approve"))
    assert not Grant.objects.exists()
    assert do(client, act, "withdraw").status_code == 302
    act.refresh_from_db()
    assert (act.asked_by, act.decided_by) == ("ann@portal.example", "ann.tran@portal.example")
    assert act.decider_id == act.asker_id


def test_parts_of_a_day_add_up_to_the_limit(staff, alice, bob, at):
    client = staff("finance")
    do(client, alice, "grant-credit", key="1", amount=3_000_000, last_day="2026-03-31")
    do(client, bob, "grant-credit", key="2", amount=2_000_000, last_day="2026-03-31")
    assert Grant.objects.count() == 2
    do(client, bob, "grant-credit", key="3", amount=1, last_day="2026-03-31")
    assert Grant.objects.count() == 2
    at(days_after(1))
    do(client, bob, "grant-credit", key="4", amount=1, last_day="2026-03-31")
    assert Grant.objects.count() == 3
    assert list(StaffAct.objects.order_by("pk").values_list("state", flat=True)) == [
        "alone",
        "alone",
        "waiting",
        "alone",
    ]


def test_a_bank_transfer_above_the_limit_waits(staff, bob):
    first, second = staff("finance"), staff("finance")
    do(first, bob, "bank-transfer", amount="999.999.999.999", reference="FT1", value_date="2026-03-09")
    assert not BankTransfer.objects.exists()
    act = StaffAct.objects.get()
    assert "FT1" in second.get(page_of(act, "approve")).content.decode()
    assert do(second, act, "approve").status_code == 302
    assert wallet_of(bob.pk).credit == 999_999_999_999
    entry = AuditEntry.objects.get(verb="record bank transfer")
    assert (entry.facts["value_date"], entry.reason) == ("2026-03-09", act.reason)


def test_what_is_impossible_is_refused_when_it_is_asked_for(staff, bob):
    client = staff("finance")
    do(client, bob, "bank-transfer", amount=100, reference="FT1")
    answer = do(client, bob, "bank-transfer", key="2", amount="999.999.999.999", reference="FT1")
    assert "on record already" in sentences(answer)
    assert not StaffAct.objects.waiting().exists()


def test_an_adjustment_says_to_staff_what_they_can_do(staff, bob):
    client = staff("finance")
    fund(bob, 30_000)
    assert "Enter an amount above or below zero." in sentences(do(client, bob, "adjust-credit", amount="0"))
    too_much = sentences(do(client, bob, "adjust-credit", amount="-30.001", key="k2"))
    assert "At most 30,000 ₫ can be taken" in too_much
    assert wallet_of(bob.pk).credit == 30_000


def test_a_large_credit_note_waits(staff, alice, dear):
    invoice = bought(alice, dear)
    before = wallet_of(alice.pk).credit
    first, second = staff("finance"), staff("finance")

    assert (
        first.post(page_of(invoice, "credit-note"), {"amount": TOO_MUCH, "note": "Outage", "key": "k"}).status_code
        == 302
    )

    assert not CreditNote.objects.exists()
    assert wallet_of(alice.pk).credit == before
    act = StaffAct.objects.get()
    assert do(second, act, "approve").status_code == 302
    assert (CreditNote.objects.get().amount, CreditNote.objects.get().note) == (TOO_MUCH, "Outage")
    assert wallet_of(alice.pk).credit == before + TOO_MUCH


def test_what_a_gateway_is_said_to_have_received_waits_above_the_limit(staff, alice):
    payment = Payment.objects.create(
        customer=alice, kind=Payment.Kind.TOP_UP, means=Payment.Means.GATEWAY, gateway="sandbox", reference="T-1",
        payable="top_up:1", description="top-up", amount=100_000_001, actor="x", created_at=NOON,
    )  # fmt: skip
    first, second = staff("finance"), staff("finance")
    do(first, payment, "book", amount=100_000_001, gateway_txn_id="G1")
    assert wallet_of(alice.pk).credit == 10_000_000
    assert do(second, StaffAct.objects.get(), "approve").status_code == 302
    assert wallet_of(alice.pk).credit == 110_000_001


def test_the_limit_is_that_of_the_group_and_the_act(staff, alice, settings):
    settings.ALONE = {"adjust-credit": {"finance": 100, "administrator": 1_000}, "grant-credit": {}}
    do(staff("superuser"), alice, "adjust-credit", key="1", amount=1_000)
    do(staff("finance"), alice, "adjust-credit", key="2", amount=101)
    do(staff("finance"), alice, "adjust-credit", key="3", amount=-100)
    do(staff("finance"), alice, "grant-credit", key="4", amount=1, last_day="2026-03-31")
    assert list(StaffAct.objects.order_by("pk").values_list("state", flat=True)) == [
        "alone",
        "waiting",
        "alone",
        "waiting",
    ]
    assert wallet_of(alice.pk).credit == 10_000_900


def test_the_front_page_shows_what_waits_and_only_others_are_offered_to_approve(staff, alice):
    first, second, auditor = staff("finance"), staff("finance"), staff("auditor")
    do(first, alice, "grant-credit", amount=TOO_MUCH, last_day="2026-03-31")
    act = StaffAct.objects.get()

    def offered(client):
        page = client.get(reverse("admin:accounts_staffact_change", args=[act.pk]))
        return {task["url"].rsplit("/", 2)[1] for task in page.context["staff_tasks"]}

    assert "somebody else&#x27;s approval" in second.get(reverse("admin:index")).content.decode()
    assert offered(first) == {"withdraw"}
    assert offered(second) == {"approve", "refuse"}
    assert offered(auditor) == set()
    assert auditor.post(page_of(act, "approve"), {"key": "k"}).status_code == 403
    assert auditor.post(page_of(act, "refuse"), {"key": "k", "reason": "x"}).status_code == 403


def test_every_page_that_moves_money_by_a_typed_amount_goes_through_one_door():
    """
    Taking back what a bank took is told by the bank, and gives nobody anything; giving it back takes two, or the bank's own line. A
    commitment always takes two.
    """
    typed = {
        task.name
        for page in admin.site._registry.values()
        for task in getattr(page, "tasks", ())
        if "amount" in task.form.base_fields
    }
    assert typed - {"take-back", "give-back", "agree-commitment"} == {
        "adjust-credit", "grant-credit", "bank-transfer", "credit-note", "book", "give", "send-back", "justify", "return", "grant-poc",
    }  # fmt: skip
    money = {code for code, act in Act.known.items() if act.right == APPROVE_MONEY}
    always = {
        "agree-commitment",
        "end-commitment",
        "back-date-price",
        "enter-price",
        "end-price",
        "reopen-price",
        "enter-discount",
        "end-discount",
        "enter-tax-rate",
        "refund-top-up",
        "settle-refund",
        "offer-commitment",
    }
    assert money - always == set(settings.ALONE), "a price and a rate have no amount, and nobody lets money leave alone"
