"""The wallet: what is in it, topping it up, and what customers set for it."""

from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.may import Role
from accounts.models import AuditEntry, Customer
from ledger.services import Fact, Kind, spend
from payments.gateways.base import Unknown
from payments.models import Payment
from payments.queries import promotional_by_expiry
from payments.services.credit import grant_promotional_credit
from payments.services.wallet import wallet_of
from tests.cast import DAY, NOON, STAFF
from tests.portal.at_the_gateway import HOSTED, came_back, top_up
from tests.portal.seen import signed_in

pytestmark = pytest.mark.usefixtures("gateway")


def test_the_wallet_shows_its_parts(alice):
    grant_promotional_credit(alice, 300_000, expires_at=NOON + 5 * DAY, reason="Tết", actor=STAFF, at=NOON - DAY)
    page = signed_in(alice).get(reverse("wallet"))
    assert [figure["amount"] for figure in page.context["figures"]] == [10_300_000, 10_000_000, 300_000, 0]
    assert "5 days left" in page.content.decode()


def test_what_ends_first_is_spent_first_and_the_page_shows_what_is_left_of_each(alice):
    for amount, days in ((300_000, 5), (200_000, 45)):
        grant_promotional_credit(alice, amount, expires_at=NOON + days * DAY, reason="x", actor=STAFF, at=NOON - DAY)
    spend(alice.pk, 250_000, into=Kind.ADJUSTMENTS, kind=Fact.ADJUSTMENT, source="opening:x", at=NOON)
    parts = promotional_by_expiry(alice.pk, at=NOON)
    assert [(part.amount, part.expires_at) for part in parts] == [
        (50_000, NOON + 5 * DAY),
        (200_000, NOON + 45 * DAY),
    ]


def test_topping_up_leads_to_the_gateway(alice, gateway):
    answer = top_up(signed_in(alice), preset="500000")
    assert (answer.status_code, answer["Location"]) == (303, HOSTED)
    payment = Payment.objects.get(customer=alice)
    assert (payment.amount, payment.state, payment.kind) == (500_000, "processing", "top_up")
    assert gateway.order.return_url.endswith(f"/payments/{payment.pk}/return/")
    assert wallet_of(alice.pk).available == 10_000_000


def test_one_page_is_one_top_up_for_each_way_and_amount(alice, gateway, monkeypatch):
    """Pressed twice it is one; back from the gateway's page, another amount or another way is another one."""
    monkeypatch.setattr("payments.gateways.gateway", lambda code: gateway)
    monkeypatch.setattr("payments.queries.gateway_named", lambda code: gateway)
    monkeypatch.setattr("payments.queries.open_codes", lambda: ["sandbox", "sandbox-momo"])
    client, once = signed_in(alice), str(uuid4())
    for way, amount in [("sandbox", 500_000), ("sandbox-momo", 500_000), ("sandbox", 200_000)]:
        for _twice in range(2):
            assert top_up(client, gateway=way, preset=str(amount), once=once).status_code == 303
    begun = Payment.objects.filter(customer=alice).order_by("pk").values_list("gateway", "amount")
    assert list(begun) == [("sandbox", 500_000), ("sandbox-momo", 500_000), ("sandbox", 200_000)]


@pytest.mark.parametrize(("typed", "amount"), [("1.250.000", 1_250_000), ("1,250,000 ₫", 1_250_000), ("20000", 20_000)])
def test_an_amount_of_ones_own_wins_over_the_preset(alice, typed, amount):
    top_up(signed_in(alice), preset="500000", amount=typed)
    assert Payment.objects.get().amount == amount


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"amount": "9999"},
        {"amount": "50.000.001"},
        {"amount": "-20000"},
        {"amount": "2e6"},
        {"amount": "many"},
        {"amount": "9" * 30},
        {"preset": "123"},
        {"preset": "500000", "gateway": "other"},
    ],
)
def test_top_ups_that_cannot_be_are_refused_on_the_page(alice, data):
    answer = top_up(signed_in(alice), **data)
    assert answer.status_code == 400
    assert not Payment.objects.exists()


def test_viewers_cannot_top_up(alice):
    client = signed_in(alice, role=Role.VIEWER)
    assert top_up(client, preset="500000").status_code == 403
    assert "Only users with the role owner or billing can top up." in client.get(reverse("wallet")).content.decode()
    assert not Payment.objects.exists()


def test_a_gateway_that_says_nothing_leaves_an_open_question(alice, gateway):
    gateway.answer = gateway.outcome = Unknown("time-out")
    answer = top_up(signed_in(alice), preset="500000")
    payment = Payment.objects.get()
    assert answer["Location"] == reverse("payment-return", args=[payment.pk])
    assert "Please do not pay again" in came_back(signed_in(alice), payment).content.decode()


def test_automatic_payment_is_switched_and_written_down(alice):
    client = signed_in(alice)
    client.post(reverse("automatic-payment"), {"automatic": "off"})
    assert not Customer.objects.get(pk=alice.pk).pays_invoices_automatically
    client.post(reverse("automatic-payment"), {"automatic": "off"})
    assert AuditEntry.objects.get(customer=alice).verb == "switch automatic payment"
    assert signed_in(alice, role=Role.VIEWER).post(reverse("automatic-payment")).status_code == 403
