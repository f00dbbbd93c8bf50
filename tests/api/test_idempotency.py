"""The same write sent twice is done once, whatever happens in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest
from django.db import connection

from accounts.models import Customer, IdempotencyKey
from ledger.models import Transaction
from lifecycle.models import ProvisioningRequest, Resource, ResourceEvent
from orders.models import CheckoutSession, Order
from payments.consents import VERSION
from payments.gateways.base import ToPay
from payments.gateways.zalopay import ZaloPay
from payments.models import Consent, LinkedAccount, Payment
from payments.services.wallet import wallet_of
from tests.api.conftest import done, refused
from tests.api.test_linked_accounts import linked
from tests.cast import DAY, create, fund, make_coupon

NEW = {"action": "create", "product": "vserver", "name": "web", "items": [{"item": "small"}], "months": 1}


@pytest.mark.django_db
def test_the_same_key_and_body_get_the_same_answer(offer, alice, as_alice):
    quote = as_alice.post("quotes/", NEW, key="q")

    assert as_alice.post("quotes/", NEW, key="q").json() == quote.json()
    first = as_alice.buy(quote, key="o")
    again = as_alice.buy(quote, key="o")

    assert done(first, 201) == done(again, 201)
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert Order.objects.count() == 1
    assert wallet_of(alice.pk).available == 10_000_000 - 181_000


@pytest.mark.django_db
def test_the_order_of_members_does_not_matter(offer, as_alice):
    first = as_alice.post("quotes/", NEW, key="q")

    assert as_alice.post("quotes/", dict(reversed(NEW.items())), key="q").json() == first.json()


@pytest.mark.django_db
def test_another_body_or_place_is_refused(alice, as_alice, small):
    (server,) = create(alice, small)
    place = f"resources/{server.pk}"
    done(as_alice.post(f"{place}/auto-renew/", {"months": 1}, key="k"))

    refused(as_alice.post(f"{place}/auto-renew/", {"months": 3}, key="k"), 422, "key-reused")
    refused(as_alice.post(f"{place}/stop/", key="k"), 422, "key-reused")
    server.refresh_from_db()
    assert (server.auto_renew_months, server.state) == (1, "active")


@pytest.mark.django_db
def test_keys_of_different_callers_are_different(offer, as_alice, as_bob):
    mine = done(as_alice.post("quotes/", NEW, key="k"), 201)

    assert done(as_bob.post("quotes/", NEW, key="k"), 201)["id"] != mine["id"]


@pytest.mark.django_db
def test_a_refusal_keeps_no_answer(offer, bob, as_bob, small, now):
    (server,) = create(bob, small)
    now.move(15 * DAY)
    done(as_bob.post(f"resources/{server.pk}/delete/"))
    (invoice,) = done(as_bob.get("invoices/"))["results"]
    wish = {"invoices": [invoice["id"]], "means": "wallet"}
    refused(as_bob.post("invoices/pay/", wish, key="k"), 402, "insufficient-credit")

    fund(bob, 90_500)

    paid = done(as_bob.post("invoices/pay/", wish, key="k"), 201)
    assert done(as_bob.post("invoices/pay/", wish, key="k"), 201) == paid
    assert Payment.objects.filter(kind="invoice").count() == 1


@pytest.mark.django_db
def test_the_key_is_looked_up_before_the_funds(bob, as_bob, small, now):
    """The repetition of a payment that emptied the wallet is no second payment, and no refusal either."""
    (server,) = create(bob, small)
    now.move(15 * DAY)
    done(as_bob.post(f"resources/{server.pk}/delete/"))
    (invoice,) = done(as_bob.get("invoices/"))["results"]
    fund(bob, 50_000)
    wish = {"invoices": [invoice["id"]], "means": "wallet", "amount": 50_000}

    first = done(as_bob.post("invoices/pay/", wish, key="k"), 201)

    assert done(as_bob.post("invoices/pay/", wish, key="k"), 201) == first
    assert wallet_of(bob.pk).available == 0


# --- A death between the steps ----------------------------------------------------------------------------------------


class Killed(BaseException):
    """Nobody catches it, as nobody catches a SIGKILL."""


def die(*_args: Any, **_more: Any) -> None:
    raise Killed


@pytest.mark.django_db(transaction=True)
def test_a_death_before_the_answer_of_an_order(offer, alice, as_alice, monkeypatch):
    quote = as_alice.post("quotes/", NEW)
    with monkeypatch.context() as dying:
        dying.setattr("orders.api.orders.OrderViewSet.show", die)
        with pytest.raises(Killed):
            as_alice.buy(quote, key="k")
    assert IdempotencyKey.objects.get().status is None

    order = done(as_alice.buy(quote, key="k"), 201)

    assert order["id"] == str(Order.objects.get().pk)
    assert wallet_of(alice.pk).available == 10_000_000 - 181_000


@pytest.mark.django_db(transaction=True)
def test_a_death_while_the_gateway_is_called(as_alice, gateway, monkeypatch, now):
    wish = {"amount": 500_000, "gateway": "sandbox"}
    with monkeypatch.context() as dying:
        dying.setattr("payments.gateways.zalopay.ZaloPay.start", die)
        with pytest.raises(Killed):
            as_alice.post("top-ups/", wish, key="k")

    payment = done(as_alice.post("top-ups/", wish, key="k"), 201)

    assert payment["id"] == str(Payment.objects.get().pk)
    assert payment["state"] == "created"  # nobody knows what the gateway heard: it is asked, never called again


@pytest.mark.django_db(transaction=True)
def test_a_death_after_the_gateway_was_called(bob, as_bob, small, gateway, monkeypatch, now):
    (server,) = create(bob, small)
    now.move(15 * DAY)
    done(as_bob.post(f"resources/{server.pk}/delete/"))
    (invoice,) = done(as_bob.get("invoices/"))["results"]
    wish = {"invoices": [invoice["id"]], "means": "gateway", "gateway": "sandbox"}
    with monkeypatch.context() as dying:
        dying.setattr("payments.api.payments.PaymentEndpoint.show_payment", die)
        with pytest.raises(Killed):
            as_bob.post("invoices/pay/", wish, key="k")
    now.move(DAY / 24 / 60)

    payment = done(as_bob.post("invoices/pay/", wish, key="k"), 201)

    assert payment["id"] == str(Payment.objects.get().pk)
    assert payment["redirect_url"]
    refused(as_bob.post("invoices/pay/", wish, key="another"), 409, "payment-open")


@pytest.mark.django_db(transaction=True)
def test_a_death_while_an_account_is_linked_begins_no_second_link(as_alice, gateway, monkeypatch):
    wish = {"gateway": "sandbox", "consent": VERSION}
    with monkeypatch.context() as dying:
        dying.setattr("payments.gateways.zalopay_links.LinkingZaloPay.begin_link", die)
        with pytest.raises(Killed):
            as_alice.post("linked-accounts/", wish, key="k")

    link = done(as_alice.post("linked-accounts/", wish, key="k"), 201)

    assert link["id"] == str(LinkedAccount.objects.get().pk)
    assert Consent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("credit", [0, 90_500])
def test_a_death_after_invoices_were_paid_from_a_linked_account_is_no_refusal(
    bob, as_bob, small, gateway, monkeypatch, now, credit
):
    """90,500 ₫ are due: charged to the account, or taken from a wallet that has as much."""
    (server,) = create(bob, small)
    now.move(15 * DAY)
    done(as_bob.post(f"resources/{server.pk}/delete/"))
    (invoice,) = done(as_bob.get("invoices/"))["results"]
    link = linked(as_bob, gateway)
    if credit:
        Customer.objects.filter(pk=bob.pk).update(pays_invoices_automatically=False)
        fund(bob, credit)
    wish = {"invoices": [invoice["id"]], "means": "linked_account", "linked_account": link["id"]}
    with monkeypatch.context() as dying:
        dying.setattr("payments.api.payments.PaymentEndpoint.show_payment", die)
        with pytest.raises(Killed):
            as_bob.post("invoices/pay/", wish, key="k")

    payment = done(as_bob.post("invoices/pay/", wish, key="k"), 201)

    assert (payment["state"], payment["amount"]) == ("succeeded", 90_500)
    assert done(as_bob.get(f"invoices/{invoice['id']}/"))["status"] == "paid"
    refused(as_bob.post("invoices/pay/", wish, key="another"), 409, "nothing-due")


@pytest.mark.django_db(transaction=True)
def test_a_death_after_an_order_was_paid_again_is_no_refusal(offer, alice, as_alice, gateway, monkeypatch):
    link = linked(as_alice, gateway)
    gateway.fault("create", "maintenance")
    quote = as_alice.post("quotes/", NEW)
    order = done(as_alice.buy(quote, key="o", means="gateway", gateway="sandbox"), 201)
    assert (order["state"], order["payment"]["state"]) == ("awaiting_payment", "failed")
    wish, place = {"linked_account": link["id"]}, f"orders/{order['id']}/pay/"
    with monkeypatch.context() as dying:
        dying.setattr("orders.api.orders.OrderViewSet.show", die)
        with pytest.raises(Killed):
            as_alice.post(place, wish, key="k")

    assert done(as_alice.post(place, wish, key="k"))["payment"]["state"] == "succeeded"

    refused(as_alice.post(place, wish, key="another"), 409, "not-payable")
    assert [one["debited"] for one in gateway.oracle()["references"]] == [181_000]


@pytest.mark.django_db(transaction=True)
def test_a_death_within_the_transaction_leaves_nothing(bob, as_bob, small, monkeypatch, now):
    (server,) = create(bob, small)
    fund(bob, 500_000)
    now.move(15 * DAY)
    done(as_bob.post(f"resources/{server.pk}/delete/"))
    (invoice,) = done(as_bob.get("invoices/"))["results"]
    wish = {"invoices": [invoice["id"]], "means": "wallet", "amount": 1_000}
    with monkeypatch.context() as dying:
        dying.setattr("payments.api.payments.PaymentEndpoint.show_payment", die)
        with pytest.raises(Killed):
            as_bob.post("invoices/pay/", wish, key="k")
    assert wallet_of(bob.pk).available == 500_000

    done(as_bob.post("invoices/pay/", wish, key="k"), 201)

    assert wallet_of(bob.pk).available == 499_000


# --- At the same time -------------------------------------------------------------------------------------------------


def at_once(job: Callable[[], Any], times: int) -> list[Any]:
    """The answers to the same request from that many real threads."""
    barrier = Barrier(times)

    def run(_number: int) -> Any:
        try:
            barrier.wait(timeout=20)
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(run, range(times)))


def agreed(answers: list[Any], job: Callable[[], Any], status: int) -> dict[str, Any]:
    """All said the same or "still running", and now the first answer stands."""
    codes = Counter(answer.status_code for answer in answers)
    assert set(codes) <= {status, 409}, [answer.content for answer in answers]
    assert codes[status] >= 1
    for answer in answers:
        if answer.status_code == 409:
            refused(answer, 409, "still-running")
    last: dict[str, Any] = done(job(), status)
    assert all(answer.json() == last for answer in answers if answer.status_code == status)
    return last


@pytest.mark.django_db(transaction=True)
def test_one_order_from_many_threads(offer, alice, as_alice):
    make_coupon("ONE", 1_000, maximum_uses=1)
    quote = as_alice.post("quotes/", {**NEW, "coupon": "ONE"})

    def job() -> Any:
        return as_alice.buy(quote, key="k")

    agreed(at_once(job, 12), job, 201)

    assert Order.objects.count() == Resource.objects.count() == 1
    assert wallet_of(alice.pk).available == 10_000_000 - 180_000


@pytest.mark.django_db(transaction=True)
def test_one_payment_from_many_threads(bob, as_bob, small, now):
    (server,) = create(bob, small)
    fund(bob, 90_000)
    now.move(15 * DAY)
    done(as_bob.post(f"resources/{server.pk}/delete/"))
    (invoice,) = done(as_bob.get("invoices/"))["results"]
    wish = {"invoices": [invoice["id"]], "means": "wallet", "amount": 10_000}

    def job() -> Any:
        return as_bob.post("invoices/pay/", wish, key="k")

    agreed(at_once(job, 12), job, 201)

    assert wallet_of(bob.pk).available == 80_000
    assert Transaction.objects.filter(kind="invoice_payment").count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_top_up_from_many_threads(as_alice, gateway):
    def job() -> Any:
        return as_alice.post("top-ups/", {"amount": 50_000, "gateway": "sandbox"}, key="k")

    agreed(at_once(job, 8), job, 201)

    assert Payment.objects.count() == 1
    assert len(gateway.oracle()["references"]) == 1


@pytest.mark.django_db(transaction=True)
def test_one_stop_and_one_session_from_many_threads(alice, as_alice, as_team, vserver, small):
    (server,) = create(alice, small)
    vserver.return_urls = ["https://vserver.example/"]
    vserver.save()
    wish = {"product": "vserver", "name": "s", "items": [{"item": "small"}], "return_url": "https://vserver.example/"}

    def stop() -> Any:
        return as_alice.post(f"resources/{server.pk}/stop/", key="k")

    def open_session() -> Any:
        return as_team.post("checkout-sessions/", wish, key="k")

    agreed(at_once(stop, 8), stop, 200)
    agreed(at_once(open_session, 8), open_session, 201)

    assert ResourceEvent.objects.filter(kind="stopped").count() == 1
    assert ProvisioningRequest.objects.filter(verb="stop").count() == 1
    assert CheckoutSession.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_while_the_first_runs_the_second_is_told_so(as_alice, gateway, monkeypatch):
    called, go_on = Event(), Event()
    start = ZaloPay.start

    def slow(self: ZaloPay, to_pay: ToPay) -> Any:
        called.set()
        assert go_on.wait(20)
        return start(self, to_pay)

    monkeypatch.setattr(ZaloPay, "start", slow)
    wish = {"amount": 50_000, "gateway": "sandbox"}

    def first() -> Any:
        try:
            return as_alice.post("top-ups/", wish, key="k")
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(first)
        assert called.wait(20)
        refused(as_alice.post("top-ups/", wish, key="k"), 409, "still-running")
        go_on.set()
        answer = done(running.result(20), 201)
    assert done(as_alice.post("top-ups/", wish, key="k"), 201) == answer


@pytest.mark.django_db(transaction=True)
def test_different_keys_for_one_quote_make_one_order(offer, alice, as_alice):
    quote = as_alice.post("quotes/", NEW)
    keys = iter([f"k{number}" for number in range(8)])

    answers = at_once(lambda: as_alice.buy(quote, key=next(keys)), 8)

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"quote-used"}
    assert wallet_of(alice.pk).available == 10_000_000 - 181_000
