"""Linked accounts on the portal's pages: linked, limited, unlinked, and what is charged by itself."""

from __future__ import annotations

from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from accounts.may import Role
from accounts.models import Customer
from invoices.models import Invoice
from payments.consents import VERSION
from payments.gateways import Failed, Linked, UnknownGateway, Unlinked
from payments.models import AutomaticCharge, Consent, LinkedAccount, Payment
from payments.tasks import charge_linked_accounts
from tests import links
from tests.actions.conftest import LinkingGate
from tests.actions.test_bank_transfers import bills
from tests.cast import DAY, NOON, fund, make_customer, make_user
from tests.links import pays_invoices, tops_up
from tests.markup import markup
from tests.portal.seen import signed_in, the_time_being

pytestmark = pytest.mark.django_db
PAGE = "linked-accounts"


@pytest.fixture(autouse=True)
def _noon() -> Any:
    with the_time_being(NOON):
        yield


@pytest.fixture
def linking(monkeypatch: pytest.MonkeyPatch) -> LinkingGate:
    """In the sandbox's place."""
    made = LinkingGate(code="sandbox")
    made.caps = replace(made.caps, link=True)

    def named(code: str) -> LinkingGate:
        if code != "sandbox":
            raise UnknownGateway(code)
        return made

    monkeypatch.setattr("payments.gateways.gateway", named)
    monkeypatch.setattr("payments.queries.gateway_named", named)
    monkeypatch.setattr("payments.gateways.notice_url", lambda code: f"https://portal.example/gateways/{code}/notice/")
    return made


def linked_account(customer: Customer, **fields: Any) -> LinkedAccount:
    return links.linked_account(customer, gateway="sandbox", **fields)


def words(response: Any) -> str:
    return " ".join(unescape(strip_tags(markup(response))).split())


def page_of(browser: Client) -> str:
    return words(browser.get(reverse(PAGE)))


def test_an_account_is_linked_with_the_words_that_were_shown(linking: Any) -> None:
    customer = make_customer()
    browser = signed_in(customer)
    shown = page_of(browser)
    assert "to charge this account for orders, invoices and top-ups" in shown
    answer = browser.post(reverse("link-account"), {"gateway": "sandbox", "agree": VERSION})
    assert (answer.status_code, answer["Location"]) == (303, "https://gate.example/agree")
    assert Consent.objects.get().text in shown
    assert "waiting for your confirmation" in page_of(browser)
    linking.decided = Linked("token", "****567", NOON)
    link = LinkedAccount.objects.get()
    assert "****567 is linked" in words(browser.get(reverse("link-return", args=[link.pk]), follow=True))


def test_without_the_words_nothing_begins(linking: Any) -> None:
    browser = signed_in(make_customer())
    browser.post(reverse("link-account"), {"gateway": "sandbox"})
    assert not LinkedAccount.objects.exists()


def test_what_was_refused_there_is_said(linking: Any) -> None:
    browser = signed_in(make_customer())
    browser.post(reverse("link-account"), {"gateway": "sandbox", "agree": VERSION})
    linking.decided = Unlinked()
    address = reverse("link-return", args=[LinkedAccount.objects.get().pk])
    assert "it was not confirmed at the gateway" in words(browser.get(address, follow=True))


def test_limits_default_and_unlinking(linking: Any) -> None:
    customer = make_customer()
    first, second = linked_account(customer), linked_account(customer, display="****9")
    browser = signed_in(customer)
    wrong = browser.post(
        reverse("account-limits", args=[first.pk]), {"charge_limit": "200.000", "month_limit": "100.000"}
    )
    assert (wrong.status_code, "at least that of one charge" in words(wrong)) == (400, True)
    browser.post(reverse("account-limits", args=[first.pk]), {"charge_limit": "200.000", "month_limit": "900.000"})
    browser.post(reverse("default-account", args=[second.pk]))
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.charge_limit, first.month_limit, second.is_default) == (200_000, 900_000, True)
    browser.post(reverse("unlink-account", args=[first.pk]))
    shown = page_of(browser)
    assert "****1234" not in shown.replace("****1234 is unlinked", "")
    assert "****9" in shown


