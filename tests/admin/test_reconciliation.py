"""Reconciliation in the staff area: until when all agrees, both sides of a difference, and the acts that end it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import StaffAct
from kernel.ids import new_id
from payments.gateways.base import Failed, Moved, Movement, TakenBack
from payments.models import BankTransfer, Payment, ReconciliationCase, Refund, Reversal, StatementDay, StatementLine
from payments.services.outcomes import record_outcome
from payments.services.reconcile import read_day
from payments.services.refunds import record_refund
from payments.services.reversals import take_back
from payments.services.wallet import wallet_of
from tests.admin.doing import do, page_of, sentences
from tests.cast import JOB, NOON, STAFF
from tests.markup import markup
from tests.refunds import returned, topped_up

LIST = "admin:payments_reconciliationcase_changelist"


@pytest.fixture(autouse=True)
def _sandbox(settings):
    settings.SANDBOX_URL = settings.SANDBOX_PUBLIC_URL = "http://sandbox.example"
    settings.SANDBOX_APP_ID, settings.SANDBOX_KEY1, settings.SANDBOX_KEY2 = "2554", "one", "two"
    settings.SANDBOX_GATEWAYS = ["zalopay"]


def failed_payment(customer):
    payment = Payment.objects.create(
        customer=customer,
        kind="top_up",
        means="gateway",
        gateway="sandbox",
        reference=f"260310_{new_id().hex[:8]}",
        payable=f"top_up:{new_id()}",
        description="Top-up",
        amount=90_000,
        actor="x",
        created_at=NOON,
    )
    return record_outcome(payment.pk, Failed("expired", ""), actor=JOB, at=NOON)


def difference(*lines):
    day, _new = StatementDay.objects.get_or_create(source="sandbox", day=NOON.date(), defaults={"ask_at": NOON})
    read_day(day, lines, actor="statements", at=NOON)
    return ReconciliationCase.objects.latest("pk")


def late(customer):
    payment = failed_payment(customer)
    return difference(Moved(Movement.PAYMENT, payment.reference, "G-7", 90_000, NOON))


def nobodys():
    return difference(Moved(Movement.PAYMENT, "260310_other", "G-8", 5_000, NOON))


def test_the_list_says_until_when_all_agrees_and_the_page_shows_both_sides(staff, alice):
    case = late(alice)
    client = staff("finance")

    page = markup(client.get(reverse(LIST)))
    assert "All agrees until" in page
    assert "sandbox" in page
    sides = markup(client.get(reverse("admin:payments_reconciliationcase_change", args=[case.pk])))
    assert "In the statement" in sides
    assert "G-7" in sides
    assert case.payment.reference in sides
    assert "Differences between a statement and our books" in client.get(reverse("admin:index")).content.decode()


def test_a_late_success_is_booked_and_its_difference_ends(staff, alice):
    before = wallet_of(alice.pk).credit
    case = late(alice)

    assert do(staff("finance"), case, "book").status_code == 302

    case.refresh_from_db()
    assert (wallet_of(alice.pk).credit - before, case.resolution) == (90_000, "agrees")


def test_above_the_limit_of_one_person_a_second_one_decides(staff, alice, settings):
    settings.ALONE = {**settings.ALONE, "book-received": {"finance": 0}}
    before = wallet_of(alice.pk).credit
    case = late(alice)

    do(staff("finance"), case, "book")

    case.refresh_from_db()
    assert (wallet_of(alice.pk).credit - before, case.resolution) == (0, "")


def test_nobodys_money_is_taken_into_suspense_and_what_is_known_is_explained(staff):
    case = nobodys()
    assert do(staff("support"), case, "suspense").status_code == 403
    assert do(staff("finance"), case, "suspense").status_code == 302
    assert BankTransfer.objects.get().rest == 5_000

    other = difference(Moved(Movement.PAYMENT, "260310_third", "G-9", 6_000, NOON))
    assert do(staff("finance"), other, "explain", key="k2").status_code == 302
    other.refresh_from_db()
    assert other.resolution == "explained"
    refused = do(staff("finance"), other, "explain", key="k3")
    assert (refused.status_code, "ended already" in sentences(refused)) == (422, True)


def test_money_taken_back_is_booked_from_its_line(staff, alice):
    payment = failed_payment(alice)
    client = staff("finance")
    do(client, payment, "book", amount=90_000, gateway_txn_id="G-7")
    paid = Moved(Movement.PAYMENT, payment.reference, "G-7", 90_000, NOON)
    case = difference(paid, Moved(Movement.TAKEN_BACK, payment.reference, "CB-1", 90_000, NOON))

    assert do(client, case, "take-back", key="k2").status_code == 302

    payment.refresh_from_db()
    case.refresh_from_db()
    assert (payment.taken_back, case.resolution) == (90_000, "agrees")


def upload(client, content, day="2026-03-10"):
    file = SimpleUploadedFile("statement.csv", content, content_type="text/csv")
    url = reverse("admin:payments_reconciliationcase_list_task", args=["statement"])
    return client.post(url, {"source": "sandbox", "day": day, "file": file, "reason": "by mail", "key": "k"})


def test_a_gateways_file_is_read_by_staff(staff):
    head = b"app_id,type,app_trans_id,m_refund_id,zp_trans_id,amount,time\n"
    file = head + b"2554,PAYMENT,260310_x,,7,5000,2026-03-10 12:00:00\n2554,TOTAL,,,1,5000,\n"
    client = staff("finance")

    assert upload(client, file[:-5]).status_code == 422
    assert upload(client, file, "2026-03-11").status_code == 422
    assert not StatementLine.objects.exists()
    assert upload(client, file).status_code == 302
    assert upload(client, file).status_code == 302

    assert ReconciliationCase.objects.values_list("kind", "theirs", "day").get() == (
        "unknown",
        5_000,
        date(2026, 3, 10),
    )
    assert upload(staff("support"), file).status_code == 403


def test_a_dispute_that_was_won_before_its_payment_was_heard_of_is_a_difference_and_is_booked(staff, alice):
    """Of 90,000 only the loss was told. The statement tells all three: what came, its loss and the victory."""
    before = wallet_of(alice.pk).credit
    payment = failed_payment(alice)
    record_outcome(payment.pk, TakenBack("dp-1", 90_000, NOON, of="G-7"), actor=JOB, at=NOON)
    case = difference(
        Moved(Movement.PAYMENT, payment.reference, "G-7", 90_000, NOON),
        Moved(Movement.TAKEN_BACK, payment.reference, "dp-1", 90_000, NOON),
        Moved(Movement.GIVEN_BACK, payment.reference, "dp-1", 90_000, NOON),
    )
    assert [case.kind] == list(ReconciliationCase.objects.values_list("kind", flat=True)) == ["missing_here"]

    assert do(staff("support"), case, "give-back").status_code == 403
    assert do(staff("finance"), case, "give-back").status_code == 302

    payment.refresh_from_db()
    case.refresh_from_db()
    assert (payment.state, payment.gateway_txn_id, payment.taken_back) == ("succeeded", "G-7", 0)
    assert (wallet_of(alice.pk).credit - before, case.resolution) == (90_000, "agrees")


def test_more_than_was_taken_is_not_booked_as_won_and_less_is_a_part_of_it(staff, alice):
    payment = failed_payment(alice)
    client = staff("finance")
    do(client, payment, "book", amount=90_000, gateway_txn_id="G-7")
    record_outcome(payment.pk, TakenBack("dp-1", 90_000, NOON), actor=JOB, at=NOON)
    case = difference(
        Moved(Movement.PAYMENT, payment.reference, "G-7", 90_000, NOON),
        Moved(Movement.TAKEN_BACK, payment.reference, "dp-1", 90_000, NOON),
        Moved(Movement.GIVEN_BACK, payment.reference, "dp-1", 90_001, NOON),
    )
    refused = do(client, case, "give-back", key="k2")
    assert (refused.status_code, "does not fit" in sentences(refused)) == (422, True)

    part = difference(Moved(Movement.GIVEN_BACK, payment.reference, "dp-1", 50_000, NOON + timedelta(hours=1)))
    assert part.kind == "twice"
    do(client, part, "explain", key="k3")
    assert do(client, Reversal.objects.get(), "give-back", key="k4", amount=50_000).status_code == 302
    payment.refresh_from_db()
    assert payment.taken_back == 40_000


def test_of_what_no_statement_tells_a_part_is_booked_as_won_by_two(staff, alice):
    payment = failed_payment(alice)
    first, second = staff("finance"), staff("finance")
    do(first, payment, "book", amount=90_000, gateway_txn_id="G-7")
    do(first, payment, "take-back", key="k2", amount=90_000, reference="CB-1")
    reversal = Reversal.objects.get()
    assert do(first, reversal, "give-back", key="k3", amount=90_001).status_code == 422
    assert do(first, reversal, "give-back", key="k4", amount=50_000).status_code == 302
    act = StaffAct.objects.waiting().get()
    assert (act.amount, "40,000" in markup(second.get(page_of(act, "approve")))) == (50_000, True)
    second.post(page_of(act, "approve"), {"key": "k5"})
    payment.refresh_from_db()
    assert payment.taken_back == 40_000


def test_what_was_booked_by_letter_alone_is_found_shown_and_given_back_by_two(staff, alice):
    payment, first, second = paid_and_taken(staff, alice)
    case = difference(Moved(Movement.PAYMENT, payment.reference, "G-7", 90_000, NOON))
    page = markup(first.get(reverse("admin:payments_reconciliationcase_change", args=[case.pk])))
    assert case.kind == "missing_there"
    for said in ("CB-1", "40,000", "taken back", payment.reference):
        assert said in page
    assert do(staff("support"), case, "never-taken").status_code == 403
    assert do(first, case, "never-taken", key="k4").status_code == 302
    act = StaffAct.objects.waiting().get()
    second.post(page_of(act, "approve"), {"key": "k5"})
    difference(Moved(Movement.PAYMENT, payment.reference, "G-7", 90_000, NOON))
    case.refresh_from_db()
    payment.refresh_from_db()
    assert (case.resolution, payment.taken_back) == ("agrees", 0)


def test_what_was_booked_by_letter_is_said_to_be_the_line_in_one_act(staff, alice):
    payment, first, _second = paid_and_taken(staff, alice)
    case = difference(
        Moved(Movement.PAYMENT, payment.reference, "G-7", 90_000, NOON),
        Moved(Movement.TAKEN_BACK, payment.reference, "dp-1", 40_000, NOON),
    )
    assert ReconciliationCase.objects.count() == 2
    line = ReconciliationCase.objects.exclude(pk=case.pk).get()
    reversal = Reversal.objects.get()
    assert do(first, line, "same", key="k4", reversal=reversal.pk).status_code == 302
    assert set(ReconciliationCase.objects.values_list("resolution", flat=True)) == {"agrees"}
    payment.refresh_from_db()
    assert payment.taken_back == 40_000


def paid_and_taken(staff, customer):
    """90,000 that came, of which a letter took 40,000, on the day that the statement is about."""
    payment = failed_payment(customer)
    first, second = staff("finance"), staff("finance")
    do(first, payment, "book", amount=90_000, gateway_txn_id="G-7")
    take_back(payment.pk, 40_000, reference="CB-1", reason="letter", actor=STAFF, at=NOON)
    return payment, first, second


def test_a_refund_that_was_carried_out_after_all_is_booked_with_one_click(staff, alice):
    before = wallet_of(alice.pk).credit
    payment = topped_up(alice, 90_000)
    refund = returned(payment, 50_000)
    Refund.objects.filter(pk=refund.pk).update(state="under_way", sent_at=NOON)
    record_refund(refund.pk, Failed("not_refundable", ""), at=NOON)
    case = difference(
        Moved(Movement.PAYMENT, payment.reference, payment.gateway_txn_id, 90_000, NOON),
        Moved(Movement.REFUND, refund.reference, "R-1", 50_000, NOON),
    )
    assert case.kind == "late"
    assert do(staff("support"), case, "carried-out").status_code == 403
    assert do(staff("finance"), case, "carried-out").status_code == 302
    case.refresh_from_db()
    assert (wallet_of(alice.pk).credit - before, case.resolution) == (40_000, "agrees")


def test_what_staff_booked_by_letter_is_not_booked_again_from_a_line_without_being_said_to_be_another(staff, alice):
    """Of 90,000 40,000 are booked by the bank's letter, and the statement tells 40,000 under a name of its own."""
    payment = failed_payment(alice)
    client = staff("finance")
    do(client, payment, "book", amount=90_000, gateway_txn_id="G-7")
    do(client, payment, "take-back", key="k2", amount=40_000, reference="CB-1")
    difference(
        Moved(Movement.PAYMENT, payment.reference, "G-7", 90_000, NOON),
        Moved(Movement.TAKEN_BACK, payment.reference, "dp-1", 40_000, NOON),
    )
    case = ReconciliationCase.objects.exclude(line=None).get()

    refused = do(client, case, "take-back", key="k3")
    assert (refused.status_code, "under CB-1" in sentences(refused)) == (422, True)
    payment.refresh_from_db()
    assert payment.taken_back == 40_000

    assert do(client, case, "take-back", key="k4", is_another="on").status_code == 302
    payment.refresh_from_db()
    assert payment.taken_back == 80_000


def test_a_reference_that_somebody_typed_is_the_statements_in_whatever_letters(staff, alice):
    payment = failed_payment(alice)
    client = staff("finance")
    do(client, payment, "book", amount=90_000, gateway_txn_id="G-7")
    do(client, payment, "take-back", key="k2", amount=40_000, reference=" cb-1 ")
    do(client, payment, "take-back", key="k3", amount=40_000, reference="CB-1")
    day, _new = StatementDay.objects.get_or_create(source="sandbox", day=NOON.date(), defaults={"ask_at": NOON})
    lines = [
        Moved(Movement.PAYMENT, payment.reference, "G-7", 90_000, NOON),
        Moved(Movement.TAKEN_BACK, payment.reference, "CB-1", 40_000, NOON),
    ]
    read_day(day, lines, actor="statements", at=NOON)
    payment.refresh_from_db()
    assert (payment.taken_back, ReconciliationCase.objects.exists()) == (40_000, False)
