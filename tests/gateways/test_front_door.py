"""A payment through each gateway end to end: the portal, the sandbox in a process's place, and notices on real sockets."""

import sqlite3

import pytest
from django.test import Client
from django.urls import reverse

from kernel import clock
from payments.gateways import gateway, notice_url
from payments.services.asking import check_payment
from payments.services.gateway import start_top_up
from payments.services.wallet import wallet_of
from tests.cast import JOB, make_customer, owner_of
from tests.sandbox.servers import APP_ID, KEY1, KEY2, running_sandbox, until

pytestmark = pytest.mark.django_db(transaction=True)
GATEWAYS = ["sandbox", "sandbox-vnpay", "sandbox-momo", "sandbox-stripe"]


@pytest.fixture
def sandbox(live_server, settings, tmp_path):
    settings.PUBLIC_URL = settings.PORTAL_URL = live_server.url
    with running_sandbox(tmp_path, portal_url=live_server.url) as running:
        settings.SANDBOX_URL = settings.SANDBOX_PUBLIC_URL = running.url
        settings.SANDBOX_APP_ID, settings.SANDBOX_KEY1, settings.SANDBOX_KEY2 = str(APP_ID), KEY1, KEY2
        settings.SANDBOX_GATEWAYS = ["zalopay", "vnpay", "momo", "stripe"]
        yield running


@pytest.fixture
def customer():
    return make_customer(credit=0)


class TopUp:
    """500,000 đồng through one gateway."""

    def __init__(self, customer, sandbox, code):
        self.sandbox, self.customer, self.code = sandbox, customer, code
        self.payment = start_top_up(customer, 500_000, gateway=code, actor=owner_of(customer), at=clock.now())

    def press(self, button):
        answer = self.sandbox.http.get(self.payment.redirect_url)
        page = str(answer.next_request.url) if answer.next_request else self.payment.redirect_url
        self.sandbox.press(page, button)

    @property
    def state(self):
        self.payment.refresh_from_db()
        return self.payment.state

    @property
    def credit(self):
        return wallet_of(self.customer.pk).available


@pytest.fixture(params=GATEWAYS)
def top_up(request, customer, sandbox):
    return TopUp(customer, sandbox, request.param)


def test_the_notice_alone_makes_the_money_credit(top_up, sandbox):
    top_up.press("pay-close")

    until(lambda: top_up.state == "succeeded")
    assert top_up.credit == 500_000
    assert sandbox.debited(top_up.payment.reference) == (1, 500_000)
    until(lambda: [told["state"] for told in sandbox.oracle()["callbacks"]] == ["delivered"])


def test_a_lost_notice_is_made_good_by_asking(top_up, sandbox):
    sandbox.fault("callback", "drop_callbacks")
    top_up.press("pay-close")

    check_payment(top_up.payment.pk, actor=JOB, at=clock.now())

    assert (top_up.state, top_up.credit) == ("succeeded", 500_000)


def test_what_was_cancelled_at_the_gateway_has_failed_here(top_up, sandbox):
    top_up.press("cancel")

    if top_up.code == "sandbox-stripe":
        assert top_up.state == "processing"  # its page can be opened again until it expires
        expire(sandbox, top_up.payment.reference)
        until(lambda: top_up.state == "failed")
        assert top_up.payment.failure.startswith("expired: ")
        return

    if not gateway(top_up.code).caps.notifies_failure:
        check_payment(top_up.payment.pk, actor=JOB, at=clock.now())
    until(lambda: top_up.state == "failed")
    assert top_up.payment.failure.startswith("cancelled: ")
    assert top_up.credit == 0


def expire(sandbox, reference):
    """The time to pay is over."""
    with sqlite3.connect(sandbox.config.db) as db:
        db.execute("UPDATE orders SET expires_at = created_at WHERE reference = ?", [reference])


@pytest.mark.parametrize("button", ["otp", "funds"])
def test_on_stripes_page_one_may_try_again(customer, sandbox, button):
    top_up = TopUp(customer, sandbox, "sandbox-stripe")
    for _twice in range(2):
        top_up.press(button)
        sandbox.told_all()
        check_payment(top_up.payment.pk, actor=JOB, at=clock.now())
        assert top_up.state == "processing"
    top_up.press("pay")
    until(lambda: top_up.state == "succeeded")
    assert sandbox.debited(top_up.payment.reference) == (1, 500_000)


def test_a_success_after_the_cancellation_still_becomes_credit(top_up, sandbox):
    sandbox.fault("pay", "late_success", value=0.5)
    top_up.press("cancel")

    until(lambda: top_up.state == "succeeded")
    assert top_up.credit == 500_000
    assert sandbox.debited(top_up.payment.reference) == (1, 500_000)


def test_notices_come_by_the_way_that_their_gateway_uses(sandbox):
    assert Client().get(reverse("gateway-notice", args=["sandbox-momo"])).status_code == 405
    refused = Client().post(reverse("gateway-notice", args=["sandbox-vnpay"]))
    assert (refused.status_code, refused["Allow"]) == (405, "GET")
    assert Client().get(reverse("gateway-notice", args=["sandbox-vnpay"])).json()["RspCode"] == "97"


def test_the_sandbox_is_told_where_the_portal_listens(sandbox, live_server):
    assert notice_url("sandbox-vnpay") == f"{live_server.url}/gateways/sandbox-vnpay/notice/"