def test_strangers_find_no_account_and_who_may_only_look_changes_none(linking: Any) -> None:
    link = linked_account(make_customer())
    stranger = signed_in(make_customer())
    addresses = [reverse(name, args=[link.pk]) for name in ("unlink-account", "account-limits", "default-account")]
    for address in addresses:
        assert stranger.post(address).status_code == 404
    assert stranger.get(reverse("link-return", args=[link.pk])).status_code == 404
    viewer = Client()
    viewer.force_login(make_user(link.customer, role=Role.VIEWER))
    for address in [*addresses, reverse("link-account"), reverse("automatic-off")]:
        assert viewer.post(address).status_code == 403
    assert "Unlink" not in words(viewer.get(reverse(PAGE)))


def test_what_is_charged_by_itself_shows_its_next_try_and_its_last_reason(linking: Any) -> None:
    customer = make_customer()
    link = linked_account(customer)
    browser = signed_in(customer)
    terms = {"linked": str(link.pk), "below": "100.000", "amount": "500.000", "agree": VERSION}
    assert browser.post(reverse("automatic-on", args=["top_up"]), terms | {"amount": ""}).status_code == 400
    browser.post(reverse("automatic-on", args=["top_up"]), terms)
    linking.charge_answer = Failed("insufficient_funds", "")
    charge_linked_accounts(at=NOON)
    for name in (PAGE, "wallet"):
        shown = words(browser.get(reverse(name)))
        assert "held too little" in shown
        assert "11 Mar 2026" in shown
    browser.post(reverse("automatic-off"))
    assert not AutomaticCharge.objects.on().exists()


def test_one_purpose_is_switched_off_alone(linking: Any) -> None:
    link = linked_account(make_customer())
    tops_up(link)
    pays_invoices(link)
    signed_in(link.customer).post(reverse("automatic-purpose-off", args=["top_up"]))
    assert AutomaticCharge.objects.on().get().purpose == "invoices"


def test_a_top_up_from_a_linked_account_stays_in_the_portal(linking: Any) -> None:
    customer = make_customer()
    link = linked_account(customer)
    browser = signed_in(customer)
    assert "****1234" in words(browser.get(reverse("wallet")))
    answer = browser.post(reverse("top-up"), {"amount": "200.000", "gateway": f"linked:{link.pk}"})
    payment = Payment.objects.get()
    assert answer["Location"] == reverse("payment-return", args=[payment.pk])
    assert "****1234" in words(browser.get(answer["Location"]))


def test_a_page_that_is_sent_twice_charges_once(linking: Any) -> None:
    link = linked_account(make_customer())
    browser = signed_in(link.customer)
    once = browser.get(reverse("wallet")).context["once"]
    wish = {"amount": "200.000", "gateway": f"linked:{link.pk}", "once": once}
    answers = [browser.post(reverse("top-up"), wish) for _ in range(2)]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert linking.charged == [200_000]
    browser.post(reverse("top-up"), wish | {"once": browser.get(reverse("wallet")).context["once"]})
    assert linking.charged == [200_000, 200_000]


def test_paying_invoices_says_both_parts_before_and_after(linking: Any, small: Any) -> None:
    with the_time_being(NOON + 40 * DAY):
        customer, invoices = bills(small, 2, pays_invoices_automatically=False)
        due = sum(one.due for one in invoices)
        fund(customer, due - 60_000)
        link = linked_account(customer)
        browser = signed_in(customer)
        assert "from the wallet, 60,000 ₫ by" in words(browser.get(reverse("pay-invoices"))).replace("\xa0", " ")
        chosen = {"invoice": [one.pk for one in invoices], "means": f"top_up_and_pay:linked:{link.pk}"}
        answer = browser.post(reverse("pay-invoices"), chosen, follow=True)
    assert not Invoice.objects.open().filter(customer=customer).exists()
    shown = words(answer).replace("\xa0", " ")
    assert "60,000 ₫" in shown
    assert "from your wallet" in shown
