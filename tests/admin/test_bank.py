"""The bank's statement in the staff area: files, whose a transfer is, what goes back, and what customers claim."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.models import Membership, StaffAct
from ledger.services import Kind
from notifications.models import Notice
from notifications.render import words_of
from payments.models import BankTransfer, ExpectedTransfer, ReconciliationCase, TransferClaim
from payments.services.claims import claim_transfer
from payments.services.expected import ask_for_top_up
from payments.services.transfers import record_bank_transfer
from payments.services.wallet import wallet_of
from tests.actions.test_transfers_by_reference import comes
from tests.admin.doing import do, page_of, sentences
from tests.cast import NOON, STAFF, house_balance, make_customer, make_user, owner_of
from tests.markup import markup

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _our_account(settings: Any, at: Any) -> None:
    settings.SELLER_BANK, settings.SELLER_BANK_ACCOUNT, settings.SELLER_BANK_BIN = "Vietcombank", "1017595600", "970436"
    at(NOON)


def upload(client: Any, text: str, form: str = "csv", day: str = "2026-03-10") -> Any:
    file = SimpleUploadedFile("statement.csv", text.encode())
    return client.post(
        reverse("admin:payments_banktransfer_list_task", args=["statement"]), {"form": form, "file": file, "day": day}
    )


def told(answer: Any) -> str:
    return str(list(get_messages(answer.wsgi_request))[-1]).replace("\xa0", " ")


def topping_up(amount: int = 200_000) -> ExpectedTransfer:
    customer = make_customer()
    return ask_for_top_up(customer, amount, actor=owner_of(customer), at=NOON)


def unknown(amount: int = 200_000, number: str = "FT1") -> BankTransfer:
    comes(amount, "mua hang", number, at=NOON)
    return BankTransfer.objects.get(key=number)


def test_a_file_of_the_bank_is_read_and_read_again_without_effect(staff: Any) -> None:
    asked = topping_up()
    text = f"number,amount,note\nFT1,200000,{asked.reference}\nFT2,50000,unknown\n"
    finance = staff("finance")
    assert "2 new transfers: 1 given to customers, 1 wait for staff; 0 were known already." in told(
        upload(finance, text)
    )
    assert "0 new transfers: 0 given to customers, 0 wait for staff; 2 were known already." in told(
        upload(finance, text)
    )
    assert wallet_of(asked.customer_id).credit == 200_000
    assert house_balance(Kind.SUSPENSE) == 50_000
    assert "On record with another amount: FT2." in told(upload(finance, "number,amount\nFT2,60000\n"))


def test_a_file_that_cannot_be_read_books_nothing(staff: Any) -> None:
    answer = upload(staff("finance"), "number,amount\nFT1,200000\nFT2,about 5\n")
    assert answer.status_code == 422
    assert "Line 2" in sentences(answer)
    assert not BankTransfer.objects.exists()
    assert upload(staff("finance"), "x", "mt940").status_code == 422
    assert upload(staff("auditor"), "x").status_code == 403


def test_a_file_without_days_is_asked_of_which_day_it_is_and_then_compared(staff: Any) -> None:
    record_bank_transfer(
        make_customer().pk, 5_000, [], reference="FT7", value_date=NOON.date(), reason="x", actor=STAFF, at=NOON
    )
    finance, text = staff("finance"), "number,amount\nFT1,200000\nFT9,-11000\n"
    answer = upload(finance, text, day="")
    assert (answer.status_code, BankTransfer.objects.count()) == (422, 1)
    assert "does not say on which day" in sentences(answer)
    assert "1 lines of money that went out are compared" in told(upload(finance, text))
    found = ReconciliationCase.objects.order_by("kind").values_list("kind", "day", "theirs", "ours")
    assert list(found) == [("missing_there", NOON.date(), None, 5_000), ("unknown", NOON.date(), 11_000, None)]


def test_the_queue_is_what_is_nobodys_and_a_transfer_is_given_by_reference_address_or_tax_code(staff: Any) -> None:
    asked = topping_up()
    customer = make_customer(email="lan@example.vn", tax_code="0101243150")
    finance = staff("finance")
    queue = reverse("admin:payments_banktransfer_changelist") + "?rest=some"
    first, second, third = unknown(200_000, "FT1"), unknown(30_000, "FT2"), unknown(40_000, "FT3")
    assert "FT1" in markup(finance.get(queue))
    assert do(finance, first, "give", whose=asked.reference.lower(), amount="200.000").status_code == 302
    assert do(finance, second, "give", whose="LAN@example.vn", amount="30.000", key="k2").status_code == 302
    assert do(finance, third, "give", whose="0101243150", amount="40.000", key="k3").status_code == 302
    asked.refresh_from_db()
    assert (asked.state(NOON), wallet_of(customer.pk).credit, house_balance(Kind.SUSPENSE)) == ("met", 70_000, 0)
    finance.get(queue)  # reads the sentences of what was done
    assert "FT1" not in markup(finance.get(queue))


def test_who_is_not_known_gets_nothing(staff: Any) -> None:
    transfer = unknown()
    answer = do(staff("finance"), transfer, "give", whose="nobody@example.vn", amount="200.000")
    assert (answer.status_code, house_balance(Kind.SUSPENSE)) == (422, 200_000)
    assert do(staff("auditor"), transfer, "give", whose="x", amount="1").status_code == 403


def test_who_signs_in_for_a_customer_is_known_and_several_are_told_apart(staff: Any) -> None:
    transfer, finance = unknown(), staff("finance")
    lan, other = make_customer(email="lan@example.vn"), make_customer(email="other@example.vn")
    person = make_user(lan)
    assert do(finance, transfer, "give", whose=person.email, amount="50.000").status_code == 302
    assert wallet_of(lan.pk).credit == 50_000
    Membership.objects.create(user=person, customer=other, role="viewer", joined_at=NOON)
    assert "More than one" in sentences(do(finance, transfer, "give", whose=person.email, amount="50.000", key="k2"))
    assert "Nobody is known" in sentences(do(finance, transfer, "give", whose="SNS3AAQNSR", amount="1", key="k3"))
    assert house_balance(Kind.SUSPENSE) == 150_000


def test_above_the_limit_giving_and_sending_back_wait_for_a_second_person(staff: Any, settings: Any) -> None:
    settings.ALONE = {**settings.ALONE, "bank-transfer": {"finance": 100_000}, "bank-return": {"finance": 0}}
    customer = make_customer(email="lan@example.vn")
    transfer = unknown()
    first, second = staff("finance"), staff("finance")
    do(first, transfer, "give", whose="lan@example.vn", amount="150.000")
    do(first, transfer, "send-back", amount="50.000", number="FT26070000009", key="k2")
    assert house_balance(Kind.SUSPENSE) == 200_000
    for act in StaffAct.objects.waiting():
        assert second.get(page_of(act, "approve")).status_code == 200
        second.post(page_of(act, "approve"), {"key": f"a{act.pk}"})
    assert (wallet_of(customer.pk).credit, house_balance(Kind.SUSPENSE), house_balance(Kind.BANK)) == (
        150_000, 0, -150_000,
    )  # fmt: skip


# Claims


def claimed(amount: int = 200_000, note: str = "nap tien") -> TransferClaim:
    customer = make_customer(email="lan@example.vn")
    return claim_transfer(customer, amount, day=NOON.date(), note=note, actor=owner_of(customer), at=NOON)


def test_who_looks_before_the_statement_was_read_is_told_to_read_it(staff: Any) -> None:
    page = markup(staff("finance").get(page_of(claimed(345_000), "found")))
    assert "None of about that day has so much left" in page
    assert "statement of those days first, under Bank transfers" in page


def test_a_claimed_transfer_is_found_among_those_that_are_nobodys(staff: Any) -> None:
    claim, transfer = claimed(), unknown()
    unknown(150_000, "FT2")
    finance = staff("finance")
    assert "Transfers that customers say they have made" in markup(finance.get(reverse("admin:index")))
    page = markup(finance.get(page_of(claim, "found")))
    assert "FT1" in page
    assert "FT2" not in page  # too little
    assert do(finance, claim, "found", transfer=transfer.pk).status_code == 302
    claim.refresh_from_db()
    assert (claim.state, claim.transfer, wallet_of(claim.customer_id).credit) == ("found", transfer, 200_000)
    assert do(finance, claim, "found", transfer=transfer.pk, key="k2").status_code == 422


def test_a_claim_above_the_limit_is_answered_when_a_second_person_approves(staff: Any, settings: Any) -> None:
    settings.ALONE = {**settings.ALONE, "bank-transfer": {"finance": 100_000}}
    claim, transfer = claimed(), unknown()
    do(staff("finance"), claim, "found", transfer=transfer.pk)
    claim.refresh_from_db()
    assert claim.state == "open"
    act = StaffAct.objects.get()
    staff("finance").post(page_of(act, "approve"), {"key": "a"})
    claim.refresh_from_db()
    assert (claim.state, wallet_of(claim.customer_id).credit) == ("found", 200_000)


def test_a_claim_that_is_not_found_is_answered_and_the_customer_is_told(staff: Any) -> None:
    claim = claimed()
    answer = staff("finance").post(page_of(claim, "refuse"), {"answer": "Xin gửi biên lai.", "key": "k"})
    assert answer.status_code == 302
    claim.refresh_from_db()
    assert claim.state == "refused"
    notice = Notice.objects.get(kind=Notice.Kind.TRANSFER_NOT_FOUND)
    said = words_of(notice)
    assert "200,000" in said.subject
    assert any("Xin gửi biên lai." in sentence for sentence in said.sentences)
    assert any("10 Mar 2026" in sentence for sentence in said.sentences)
