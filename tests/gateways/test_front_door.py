"""A payment through each gateway end to end: the portal, the sandbox in a process's place, and notices on real sockets."""

import itertools
import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse

from kernel import clock
from ledger.models import Entry
from payments.gateways import gateway, notice_url
from payments.gateways.base import Failed, Succeeded, TakenBack
from payments.models import GatewayNotice, Reversal
from payments.services.asking import check_payment
from payments.services.gateway import start_top_up
from payments.services.outcomes import record_outcome
from payments.services.wallet import wallet_of
from tests.cast import JOB, make_customer, owner_of
from tests.sandbox.servers import APP_ID, KEY1, KEY2, running_sandbox, until

pytestmark = pytest.mark.django_db(transaction=True)
GATEWAYS = ["sandbox", "sandbox-vnpay", "sandbox-momo"]


@pytest.fixture
def sandbox(live_server, settings, tmp_path):
    settings.PUBLIC_URL = settings.PORTAL_URL = live_server.url
    with running_sandbox(tmp_path, portal_url=live_server.url) as running:
        settings.SANDBOX_URL = settings.SANDBOX_PUBLIC_URL = running.url
        settings.SANDBOX_APP_ID, settings.SANDBOX_KEY1, settings.SANDBOX_KEY2 = str(APP_ID), KEY1, KEY2
        settings.SANDBOX_GATEWAYS = ["zalopay", "vnpay", "momo"]
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


def heard(code):
    """The notices that the portal has taken, as they came."""
    return GatewayNotice.objects.filter(gateway=code, is_genuine=True)


def deliver(code, body):
    """As the gateway does it."""
    address = reverse("gateway-notice", args=[code])
    if gateway(code).caps.notice_method == "GET":
        return Client().get(f"{address}?{body}")
    return Client().post(address, body, content_type="application/json")


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

    if not gateway(top_up.code).caps.notifies_failure:
        check_payment(top_up.payment.pk, actor=JOB, at=clock.now())
    until(lambda: top_up.state == "failed")
    assert top_up.payment.failure.startswith("cancelled: ")
    assert top_up.credit == 0


def test_a_success_after_the_cancellation_still_becomes_credit(top_up, sandbox):
    sandbox.fault("pay", "late_success", value=0.5)
    top_up.press("cancel")

    until(lambda: top_up.state == "succeeded")
    assert top_up.credit == 500_000
    assert sandbox.debited(top_up.payment.reference) == (1, 500_000)


def test_a_notice_twenty_times_at_once_is_booked_once(top_up, sandbox):
    top_up.press("pay-close")
    until(lambda: top_up.state == "succeeded")
    body = heard(top_up.code).get().body

    def tell(_):
        try:
            return deliver(top_up.code, body).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as threads:
        assert set(threads.map(tell, range(20))) <= {200, 204}

    assert top_up.credit == 500_000
    assert Entry.objects.filter(customer=top_up.customer).count() == 1
    assert heard(top_up.code).count() == 1


def tampered(code, body):
    """The notice with each field changed in turn, its signature as it was."""
    if code == "sandbox-vnpay":
        fields = dict(parse_qsl(body))
        for name, value in fields.items():
            yield urlencode({**fields, name: f"{value}1"})
    else:
        fields = json.loads(body)
        inner = json.loads(fields["data"]) if "data" in fields else fields
        for name, value in inner.items():
            changed = {**inner, name: value + 1 if isinstance(value, int) else f"{value}1"}
            yield json.dumps({**fields, "data": json.dumps(changed)} if "data" in fields else changed)


def test_no_notice_that_was_tampered_with_is_accepted(top_up, sandbox):
    sandbox.fault("callback", "drop_callbacks")
    top_up.press("pay-close")
    (notice,) = dropped(sandbox)
    forged = list(tampered(top_up.code, notice))
    assert len(forged) > 8

    for body in forged:
        deliver(top_up.code, body)

    assert not heard(top_up.code).exists()
    assert (top_up.state, top_up.credit) == ("processing", 0)
    deliver(top_up.code, notice)
    assert (top_up.state, top_up.credit) == ("succeeded", 500_000)


def dropped(sandbox):
    """The notices that the sandbox wrote and never sent, as it would have sent them."""
    with sqlite3.connect(sandbox.config.db) as db:
        found = db.execute("SELECT url, body FROM callbacks ORDER BY id").fetchall()
    return [urlsplit(url).query if body is None else body for url, body in found]


def test_notices_come_by_the_way_that_their_gateway_uses(sandbox):
    assert Client().get(reverse("gateway-notice", args=["sandbox-momo"])).status_code == 405
    refused = Client().post(reverse("gateway-notice", args=["sandbox-vnpay"]))
    assert (refused.status_code, refused["Allow"]) == (405, "GET")
    assert Client().get(reverse("gateway-notice", args=["sandbox-vnpay"])).json()["RspCode"] == "97"


def test_the_sandbox_is_told_where_the_portal_listens(sandbox, live_server):
    assert notice_url("sandbox-vnpay") == f"{live_server.url}/gateways/sandbox-vnpay/notice/"


def test_a_reversal_takes_the_credit_back_and_is_booked_once(customer, sandbox):
    top_up = TopUp(customer, sandbox, "sandbox-vnpay")
    sandbox.fault("pay", "reversal", value=0.5)
    top_up.press("pay-close")

    until(Reversal.objects.exists)

    assert top_up.credit == 0
    for notice in heard("sandbox-vnpay").values_list("body", flat=True):
        assert deliver("sandbox-vnpay", notice).json()["RspCode"] in {"00", "02"}
    assert Reversal.objects.get().amount == 500_000
    assert top_up.credit == 0


@pytest.mark.parametrize("order", [*itertools.permutations(range(4))])
def test_whatever_order_the_news_come_in_the_end_is_the_same(customer, sandbox, order):
    """Failed, succeeded, again, and taken back: the credit is gone in the end, and nothing else moved."""
    top_up = TopUp(customer, sandbox, "sandbox-vnpay")
    at = datetime.fromisoformat("2026-01-31T05:00:00+00:00")
    news = [
        Failed("cancelled", ""),
        Succeeded("txn-1", 500_000, at),
        Succeeded("txn-1", 500_000, at),
        TakenBack("txn-1", 500_000, at),
    ]
    for number in order:
        record_outcome(top_up.payment.pk, news[number], actor=JOB, at=clock.now())

    assert top_up.credit == 0
    assert sum(Entry.objects.filter(customer=customer).values_list("amount", flat=True)) == 0
