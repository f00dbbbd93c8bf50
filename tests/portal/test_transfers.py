"""Bank transfers on the portal's pages: the code, what has come, and telling us of one that is not here."""

from __future__ import annotations

import json
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from accounts.models import AuditEntry
from ledger.services import Kind
from orders.models import Action, Order
from payments.models import BankTransfer, ExpectedTransfer, TransferClaim
from payments.services.expected import ask_for_top_up
from payments.services.wallet import wallet_of
from tests.actions.test_bank_transfers import bills
from tests.actions.test_transfers_by_reference import comes
from tests.cast import DAY, NOON, chosen, house_balance, make_customer, owner_of, quote
from tests.markup import markup
from tests.portal.seen import said, signed_in, the_time_being

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon(settings: Any):
    settings.SELLER_BANK, settings.SELLER_BANK_ACCOUNT, settings.SELLER_BANK_BIN = "Vietcombank", "1017595600", "970436"
    settings.SELLER_BANK_HOLDER = "CONG TY ABC"
    settings.BANK_FEED_SECRET = "the bank's word"
    with the_time_being(NOON):
        yield


def words(response: Any) -> str:
    """What can be read, without the markup."""
    return " ".join(unescape(strip_tags(markup(response))).split())


def asked_by(response: Any) -> ExpectedTransfer:
    assert response.status_code == 303, response.content.decode()
    return ExpectedTransfer.objects.get(pk=response.url.split("/")[2])


def test_a_top_up_by_transfer_leads_to_its_code() -> None:
    customer = make_customer()
    browser = signed_in(customer)
    assert "Bank transfer by QR code" in markup(browser.get(reverse("wallet")))
    asked = asked_by(browser.post(reverse("top-up"), {"amount": "200.000", "gateway": "bank_transfer"}))
    page = markup(browser.get(reverse("transfer", args=[asked.pk])))
    for shown in ("<svg", "Vietcombank", "1017595600", "CONG TY ABC", "200,000", asked.reference, 'data-copy="200000"'):
        assert shown in page
    assert "it is credit in your wallet" in page
    assert asked.reference not in markup(browser.get(reverse("wallet")))  # its page is linked, by what it is for
    assert reverse("transfer", args=[asked.pk]) in markup(browser.get(reverse("wallet")))


def test_the_page_goes_on_by_itself_when_the_money_has_come() -> None:
    customer = make_customer()
    asked = ask_for_top_up(customer, 200_000, actor=owner_of(customer), at=NOON)
    browser, page = signed_in(customer), reverse("transfer", args=[asked.pk])
    comes(150_000, asked.reference, "A1", at=NOON)
    part = markup(browser.get(page, {"part": ""}))
    assert "<html" not in part
    assert "150,000 ₫ have come so far, 50,000 ₫ are still missing" in words(browser.get(page, {"part": ""}))
    assert 'data-copy="50000"' in part
    comes(50_000, asked.reference, "A2", at=NOON)
    part = markup(browser.get(page, {"part": ""}))
    assert "Your transfer has come" in part
    assert "hx-get" not in part


def test_nobody_else_sees_a_transfer() -> None:
    customer = make_customer()
    asked = ask_for_top_up(customer, 200_000, actor=owner_of(customer), at=NOON)
    stranger = signed_in(make_customer())
    assert stranger.get(reverse("transfer", args=[asked.pk])).status_code == 404
    assert stranger.post(reverse("transfer-give-up", args=[asked.pk])).status_code == 404


def test_a_transfer_can_be_given_up_and_the_page_says_what_then() -> None:
    customer = make_customer()
    asked = ask_for_top_up(customer, 200_000, actor=owner_of(customer), at=NOON)
    browser = signed_in(customer)
    assert browser.post(reverse("transfer-give-up", args=[asked.pk])).status_code == 302
    page = markup(browser.get(reverse("transfer", args=[asked.pk])))
    assert "not waited for any more" in page
    assert "Should the money come all the same" in page
    with the_time_being(NOON + 8 * DAY):
        other = ask_for_top_up(customer, 300_000, actor=owner_of(customer), at=NOON)
        assert "The time for this transfer is over" in markup(browser.get(reverse("transfer", args=[other.pk])))


