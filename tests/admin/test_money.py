"""Money that staff book, grant and adjust: amounts as they are typed, a sentence for what is refused, and who else has to agree."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.messages import get_messages
from django.urls import reverse

from accounts.models import StaffAct
from accounts.tasks import expire_acts
from catalog.commitments import shortfall_item
from invoices.models import Invoice
from invoices.services.month_end import run_month_end
from kernel.fields import DongField
from kernel.periods import CalendarMonth
from ledger.models import Grant
from payments.models import Payment
from payments.services.wallet import wallet_of
from tests.admin.conftest import days_after
from tests.admin.doing import WHY, do, last_audit, page_of, sentences
from tests.cast import JOB, NOON, create
from tests.markup import markup


def test_a_bank_transfer_pays_the_chosen_invoice_and_the_rest_becomes_credit(staff, bob, small, at):
    create(bob, small)  # 181,000 per 30 days from 10 March, noon: 21.5 days = 30,960 minutes of 43,200
    run_month_end(CalendarMonth(2026, 3), actor=JOB, at=days_after(30))
    at(days_after(30))
    invoice = Invoice.objects.get()
    assert invoice.total == 129_717  # 181,000 x 30,960 / 43,200 = 129,716.67

    finance = staff("finance")
    page = markup(finance.get(page_of(bob, "bank-transfer"), {"invoice": invoice.pk}))
    assert f'value="{invoice.pk}" data-amount="129717" aria-label="{invoice.number}" checked' in page

    answer = do(
        finance, bob, "bank-transfer", amount="200.000", reference="FT123", value_date="2026-04-08",
        invoices=[str(invoice.pk)],
    )  # fmt: skip

    assert answer.status_code == 302
    told = str(next(iter(get_messages(answer.wsgi_request)))).replace("\xa0", " ")
    assert f"{invoice.number}</a> 129,717 ₫, paid in full; 70,283 ₫ became wallet credit." in told
    assert reverse("admin:invoices_invoice_change", args=[invoice.pk]) in told
    assert last_audit().facts["value_date"] == "2026-04-08"
    invoice.refresh_from_db()
    assert (invoice.paid, invoice.due, invoice.status) == (129_717, 0, "paid")
    assert wallet_of(bob.pk).credit == 70_283
    assert (last_audit().verb, last_audit().reason) == ("record bank transfer", WHY)


@pytest.mark.parametrize("typed", ["1640000", "1.640.000", "1,640,000", "1 640 000 ₫", "1.640.000 VND", " 1.640.000đ "])
def test_an_amount_is_taken_as_it_is_copied_from_a_statement(staff, bob, typed):
    assert do(staff("finance"), bob, "bank-transfer", amount=typed, reference="FT9").status_code == 302
    assert wallet_of(bob.pk).credit == 1_640_000


@pytest.mark.parametrize("typed", ["1.64", "1.640.00", "0", "-5", "1e6", "abc", "1.640.000,00"])
def test_what_is_no_amount_of_dong_is_refused_at_its_field(staff, bob, typed):
    answer = do(staff("finance"), bob, "bank-transfer", amount=typed, reference="FT9")
    assert answer.status_code == 422
    assert answer.context["form"].errors["amount"]


def test_money_does_not_arrive_tomorrow(staff, bob):
    answer = do(staff("finance"), bob, "bank-transfer", amount=1, reference="FT9", value_date="2026-03-11")
    assert answer.status_code == 422
    assert answer.context["form"].errors["value_date"] == ["This day has not come yet."]


def test_every_amount_that_staff_type_is_taken_so():
    typed = [(page, task) for page in admin.site._registry.values() for task in getattr(page, "tasks", ())]
    fields = [field for _page, task in typed for name, field in task.form.base_fields.items() if "amount" in name]
    assert len(fields) >= 4
    assert all(isinstance(field, DongField) for field in fields)


def test_the_same_bank_reference_is_refused_with_a_sentence(staff, bob):
    client = staff("finance")
    do(client, bob, "bank-transfer", amount=200_000, reference="FT123")

    answer = do(client, bob, "bank-transfer", key="k2", amount=200_000, reference="FT123")

    assert answer.status_code == 422
    assert "on record already" in sentences(answer)
    assert wallet_of(bob.pk).credit == 200_000


def test_an_invoice_of_somebody_else_cannot_be_chosen(staff, alice, bob, small):
    create(bob, small)
    run_month_end(CalendarMonth(2026, 3), actor=JOB, at=days_after(30))
    answer = do(staff("finance"), alice, "bank-transfer", amount=1, reference="X", invoices=[Invoice.objects.get().pk])
    assert answer.status_code == 422
    assert not Payment.objects.filter(means="bank_transfer").exists()


def test_an_adjustment_needs_a_second_person(staff, alice):
    first, second = staff("finance", "first@portal.example"), staff("finance", "second@portal.example")
    do(first, alice, "adjust-credit", amount=-400_000)
    adjustment = StaffAct.objects.get()
    assert wallet_of(alice.pk).credit == 10_000_000

    own = do(first, adjustment, "approve")
    assert own.status_code == 422
    assert "Somebody else" in sentences(own)
    assert wallet_of(alice.pk).credit == 10_000_000

    assert do(second, adjustment, "approve").status_code == 302
    adjustment.refresh_from_db()
    assert (adjustment.asked_by, adjustment.decided_by) == ("first@portal.example", "second@portal.example")
    assert wallet_of(alice.pk).credit == 9_600_000
    again = do(second, adjustment, "approve")
    assert "approved already" in sentences(again)
    assert wallet_of(alice.pk).credit == 9_600_000


def asked_for(client, customer, amount=50_000):
    do(client, customer, "adjust-credit", amount=amount, key=f"a{amount}")
    return StaffAct.objects.latest("pk")


def test_an_adjustment_is_refused_by_somebody_else_and_withdrawn_by_who_asked(staff, bob):
    first, second = staff("finance"), staff("finance")
    refused = asked_for(first, bob)
    assert "withdraw" not in sentences(do(first, refused, "refuse", key="k2"))
    assert do(second, refused, "refuse", key="k3").status_code == 302
    refused.refresh_from_db()
    assert (refused.state, refused.decided_because) == ("refused", WHY)
    assert "Ask for it anew" in sentences(do(second, refused, "approve", key="k4"))

    withdrawn = asked_for(first, bob, 60_000)
    assert "Only who asked" in sentences(do(second, withdrawn, "withdraw", key="k5"))
    assert do(first, withdrawn, "withdraw", key="k6").status_code == 302
    assert wallet_of(bob.pk).credit == 0
    assert "somebody else&#x27;s approval" not in second.get(reverse("admin:index")).content.decode()


def test_an_adjustment_that_nobody_decides_expires_after_thirty_days(staff, bob):
    adjustment = asked_for(staff("finance"), bob)
    assert expire_acts(at=days_after(29.9)).done == 0
    assert expire_acts(at=days_after(30)).done == 1
    adjustment.refresh_from_db()
    assert (adjustment.state, adjustment.decided_by) == ("expired", "job:expire-acts")


def test_promotional_credit_lasts_until_the_end_of_its_day_and_one_form_grants_once(staff, alice):
    client = staff("finance")
    do(client, alice, "grant-credit", amount=50_000, last_day="2026-03-31")

    twice = do(client, alice, "grant-credit", amount=50_000, last_day="2026-03-31")

    assert "sent already" in sentences(twice)
    grant = Grant.objects.get()
    assert (grant.amount, grant.expires_at.isoformat()) == (50_000, "2026-03-31T17:00:00+00:00")  # midnight in Hà Nội
    assert wallet_of(alice.pk).promotional == 50_000


def test_poc_credit_is_granted_for_products_and_dates_and_stopped_for_a_reason(staff, alice, small):
    client = staff("finance")
    wish = {
        "amount": 1_000_000,
        "products": [str(small.product_id)],
        "first_day": "2026-03-01",
        "last_day": "2026-04-30",
    }
    shortfall = shortfall_item().product  # of what nobody orders
    assert do(client, alice, "grant-poc", **{**wish, "products": [str(shortfall.pk)]}).status_code == 422
    assert do(client, alice, "grant-poc", **wish).status_code == 302
    grant = Grant.objects.get()
    assert (grant.kind, grant.products, grant.amount) == ("poc", [small.product_id], 1_000_000)
    assert grant.starts_at == NOON, "what is past is not given back"
    assert last_audit().reason == WHY
    create(alice, small)
    assert "819,000" in markup(client.get(page_of(alice, "stop-poc"))).replace("\xa0", " ")
    assert do(client, alice, "stop-poc", grant=grant.pk).status_code == 302
    grant.refresh_from_db()
    assert (grant.rest, grant.stop_reason, wallet_of(alice.pk).poc) == (0, WHY, 0)
    assert (last_audit().verb, last_audit().reason) == ("stop POC credit", WHY)
    assert "stop-poc" not in markup(client.get(reverse("admin:accounts_customer_change", args=[alice.pk])))


def test_poc_credit_above_the_limit_waits_and_is_tried_before(staff, alice, bob, small):
    client = staff("finance")
    wish = {"products": [str(small.product_id)], "first_day": "2026-03-01", "last_day": "2026-04-30"}
    assert do(client, alice, "grant-poc", amount=5_000_001, **wish).status_code == 302
    assert StaffAct.objects.get().state == "waiting"
    assert not Grant.objects.exists()
    assert "postpaid" in sentences(do(client, bob, "grant-poc", key="k2", amount=1, **wish))
    assert "Choose the POC credit" not in sentences(
        do(client, alice, "grant-poc", key="k3", amount=1, last_day="2026-04-30")
    )
