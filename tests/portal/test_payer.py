"""The pages of payment on behalf: asking, and what the payer sees who has no account."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from accounts.may import Role
from catalog.models import Item
from kernel.actors import Actor
from notifications.models import Letter
from orders.models import Action, Order
from payments.gateways.base import Failed, ToPay
from payments.models import ExpectedTransfer, Payment, PaymentRequest
from payments.payer_links import token_of
from payments.queries import OpenGateway
from payments.services.behalf import Asking, ask_to_pay, withdraw_request
from payments.services.invoices import pay_invoices_from_wallet
from payments.services.outcomes import record_outcome
from tests.actions.conftest import Gate, gate, paid
from tests.actions.test_bank_transfers import bills
from tests.actions.test_transfers_by_reference import comes
from tests.cast import DAY, JOB, NOON, chosen, fund, make_customer, owner_of, quote
from tests.markup import markup
from tests.portal.seen import said, signed_in, the_time_being

__all__ = ["gate"]
pytestmark = pytest.mark.django_db
LATER = NOON + 11 * DAY


@pytest.fixture(autouse=True)
def _later(settings: Any, monkeypatch: pytest.MonkeyPatch):
    settings.SELLER_BANK, settings.SELLER_BANK_ACCOUNT, settings.SELLER_BANK_BIN = "Vietcombank", "1017595600", "970436"
    settings.SELLER_NAME = "Server Company"
    monkeypatch.setattr("payments.views.payer.open_gateways", lambda: [OpenGateway("gate", 1_000, 100_000)])
    with the_time_being(LATER):
        yield


def asked(small: Item, *, count: int = 1, language: str = "en") -> PaymentRequest:
    """Lan asks her father to pay invoices of 60,333 each."""
    customer, invoices = bills(small, count, name="Nguyễn Thị Lan", email="lan@company.example")
    pks = [invoice.pk for invoice in invoices]
    asking = Asking("father@family.example", "Your daughter", language)
    return ask_to_pay(customer, "invoice", pks, asking, actor=owner_of(customer), at=LATER)


def words(answer: Any) -> str:
    return " ".join(unescape(strip_tags(markup(answer))).split())


def through_the_door(request: PaymentRequest, browser: Client | None = None) -> Client:
    browser = browser or Client(headers={"accept-language": "en"})
    answer = browser.get(reverse("payer-door", args=[token_of(request.pk)]))
    assert (answer.status_code, answer["Location"]) == (302, reverse("payer", args=[request.pk]))
    return browser


def begins(browser: Client, request: PaymentRequest, means: str = "gateway:gate") -> Payment:
    answer = browser.post(reverse("payer", args=[request.pk]), {"means": means})
    assert answer.status_code in (302, 303), words(answer)
    return Payment.objects.filter(request=request).latest("created_at")


def standing(browser: Client, request: PaymentRequest, page: str = "payer") -> str:
    return words(browser.get(reverse(page, args=[request.pk])))


# --- The payer ---


def test_the_payer_sees_what_is_to_pay_and_nothing_else(small: Item) -> None:
    request = asked(small)
    invoice = request.customer.invoices.get()
    page = through_the_door(request).get(reverse("payer", args=[request.pk]))
    seen = markup(page)
    for shown in ("Your daughter", "Server Company", "60,333", "vserver s0", "Mar"):
        assert shown in seen
    hidden = (invoice.number, str(invoice.pk), request.customer.name, request.customer.email, str(request.customer_id))
    for secret in (*hidden, request.email, request.digest, token_of(request.pk)):
        assert secret not in seen
    assert page["Cache-Control"] == "no-store"
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert page["Referrer-Policy"] == "same-origin"


def test_the_token_is_in_no_address_behind_the_door(small: Item) -> None:
    request = asked(small)
    door = Client().get(reverse("payer-door", args=[token_of(request.pk)]))
    assert door["Referrer-Policy"] == "no-referrer"
    assert token_of(request.pk) not in door["Location"]
    request.refresh_from_db()
    assert request.opened_at == LATER


@pytest.mark.parametrize("page", ["payer", "payer-return", "payer-transfer"])
def test_who_has_not_followed_the_link_finds_nothing(small: Item, page: str) -> None:
    request = asked(small)
    stranger, lan = Client(headers={"accept-language": "en"}), signed_in(request.customer)
    for browser in (stranger, lan):
        answer = browser.get(reverse(page, args=[request.pk]))
        assert answer.status_code == 404
        assert "60,333" not in markup(answer)
    nowhere = stranger.get(reverse(page, args=["00000000-0000-7000-8000-000000000000"]))
    assert words(nowhere) == words(stranger.get(reverse(page, args=[request.pk])))


def test_a_wrong_link_is_no_page_and_many_of_them_have_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = iter([True, False])
    monkeypatch.setattr("payments.views.payer.is_within", lambda *_args, **_named: next(allowed))
    assert Client().get(reverse("payer-door", args=["x" * 43])).status_code == 404
    assert Client().get(reverse("payer-door", args=["x" * 43])).status_code == 429


def test_the_payer_pays_at_the_gateway_and_reads_what_came_of_it(small: Item, gate: Gate) -> None:
    request = asked(small)
    browser = through_the_door(request)
    payment = begins(browser, request)
    assert "You have begun to pay" in standing(browser, request)
    record_outcome(payment.pk, paid(payment, LATER), actor=JOB, at=LATER)
    seen = standing(browser, request, "payer-return")
    assert "Payment received" in seen
    assert "The invoice goes to Your daughter" in seen
    assert payment.reference not in seen
    assert "This is paid" in standing(browser, request)


def test_who_begins_to_pay_again_and_again_has_to_wait(
    small: Item, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments.views.payer.BEGUN_AN_HOUR", 1)
    request = asked(small)
    browser = through_the_door(request)
    begins(browser, request)
    answer = browser.post(reverse("payer", args=[request.pk]), {"means": "gateway:gate"})
    assert (answer.status_code, answer["Retry-After"]) == (429, "3600")
    assert Payment.objects.filter(request=request).count() == 1


def test_the_way_back_from_the_gateway_carries_no_token(
    small: Item, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[ToPay] = []
    start = gate.start

    def hears(to_pay: ToPay) -> object:
        told.append(to_pay)
        return start(to_pay)

    monkeypatch.setattr(gate, "start", hears)
    request = asked(small)
    begins(through_the_door(request), request)
    [heard] = told
    assert heard.return_url.endswith(reverse("payer-return", args=[request.pk]))
    assert str(request.customer_id) not in str(heard)
    assert heard.description == "Payment for Your daughter"


def test_a_payment_that_failed_may_be_tried_again(small: Item, gate: Gate) -> None:
    request = asked(small)
    browser = through_the_door(request)
    payment = begins(browser, request)
    gate.known = Failed("declined", "no")
    record_outcome(payment.pk, gate.known, actor=JOB, at=LATER)
    seen = standing(browser, request, "payer-return")
    assert "The payment did not go through" in seen
    assert "Try again" in seen
    assert "The last payment did not go through" in standing(browser, request)


def test_a_bank_transfer_has_its_code_and_its_end(small: Item) -> None:
    request = asked(small)
    browser = through_the_door(request)
    answer = browser.post(reverse("payer", args=[request.pk]), {"means": "bank_transfer"})
    assert answer["Location"] == reverse("payer-transfer", args=[request.pk])
    transfer = ExpectedTransfer.objects.get()
    page = browser.get(answer["Location"])
    assert "<svg" in markup(page)
    assert transfer.reference in markup(page)
    comes(60_333, transfer.reference, "A1", at=LATER)
    assert "Your transfer has come" in standing(browser, request, "payer-transfer")


def test_a_means_outside_its_limits_is_not_offered_and_not_taken(small: Item, gate: Gate) -> None:
    request = asked(small, count=2)
    browser = through_the_door(request)
    assert "takes from 1,000 ₫ to 100,000 ₫ at once" in standing(browser, request)
    browser.post(reverse("payer", args=[request.pk]), {"means": "gateway:gate"})
    assert not Payment.objects.filter(request=request).exists()


def test_a_link_that_is_over_says_why(small: Item) -> None:
    withdrawn, settled = asked(small), asked(small)
    browser = through_the_door(settled, through_the_door(withdrawn))
    withdraw_request(withdrawn.pk, actor=owner_of(withdrawn.customer), at=LATER)
    assert "This request was withdrawn" in standing(browser, withdrawn)
    assert "60,333" not in standing(browser, withdrawn)
    fund(settled.customer, 60_333)
    pks = [invoice.pk for invoice in settled.customer.invoices.all()]
    pay_invoices_from_wallet(settled.customer.pk, pks, actor=owner_of(settled.customer), at=LATER)
    assert "Nothing is to pay any more" in standing(browser, settled)
    late = asked(small)
    through_the_door(late, browser)
    with the_time_being(LATER + 3 * DAY):
        assert "This link is not valid any more" in standing(browser, late)


def test_the_payer_is_spoken_to_in_the_language_that_was_chosen_for_them(small: Item) -> None:
    request = asked(small, language="vi")
    browser = through_the_door(request)
    assert "Nội dung thanh toán" in standing(browser, request)
    browser.post(reverse("set_language"), {"language": "en", "next": reverse("payer", args=[request.pk])})
    assert "What it is for" in standing(browser, request)
    assert "What it is for" in standing(through_the_door(request, browser), request)


def test_a_form_of_another_site_pays_nothing(small: Item, gate: Gate) -> None:
    request = asked(small)
    browser = through_the_door(request, Client(enforce_csrf_checks=True))
    assert browser.post(reverse("payer", args=[request.pk]), {"means": "gateway:gate"}).status_code == 403
    assert not Payment.objects.filter(request=request).exists()


# --- The customer ---


def test_a_customer_asks_somebody_and_may_withdraw_it(small: Item) -> None:
    customer, [bill] = bills(small, 1)
    browser = signed_in(customer)
    assert f"{reverse('ask-to-pay')}?invoice={bill.pk}" in markup(browser.get(reverse("pay-invoices")))
    wish = {"invoice": [str(bill.pk)], "email": "father@family.example", "name": "Lan", "language": "en"}
    page = browser.get(reverse("ask-to-pay"), {"invoice": str(bill.pk)})
    assert "60,333" in markup(page)
    answer = browser.post(reverse("ask-to-pay"), wish)
    assert answer["Location"] == reverse("payment-requests")
    assert said(answer) == ["We have sent father@family.example the link."]
    request = PaymentRequest.objects.get()
    listed = words(browser.get(reverse("payment-requests")))
    assert "father@family.example" in listed
    assert "not opened yet" in listed
    browser.post(reverse("withdraw-request", args=[request.pk]))
    assert "withdrawn" in words(browser.get(reverse("payment-requests")))


def test_an_order_that_somebody_else_pays_leads_to_who_that_is(small: Item) -> None:
    customer = make_customer()
    offer = quote(
        customer,
        Action.CREATE,
        LATER,
        product=str(small.product_id),
        name="web",
        items=chosen(small),
        quantity=1,
        months=1,
    )
    browser = signed_in(customer)
    assert "Somebody else pays" in markup(browser.get(reverse("quote", args=[offer.pk])))
    answer = browser.post(reverse("quote", args=[offer.pk]), {"means": "on_behalf"})
    order = Order.objects.get()
    assert answer["Location"] == f"{reverse('ask-to-pay')}?order={order.pk}"
    page = browser.get(answer["Location"])
    assert "web" in words(page)
    wish = {"order": str(order.pk), "email": "father@family.example", "name": "Lan", "language": "en"}
    browser.post(reverse("ask-to-pay"), wish)
    assert "You have asked father@family.example to pay" in words(browser.get(reverse("order", args=[order.pk])))


def test_a_name_that_leads_elsewhere_is_refused_at_its_field(small: Item) -> None:
    customer, [bill] = bills(small, 1)
    wish = {"invoice": str(bill.pk), "email": "father@family.example", "name": "www.evil.example", "language": "en"}
    answer = signed_in(customer).post(reverse("ask-to-pay"), wish)
    assert answer.status_code == 400
    assert "Write a name without an address in it, and a space behind each dot." in words(answer)


def test_who_may_not_pay_asks_nobody_and_a_stranger_withdraws_nothing(small: Item) -> None:
    request = asked(small)
    viewer = signed_in(request.customer, role=Role.VIEWER)
    invoice = request.customer.invoices.get()
    assert viewer.post(reverse("ask-to-pay"), {"invoice": str(invoice.pk)}).status_code == 403
    stranger = signed_in(make_customer())
    assert stranger.post(reverse("withdraw-request", args=[request.pk])).status_code == 404
    assert "60,333" not in markup(stranger.get(reverse("ask-to-pay"), {"invoice": str(invoice.pk)}))
    assert signed_in(request.customer).get(reverse("ask-to-pay")).status_code == 404


def test_the_payers_payment_is_in_the_customers_history_without_its_page(small: Item, gate: Gate) -> None:
    request = asked(small)
    payment = begins(through_the_door(request), request)
    page = signed_in(request.customer).get(reverse("payment", args=[payment.pk]))
    assert "father@family.example" in words(page)
    assert "Continue at the gateway" not in words(page)
    assert Actor.payer(request.email).name == payment.actor


def test_mails_to_payers_are_not_among_the_customers_notices(small: Item) -> None:
    request = asked(small)
    browser = signed_in(request.customer)
    listed = words(browser.get(reverse("notices")))
    assert "You have asked father@family.example to pay" in listed
    assert "asks you to pay" not in listed
    assert Letter.objects.get(kind="payer_asked").recipient == request.email


def test_the_list_costs_the_same_however_many_were_asked(small: Item) -> None:
    customer, invoices = bills(small, 3)
    browser, costs = signed_in(customer), []
    for bill in invoices:
        asking = Asking("father@family.example", "Lan", "en")
        ask_to_pay(customer, "invoice", [bill.pk], asking, actor=owner_of(customer), at=LATER)
        with CaptureQueriesContext(connection) as queries:
            browser.get(reverse("payment-requests"))
        costs.append(len(queries))
    assert costs[0] == costs[2] < 12