def test_an_order_by_transfer_leads_to_its_code_and_its_page_says_that_it_waits(small: Any) -> None:
    customer = make_customer()
    browser = signed_in(customer)
    wish = {"product": str(small.product.pk), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    offer = quote(customer, Action.CREATE, **wish)
    assert "the order waits 24 hours for it" in markup(browser.get(reverse("quote", args=[offer.pk])))
    asked = asked_by(browser.post(reverse("quote", args=[offer.pk]), {"means": "bank_transfer"}))
    order = Order.objects.get()
    page = markup(browser.get(reverse("order", args=[order.pk])))
    assert reverse("transfer", args=[asked.pk]) in page
    assert reverse("order-pay-from-wallet", args=[order.pk]) not in page
    assert "your order goes on at once" in markup(browser.get(reverse("transfer", args=[asked.pk])))
    comes(180_000, asked.reference, at=NOON)
    assert "180,000 ₫ of 181,000 ₫ have come" in words(browser.get(reverse("order", args=[order.pk])))
    comes(5_000, "unrelated", "A9", at=NOON)
    assert browser.post(reverse("order-pay-from-wallet", args=[order.pk])).status_code in {402, 409}


def test_what_fell_short_is_made_up_from_the_wallet_on_the_orders_page(small: Any) -> None:
    customer = make_customer(credit=1_000)
    browser = signed_in(customer)
    wish = {"product": str(small.product.pk), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    offer = quote(customer, Action.CREATE, **wish)
    asked = asked_by(browser.post(reverse("quote", args=[offer.pk]), {"means": "bank_transfer"}))
    comes(180_000, asked.reference, at=NOON)
    order = Order.objects.get()
    pay = reverse("order-pay-from-wallet", args=[order.pk])
    assert pay in markup(browser.get(reverse("order", args=[order.pk])))
    assert browser.post(pay).status_code == 302
    order.refresh_from_db()
    assert (order.state, wallet_of(customer.pk).credit) == ("provisioning", 0)


def test_invoices_can_be_paid_by_transfer(small: Any) -> None:
    customer, [bill] = bills(small, 1)
    with the_time_being(NOON + 11 * DAY):
        browser = signed_in(customer)
        page = reverse("pay-invoices")
        assert "Bank transfer by QR code" in markup(browser.get(page))
        asked = asked_by(browser.post(page, {"means": "bank_transfer", "invoice": str(bill.pk)}))
        assert (asked.amount, asked.description) == (60_333, bill.number)
        assert bill.number in markup(browser.get(reverse("transfer", args=[asked.pk])))


def test_without_an_account_no_page_offers_a_transfer(settings: Any, small: Any) -> None:
    settings.SELLER_BANK_BIN = ""
    customer = make_customer()
    browser = signed_in(customer)
    assert "Bank transfer by QR code" not in markup(browser.get(reverse("wallet")))
    wish = {"product": str(small.product.pk), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    offer = quote(customer, Action.CREATE, **wish)
    assert 'value="bank_transfer"' not in markup(browser.get(reverse("quote", args=[offer.pk])))


# Telling us of a transfer that is not here


def test_a_customer_tells_us_of_a_transfer_once_and_reads_what_became_of_it() -> None:
    customer = make_customer()
    asked = ask_for_top_up(customer, 200_000, actor=owner_of(customer), at=NOON)
    browser, page = signed_in(customer), reverse("transfer-claim")
    proposed = markup(browser.get(page, {"transfer": str(asked.pk)}))
    assert 'value="200,000"' in proposed
    assert asked.reference in proposed
    told = {"amount": "200.000", "day": "2026-03-10", "note": "nap tien"}
    assert browser.post(page, told).status_code == 302
    assert TransferClaim.objects.get().state == "open"
    again = browser.post(page, told)
    assert (again.status_code, TransferClaim.objects.count()) == (409, 1)
    assert "You have told us of this transfer already" in markup(again)
    assert "Being looked for" in markup(browser.get(page))


@pytest.mark.parametrize(("day", "status"), [("2026-03-11", 422), ("2025-03-01", 422), ("soon", 400), ("", 400)])
def test_a_claim_names_a_day_of_the_last_year(day: str, status: int) -> None:
    browser = signed_in(make_customer())
    answer = browser.post(reverse("transfer-claim"), {"amount": "200.000", "day": day})
    assert (answer.status_code, TransferClaim.objects.count()) == (status, 0)


def test_who_only_looks_cannot_ask_for_a_transfer_or_claim_one() -> None:
    customer = make_customer()
    viewer = signed_in(customer, role="viewer")
    assert viewer.post(reverse("top-up"), {"amount": "200000", "gateway": "bank_transfer"}).status_code == 403
    assert viewer.post(reverse("transfer-claim"), {"amount": "1", "day": "2026-03-10"}).status_code == 403


# The bank's own news


def tell(lines: Any, *, secret: str | None = "the bank's word", **headers: str) -> Any:
    shown = {"X-Bank-Secret": secret} if secret is not None else headers
    body = json.dumps(lines) if not isinstance(lines, bytes) else lines
    return Client(headers=shown).post(reverse("bank-feed"), body, content_type="application/json")


def test_the_bank_tells_of_a_transfer_and_telling_it_again_changes_nothing() -> None:
    customer = make_customer()
    asked = ask_for_top_up(customer, 200_000, actor=owner_of(customer), at=NOON)
    line = {"number": "FT1", "amount": 200_000, "note": f"QR {asked.reference}", "account": "1017595600"}
    assert tell(line).json() == {"success": True, "new": 1, "known": 0, "differing": []}
    assert tell([line]).json() == {"success": True, "new": 0, "known": 1, "differing": []}
    assert tell([line | {"amount": 5}]).json() == {"success": True, "new": 0, "known": 0, "differing": ["FT1"]}
    assert AuditEntry.objects.latest("pk").verb == "tell another amount"
    assert wallet_of(customer.pk).credit == 200_000


@pytest.mark.parametrize("secret", ["", "wrong", "the bank's wor", "đ"])
def test_without_the_secret_nothing_is_read(secret: str) -> None:
    shown = secret.encode().decode("latin-1")
    assert tell({"number": "FT1", "amount": 1}, secret=shown).status_code == 401
    assert not BankTransfer.objects.exists()


def test_the_secret_may_come_as_authorization(settings: Any) -> None:
    settings.BANK_FEED_SECRET = "s3cret"
    answer = tell({"number": "FT1", "amount": 1_000}, secret=None, Authorization="Apikey s3cret")
    assert answer.status_code == 200
    assert house_balance(Kind.SUSPENSE) == 1_000


def test_news_that_cannot_be_read_book_nothing() -> None:
    assert tell(b"no").status_code == 400
    assert tell(b"x" * 2_000_001).status_code == 413
    assert tell([{"number": "FT1", "amount": 1_000}, {"amount": 5}]).status_code == 400
    assert not BankTransfer.objects.exists()


def test_without_a_secret_there_is_no_such_address(settings: Any) -> None:
    settings.BANK_FEED_SECRET = ""
    assert tell({"number": "FT1", "amount": 1}, secret="").status_code == 404


def test_giving_up_says_so() -> None:
    customer = make_customer()
    asked = ask_for_top_up(customer, 200_000, actor=owner_of(customer), at=NOON)
    answer = signed_in(customer).post(reverse("transfer-give-up", args=[asked.pk]))
    assert said(answer) == ["We do not wait for this transfer any more."]
