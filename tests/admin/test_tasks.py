"""What staff do: each task calls its service with a reason and is recorded; a refusal is a sentence without effect."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from django.contrib import admin
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import AuditEntry, CustomerKey, StaffAct
from accounts.tasks import expire_acts
from catalog.commitments import shortfall_item
from catalog.models import Coupon
from invoices.models import CreditNote, DunningStep, Invoice, ParkedBilling, Rung
from invoices.services.month_end import run_month_end
from invoices.services.questions import question_line
from kernel.fields import DongField
from kernel.periods import CalendarMonth
from ledger.models import Grant
from lifecycle.models import ProvisioningRequest, Resource
from notifications.models import Notice
from orders.models import Action, Order
from orders.services.delete import delete_resource
from payments import gateways
from payments.gateways.base import Succeeded
from payments.models import Payment, Refund, Reversal
from payments.services.wallet import wallet_of
from tests.actions.conftest import Gate
from tests.admin.conftest import days_after
from tests.cast import JOB, NOON, chosen, create, fresh, order, owner_of, quote
from tests.markup import markup
from tests.refunds import returned, topped_up

WHY = "The customer asked for it by phone"


def page_of(subject, task):
    meta = subject._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_task", args=[subject.pk, task])


def do(client, subject, task, *, key="k1", **data):
    return client.post(page_of(subject, task), {"reason": WHY, "key": key, **data})


def sentences(response):
    return " ".join(str(error) for errors in response.context["form"].errors.values() for error in errors)


def last_audit():
    return AuditEntry.objects.latest("pk")


# Money


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


def test_promotional_credit_lasts_until_the_end_of_its_day_and_one_form_grants_once(staff, alice):
    client = staff("finance")
    do(client, alice, "grant-credit", amount=50_000, last_day="2026-03-31")

    twice = do(client, alice, "grant-credit", amount=50_000, last_day="2026-03-31")

    assert "sent already" in sentences(twice)
    grant = Grant.objects.get()
    assert (grant.amount, grant.expires_at.isoformat()) == (50_000, "2026-03-31T17:00:00+00:00")  # midnight in Hà Nội
    assert wallet_of(alice.pk).promotional == 50_000


def test_a_credit_note_gives_back_what_was_paid(staff, alice, small):
    invoice = create(alice, small)[0].invoices.get()  # 181,000, paid from the wallet

    answer = staff("finance").post(
        page_of(invoice, "credit-note"), {"amount": 81_000, "note": "Two days without network", "key": "k"}
    )

    assert answer.status_code == 302
    note = CreditNote.objects.get()
    assert (note.amount, note.refunded, note.tax, note.reason) == (81_000, 81_000, 7_364, "correction")
    assert wallet_of(alice.pk).credit == 10_000_000 - 181_000 + 81_000
    assert last_audit().verb == "correct invoice"


def test_a_credit_note_first_reduces_what_is_due(staff, bob, small):
    create(bob, small)
    run_month_end(CalendarMonth(2026, 3), actor=JOB, at=days_after(30))
    invoice = Invoice.objects.get()
    staff("finance").post(page_of(invoice, "credit-note"), {"amount": 29_717, "note": "Goodwill", "key": "k"})
    invoice.refresh_from_db()
    assert (invoice.due, CreditNote.objects.get().refunded, wallet_of(bob.pk).credit) == (100_000, 0, 0)


def test_more_than_the_invoice_is_refused_and_nothing_is_issued(staff, alice, small):
    invoice = create(alice, small)[0].invoices.get()
    answer = staff("finance").post(page_of(invoice, "credit-note"), {"amount": 181_001, "note": "x", "key": "k"})
    assert "Only 181,000 ₫" in sentences(answer)
    assert not CreditNote.objects.exists()


# Resources and orders


def test_a_resource_comes_back_from_the_trash_with_a_renewal_window(staff, alice, small, at):
    server = create(alice, small)[0]
    delete_resource(server.pk, actor=owner_of(alice), at=days_after(1))
    at(days_after(2))

    answer = do(staff("support"), server, "restore")

    assert answer.status_code == 302
    assert fresh(server).state == Resource.State.ACTIVE
    assert fresh(server).suspend_at == days_after(5)
    assert (last_audit().verb, last_audit().customer) == ("restore resource", alice)


def test_after_its_time_in_the_trash_it_stays_there(staff, alice, small, at):
    server = create(alice, small)[0]
    delete_resource(server.pk, actor=owner_of(alice), at=days_after(1))
    at(days_after(8))
    answer = do(staff("support"), server, "restore")
    assert "cannot be recovered" in sentences(answer)
    assert fresh(server).state == Resource.State.SUSPENSE


def test_a_lost_server_ends_service_and_billing_in_one_act(staff, alice, small, at):
    """181,000 for 30 days, 20 of them unused: 120,667."""
    server = create(alice, small)[0]
    at(days_after(10))
    client = staff("support")
    assert "Service and billing end now" in client.get(page_of(server, "gone")).content.decode()

    assert do(client, server, "gone").status_code == 302

    assert (fresh(server).state, fresh(server).paid_until) == (Resource.State.DELETED, days_after(10))
    assert wallet_of(alice.pk).available == 10_000_000 - 181_000 + 120_667
    assert Notice.objects.get(kind=Notice.Kind.RESOURCE_GONE).customer == alice
    assert (last_audit().verb, last_audit().reason) == ("report gone", WHY)
    do(client, server, "gone", key="k2")
    assert wallet_of(alice.pk).available == 10_000_000 - 181_000 + 120_667, "a second time it is not lost"
    assert Notice.objects.filter(kind=Notice.Kind.RESOURCE_GONE).count() == 1


def test_a_stuck_provisioning_is_given_up_and_refunded(staff, alice, small):
    offer = quote(
        alice, Action.CREATE, product=str(small.product_id), name="web", items=chosen(small), quantity=1, months=1
    )
    waiting = order(offer)
    server = waiting.items.get().resource
    assert wallet_of(alice.pk).credit == 10_000_000 - 181_000
    client = staff("support")
    assert "181,000" in client.get(page_of(server, "fail-provisioning")).content.decode()

    assert do(client, server, "fail-provisioning").status_code == 302

    assert wallet_of(alice.pk).credit == 10_000_000
    assert Order.objects.get().state == Order.State.REFUNDED
    assert ProvisioningRequest.objects.get(verb="provision").reason == f"given-up: {WHY}"
    again = do(client, server, "fail-provisioning")
    assert again.context["refused"] or sentences(again)
    assert AuditEntry.objects.filter(verb="give up provisioning").count() == 1


def test_a_parked_request_and_a_parked_notice_wait_again(staff, alice, small):
    server = create(alice, small)[0]
    delete_resource(server.pk, actor=owner_of(alice), at=NOON)
    request = ProvisioningRequest.objects.get(verb="suspend")
    ProvisioningRequest.objects.filter(pk=request.pk).update(state="parked", attempts=8, reason="503")
    notice = Notice.objects.first()
    Notice.objects.filter(pk=notice.pk).update(state="parked", attempts=8)
    client = staff("support")

    do(client, request, "retry")
    do(client, notice, "retry")

    request.refresh_from_db()
    notice.refresh_from_db()
    assert (request.state, request.attempts, request.reason) == ("pending", 0, "")
    assert (notice.state, notice.attempts) == ("pending", 0)
    assert set(AuditEntry.objects.values_list("verb", flat=True)) >= {"retry request", "retry notice"}


# The month-end


def test_a_parked_bill_is_released(staff, bob, small, at):
    create(bob, small)
    at(days_after(30))
    parked = ParkedBilling.objects.create(month="2026-03", customer=bob, cause="outlier", at=NOON)
    run_month_end(CalendarMonth(2026, 3), actor=JOB, at=days_after(30))
    assert not Invoice.objects.exists()

    assert do(staff("finance"), parked, "release").status_code == 302

    parked.refresh_from_db()
    assert (parked.state, Invoice.objects.get().total) == ("billed", 129_717)


def test_the_dry_run_shows_the_total_and_who_moves_most_and_writes_nothing(staff, bob, small, at):
    create(bob, small)
    at(days_after(30))
    page = staff("finance").get(reverse("admin:invoices_billingrun_forecast"), {"month": "2026-03"})
    assert page.context["forecast"].total == 129_717
    assert page.context["forecast"].top_movers == [(bob, 0, 129_717)]
    assert not Invoice.objects.exists()


def test_the_month_end_runs_once(staff, bob, small, at):
    create(bob, small)
    at(days_after(30))
    client, address = staff("finance"), reverse("admin:invoices_billingrun_list_task", args=["run"])

    client.post(address, {"month": "2026-03", "reason": WHY})
    again = client.post(address, {"month": "2026-03", "reason": WHY})

    assert Invoice.objects.get().total == 129_717
    assert again.status_code == 422
    assert last_audit().verb == "run month-end"


def test_what_came_after_a_month_was_closed_is_billed_by_running_it_again(staff, bob, small, at):
    create(bob, small)
    at(days_after(30))
    client, address = staff("finance"), reverse("admin:invoices_billingrun_list_task", args=["run"])
    client.post(address, {"month": "2026-03", "reason": WHY})
    create(bob, small)  # by its clock since 10 March, but written after the run
    assert "2026-03: what came after it was billed" in client.get(address).content.decode()

    assert client.post(address, {"month": "2026-03", "reason": WHY}).status_code == 302

    assert list(Invoice.objects.values_list("total", flat=True)) == [129_717, 129_717]


# People and keys


def test_a_key_is_shown_once_and_revoked_with_a_reason(staff, alice):
    client = staff("support")
    answer = client.post(
        reverse("admin:accounts_customerkey_add"), {"customer": str(alice.pk), "name": "ci", "reason": WHY}
    )
    secret, key = answer.context["secret"], CustomerKey.objects.get()
    assert secret in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    page = client.get(reverse("admin:accounts_customerkey_change", args=[key.pk])).content.decode()
    assert secret not in page
    assert key.digest not in page

    do(client, key, "revoke")

    key.refresh_from_db()
    assert key.revoked_at == NOON
    assert last_audit().reason == WHY


def test_staff_see_the_portal_as_the_customer_does_and_change_nothing(staff, alice, small):
    server = create(alice, small)[0]
    client = staff("support")
    do(client, alice, "view-as-customer")
    assert last_audit().verb == "view portal as customer"

    page = client.get(reverse("wallet"))
    assert page.status_code == 200
    assert page.context["staff_viewing"] == "Alice"
    assert client.post(reverse("wallet"), {"amount": 100_000}).status_code in {403, 405}
    assert fresh(server).state == Resource.State.ACTIVE

    client.get(reverse("admin:leave_customer"))
    assert client.get(reverse("wallet")).status_code == 403


def test_without_a_reason_nothing_is_done(staff, alice):
    answer = staff("finance").post(page_of(alice, "adjust-credit"), {"amount": 5, "reason": " ", "key": "k"})
    assert answer.status_code == 422
    assert not StaffAct.objects.exists()


@pytest.mark.parametrize("resource_state", ["active"])
def test_a_task_that_does_not_exist_is_not_found(superuser, alice, resource_state):
    assert superuser.get(page_of(alice, "steal")).status_code == 404


# Payments and documents


def test_the_gateway_is_asked_again_and_what_it_says_is_folded_in(staff, alice, monkeypatch):
    payment = Payment.objects.create(
        customer=alice, kind=Payment.Kind.TOP_UP, means=Payment.Means.GATEWAY, gateway="sandbox", reference="T-1",
        payable="top_up:1", description="top-up", amount=100_000, actor="x", created_at=NOON,
    )  # fmt: skip
    client = staff("support")
    gone = do(client, payment, "check")
    assert "not set up here" in sentences(gone)  # no gateway of this name in this portal
    monkeypatch.setattr("payments.services.asking.ask_gateway", lambda payment, at: Succeeded("G-1", 100_000, at))

    assert do(client, payment, "check").status_code == 302
    assert do(client, payment, "check").status_code == 302

    payment.refresh_from_db()
    assert payment.state == Payment.State.SUCCEEDED
    assert wallet_of(alice.pk).credit == 10_100_000
    assert last_audit().verb == "ask gateway"


def test_invoices_and_credit_notes_are_printed_for_staff_only(staff, client, alice, small):
    invoice = create(alice, small)[0].invoices.get()
    auditor = staff("auditor")
    address = reverse("admin:invoices_invoice_pdf", args=[invoice.pk])
    answer = auditor.get(address)
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert staff("catalogue").get(address).status_code == 403
    assert client.get(address).status_code == 302


# Payments that are held


def held_payment(customer):
    payment = Payment.objects.create(
        customer=customer, kind=Payment.Kind.TOP_UP, means=Payment.Means.GATEWAY, gateway="sandbox", reference="T-1",
        payable="top_up:1", description="top-up", amount=100_000, actor="x", created_at=NOON,
    )  # fmt: skip
    payment.fail(reason="held: used_before", at=NOON)
    payment.held, payment.held_amount, payment.held_txn_id = Payment.Held.USED_BEFORE, 90_000, "G-9"
    payment.save()
    return payment


def test_a_held_payment_needs_attention_until_staff_book_what_came(staff, alice):
    payment = held_payment(alice)
    client = staff("finance")
    assert "Payments that are held for staff" in client.get(reverse("admin:index")).content.decode()
    page = client.get(page_of(payment, "book")).content.decode()
    assert "90,000" in page
    assert "G-9" in page

    assert do(client, payment, "book", amount=90_000, gateway_txn_id="G-9").status_code == 302

    payment.refresh_from_db()
    assert (payment.state, payment.captured, payment.held) == ("succeeded", 90_000, "")
    assert wallet_of(alice.pk).credit == 10_090_000
    assert last_audit().verb == "book what was received"
    assert "Payments that are held for staff" not in client.get(reverse("admin:index")).content.decode()


def test_a_held_payment_that_brought_nothing_is_closed(staff, alice):
    payment = held_payment(alice)
    assert do(staff("finance"), payment, "close").status_code == 302
    payment.refresh_from_db()
    assert (payment.state, payment.held) == ("failed", "")
    assert do(staff("support"), payment, "book", amount=1, gateway_txn_id="x").status_code == 403


def test_a_top_up_is_returned_by_two_people_and_staff_ask_what_became_of_it(staff, alice):
    payment = topped_up(alice, 90_000)
    before = wallet_of(alice.pk).credit
    finance, second, support = staff("finance"), staff("finance"), staff("support")
    page = markup(finance.get(page_of(payment, "return"))).replace("\xa0", " ")
    assert "Can be returned" in page
    assert "90,000 ₫" in page
    assert support.get(page_of(payment, "return")).status_code == 403
    with patch.object(gateways, "gateway", lambda code: Gate(refund_answer=Succeeded("R-1", 50_000, NOON))):
        refused = do(finance, payment, "return", amount="90.001")
        assert (refused.status_code, "90,000" in sentences(refused)) == (422, True)
        assert do(finance, payment, "return", key="k2", amount="50.000").status_code == 302
        act = StaffAct.objects.waiting().get()
        assert "Can be returned" in markup(second.get(page_of(act, "approve")))
        assert Refund.objects.count() == 0
        second.post(page_of(act, "approve"), {"key": "k3"})
        refund = Refund.objects.get()
        assert wallet_of(alice.pk).credit == before - 50_000
        refused = do(finance, refund, "decide", gateway_txn_id="R-1", key="k4")
        assert (refused.status_code, "Its answer comes first" in sentences(refused)) == (422, True)
        assert do(support, refund, "check", key="k5").status_code == 302
    refund.refresh_from_db()
    assert (refund.state, last_audit().verb) == ("done", "ask gateway")


def test_two_people_decide_what_the_gateway_never_said(staff, alice):
    refund = returned(topped_up(alice, 90_000), 50_000)
    Refund.objects.filter(pk=refund.pk).update(state="under_way", sent_at=NOON, check_at=None)
    first, second = staff("finance"), staff("finance")
    assert "Refunds of which the gateway never said" in markup(first.get(reverse("admin:index")))
    assert refund.reference in markup(first.get(reverse("admin:payments_refund_changelist"), {"waits": "stuck"}))
    assert do(first, refund, "decide", gateway_txn_id="R-7").status_code == 302
    act = StaffAct.objects.waiting().get()
    assert "R-7" in markup(second.get(page_of(act, "approve")))
    second.post(page_of(act, "approve"), {"key": "k3"})
    refund.refresh_from_db()
    assert (refund.state, refund.gateway_txn_id) == ("done", "R-7")


def test_a_payment_that_was_taken_back_is_a_case_until_staff_close_it(staff, alice):
    payment = held_payment(alice)
    client = staff("finance")
    do(client, payment, "book", amount=90_000, gateway_txn_id="G-9")

    assert do(client, payment, "take-back", key="k2", amount=90_001, reference="CB-1").status_code == 422
    assert do(client, payment, "take-back", key="k3", amount=90_000, reference="CB-1").status_code == 302

    assert wallet_of(alice.pk).credit == 10_000_000
    reversal = Reversal.objects.get()
    assert "Payments that a bank or gateway took back" in client.get(reverse("admin:index")).content.decode()
    assert do(client, reversal, "close", key="k4").status_code == 302
    assert "Payments that a bank or gateway took back" not in client.get(reverse("admin:index")).content.decode()


# Adjustments that shall not be


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


# Debts


def test_staff_do_not_say_that_the_auditor_has_found_something(staff, alice):
    answer = do(staff("support"), alice, "hold", kind="in_doubt", last_day="2026-03-12")
    assert (answer.status_code, alice.holds.count()) == (422, 0)


def test_dunning_is_held_until_the_end_of_a_day_and_can_be_let_go(staff, alice, at):
    client = staff("support")
    do(client, alice, "hold", kind="promise", last_day="2026-03-12")
    hold = alice.holds.get()
    assert (hold.kind, hold.until.isoformat()) == ("promise", "2026-03-12T17:00:00+00:00")
    assert last_audit().verb == "place hold"
    do(client, hold, "end", key="k2")
    hold.refresh_from_db()
    assert hold.ended_at is not None
    late = do(staff("finance"), hold, "end", key="k3")
    assert late.status_code == 422
    assert sentences(late) == "This hold has ended already."


def test_a_questioned_line_is_explained_or_credited(staff, alice, small, at):
    one, other = (server.invoices.get() for server in create(alice, small, quantity=2))
    client = staff("finance")
    first = question_line(alice.pk, one.pk, 1, text="why?", actor=owner_of(alice), at=NOON)
    do(client, first, "explain", answer="It ran all of the month.")
    second = question_line(alice.pk, other.pk, 1, text="it was down", actor=owner_of(alice), at=NOON)
    do(client, second, "justify", key="k2", amount="1.000", note="An hour of outage")
    assert [of.questions.get().state for of in (one, other)] == ["explained", "justified"]
    assert CreditNote.objects.get().amount == 1_000


def test_a_call_is_written_down_and_the_customer_leaves_the_list(staff, alice, at):
    rung = Rung.objects.get(act="call")
    step = DunningStep.objects.create(customer=alice, rung=rung, act="call", at=NOON)
    do(staff("support"), step, "call", outcome="promised", last_day="2026-03-13")
    step.refresh_from_db()
    assert (step.outcome, step.tries, alice.holds.get().kind) == ("promised", 1, "promise")


def test_coupons_come_and_go_by_the_hundred(staff, small, at):
    client = staff("catalogue")
    make, read, take = (reverse("admin:catalog_coupon_list_task", args=[name]) for name in ("batch", "read", "take"))
    terms = {"amount": "20.000", "first_day": "2026-03-01", "last_day": "2026-03-31", "maximum_uses": 1}
    made = client.post(make, {"key": "k", "batch": "Tet", "count": 3, "begins_with": "tet-", **terms})
    assert (made.status_code, Coupon.objects.filter(batch="Tet").count()) == (302, 3)
    file = client.post(take, {"key": "k2", "batch": "Tet"})
    assert file["Content-Type"] == "text/csv; charset=utf-8"
    renamed = file.content.decode().replace("TET-", "NEW-")
    upload = SimpleUploadedFile("coupons.csv", renamed.encode())
    assert client.post(read, {"key": "k3", "batch": "Copy", "file": upload}).status_code == 302
    assert Coupon.objects.filter(batch="Copy", code__startswith="NEW-", amount=20_000).count() == 3
    assert staff("support").post(make, {"key": "k4", "batch": "No", "count": 3, **terms}).status_code == 403


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
