"""Linked accounts at the sandbox: what the customer does on its page, what is charged, and what really moved there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kernel import clock
from payments.consents import VERSION
from payments.models import LinkedAccount, Payment
from payments.services.asking import check_payment
from payments.services.consents import Agreement
from payments.services.gateway import start_top_up
from payments.services.link_acts import unlink
from payments.services.links import ask_about_link, begin_link
from payments.services.wallet import wallet_of
from payments.tasks import see_to_links
from tests.cast import JOB, make_customer, owner_of
from tests.sandbox.servers import APP_ID, KEY1, KEY2, running_sandbox, until

pytestmark = pytest.mark.django_db(transaction=True)
GATEWAYS = ["sandbox", "sandbox-momo", "sandbox-stripe"]
LATER, HALF_AN_HOUR = timedelta(minutes=20), timedelta(minutes=30)


@pytest.fixture
def sandbox(live_server: Any, settings: Any, tmp_path: Any) -> Any:
    settings.PUBLIC_URL = settings.PORTAL_URL = live_server.url
    with running_sandbox(tmp_path, portal_url=live_server.url) as running:
        settings.SANDBOX_URL = settings.SANDBOX_PUBLIC_URL = running.url
        settings.SANDBOX_APP_ID, settings.SANDBOX_KEY1, settings.SANDBOX_KEY2 = str(APP_ID), KEY1, KEY2
        settings.SANDBOX_GATEWAYS = ["zalopay", "vnpay", "momo", "stripe"]
        yield running


class Linking:
    """One customer who links an account at one gateway."""

    def __init__(self, sandbox: Any, code: str) -> None:
        self.sandbox, self.code, self.customer = sandbox, code, make_customer(credit=0)
        agreed = Agreement(VERSION, "en")
        self.link = begin_link(
            self.customer, gateway=code, agreement=agreed, actor=owner_of(self.customer), at=clock.now()
        )
        self.page = self.link.redirect_url

    def press(self, button: str) -> None:
        self.sandbox.press(self.page, button)

    @property
    def state(self) -> str:
        """As it is once what we were woken for has been seen to."""
        see_to_links(at=clock.now())
        self.link.refresh_from_db()
        return self.link.state

    def agree(self) -> Linking:
        self.press("agree")
        self.sandbox.told_all()
        ask_about_link(self.link.pk, at=clock.now())
        assert self.state == "active"
        return self

    def top_up(self, amount: int = 200_000) -> Payment:
        way = f"linked:{self.link.pk}"
        return start_top_up(self.customer, amount, gateway=way, actor=owner_of(self.customer), at=clock.now())

    @property
    def credit(self) -> int:
        return wallet_of(self.customer.pk).available

    def there(self) -> dict[str, Any]:
        (found,) = [one for one in self.sandbox.oracle()["links"] if one["reference"] == self.link.reference]
        return found


@pytest.fixture(params=GATEWAYS)
def linking(request: Any, sandbox: Any) -> Linking:
    return Linking(sandbox, request.param)


def test_what_the_customer_confirms_is_linked_by_the_notice_alone(linking: Linking) -> None:
    linking.press("agree-close")
    until(lambda: linking.state == "active")
    assert linking.link.display.startswith("Visa •••• " if linking.code == "sandbox-stripe" else "*******")
    until(lambda: [told["state"] for told in linking.sandbox.oracle()["callbacks"]] == ["delivered"])


def test_what_the_customer_refuses_is_not_linked(linking: Linking) -> None:
    linking.press("refuse")
    if linking.code == "sandbox-stripe":  # its page was left, and could be opened again: nothing says so
        ask_about_link(linking.link.pk, at=clock.now() + HALF_AN_HOUR)
        assert linking.state == "expired"
    else:
        until(lambda: linking.state == "refused")


def test_a_charge_moves_the_money_once(linking: Linking) -> None:
    payment = linking.agree().top_up()
    assert (payment.state, linking.credit) == ("succeeded", 200_000)
    assert linking.sandbox.debited(payment.reference) == (1, 200_000)
    assert "Linked accounts" in linking.sandbox.http.get("/admin/").text
    until(lambda: all(told["state"] != "pending" for told in linking.sandbox.oracle()["callbacks"]))
    assert linking.credit == 200_000


@pytest.mark.parametrize("fault", ["http_500_after_effect", "truncated"])
def test_a_lost_answer_is_asked_about_and_charged_once(linking: Linking, fault: str) -> None:
    linking.agree()
    linking.sandbox.fault("callback", "drop_callbacks")
    linking.sandbox.fault("charge", fault)
    payment = linking.top_up()
    assert payment.state == "unknown"
    payment = check_payment(payment.pk, actor=JOB, at=clock.now())
    assert (payment.state, linking.credit) == ("succeeded", 200_000)
    assert linking.sandbox.debited(payment.reference) == (1, 200_000)


@pytest.mark.parametrize(
    ("fault", "codes"),
    [
        ("needs_customer", {"needs_customer", "bank_error"}),
        ("over_limit", {"over_limit", "daily_limit"}),
        ("no_funds", {"insufficient_funds"}),
    ],
)
def test_what_the_wallet_refuses_is_said_and_takes_nothing(linking: Linking, fault: str, codes: set[str]) -> None:
    """Each gateway has its own words; the account stays linked."""
    linking.agree()
    linking.sandbox.fault("charge", fault)
    payment = linking.top_up()
    assert payment.state == "failed"
    assert payment.failure.partition(":")[0] in codes
    assert linking.sandbox.debited(payment.reference) == (0, 0)
    assert linking.state == "active"


@pytest.mark.parametrize(("fault", "code"), [("no_funds", "insufficient_funds"), ("needs_customer", "needs_customer")])
def test_a_decline_whose_answer_is_lost_is_known_by_asking(sandbox: Any, fault: str, code: str) -> None:
    linking = Linking(sandbox, "sandbox-stripe").agree()
    linking.sandbox.fault("callback", "drop_callbacks", times=None)
    linking.sandbox.fault("charge", fault)
    linking.sandbox.fault("charge", "truncated")
    payment = linking.top_up()
    assert payment.state == "unknown"
    payment = check_payment(payment.pk, actor=JOB, at=clock.now())
    assert (payment.state, payment.failure.partition(":")[0]) == ("failed", code)


def test_an_account_that_its_customer_ended_there_is_ended_here(linking: Linking) -> None:
    linking.agree()
    linking.sandbox.fault("charge", "revoked")
    linking.sandbox.fault("callback", "drop_callbacks", times=None)
    payment = linking.top_up()
    assert payment.state == "failed"
    assert linking.state == "revoked"
    assert linking.credit == 0
    assert linking.there()["ended_by"] == "customer"


def test_zalopay_tells_that_its_customer_ended_it(sandbox: Any) -> None:
    linking = Linking(sandbox, "sandbox").agree()
    linking.press("unlink")
    until(lambda: linking.state == "revoked")
    assert linking.there()["ended_by"] == "customer"


def test_what_is_unlinked_here_is_ended_there_when_the_gateway_answers(linking: Linking) -> None:
    linking.agree()
    linking.sandbox.fault("unbind", "maintenance")
    unlink(linking.link.pk, actor=owner_of(linking.customer), at=clock.now())
    assert linking.state == "unlinked"
    assert linking.there()["state"] == "agreed"
    see_to_links(at=clock.now() + LATER)
    assert (linking.there()["state"], linking.there()["ended_by"]) == ("ended", "merchant")
    assert LinkedAccount.objects.get().ask_at is None


def test_a_charge_that_takes_long_becomes_credit_when_it_is_done(linking: Linking) -> None:
    linking.agree()
    linking.sandbox.fault("charge", "slow", value=0.3)
    payment = linking.top_up()
    until(lambda: check_payment(payment.pk, actor=JOB, at=clock.now()).state == "succeeded")
    assert linking.credit == 200_000
    assert linking.sandbox.debited(payment.reference) == (1, 200_000)
