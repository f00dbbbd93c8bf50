"""POC credit as its customer sees it: in the wallet, on a quote, on what runs on it, and on its statement."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Customer
from catalog.models import Item
from ledger.models import Grant
from lifecycle.models import Resource
from orders.models import Action, Order, Quote
from payments.services.poc import grant_poc_credit
from payments.services.wallet import wallet_of
from tests.api.conftest import caller_of, done
from tests.cast import DAY, NOON, STAFF, chosen, create, make_customer, quote
from tests.markup import markup
from tests.portal.seen import signed_in, the_time_being

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with the_time_being(NOON):
        yield


@pytest.fixture
def grant(alice: Customer, small: Item) -> Grant:
    return grant_poc_credit(
        alice, 400_000, products=[small.product_id], starts_at=NOON, expires_at=NOON + 60 * DAY, reason="pilot KD-7", actor=STAFF,
        at=NOON,
    )  # fmt: skip


@pytest.fixture
def owner(alice: Customer) -> Client:
    return signed_in(alice)


def test_the_wallet_shows_it_with_its_products_and_dates_beside_what_is_available(owner: Client, grant: Grant) -> None:
    page = owner.get(reverse("wallet"))
    assert page.context["figures"][0]["amount"] == 10_000_000
    shown = markup(page).replace("\xa0", " ")
    for said in ("400,000", "pilot KD-7", "vserver", "10 March 2026", "9 May 2026"):
        assert said in shown, said
    assert owner.get(reverse("credit-history")).context["page"].rows[0].amount == 10_000_000


def test_a_quote_says_that_it_pays_and_lets_the_customer_pay_instead(
    owner: Client, alice: Customer, small: Item, grant: Grant
) -> None:
    offer = quote(
        alice, Action.CREATE, product=str(small.product_id), name="w", items=chosen(small), quantity=1, months=1
    )
    shown = markup(owner.get(reverse("quote", args=[offer.pk])))
    assert "Paid with POC credit" in shown
    assert "no invoice" in shown
    assert not owner.get(reverse("quote", args=[offer.pk])).context["means"]
    instead = owner.post(reverse("quote-with-money", args=[offer.pk]))
    assert instead.status_code == 303
    assert Quote.objects.get(pk=instead["Location"].split("/")[2]).total == 181_000
    placed = owner.post(reverse("quote", args=[offer.pk]))
    assert placed["Location"] == reverse("order", args=[Order.objects.get().pk])
    assert "Paid with POC credit" in markup(owner.get(placed["Location"]))
    assert wallet_of(alice.pk).available == 10_000_000


def test_while_choosing_the_price_says_what_it_pays(owner: Client, small: Item, grant: Grant) -> None:
    shown = markup(owner.get(reverse("new-resource-of", args=["vserver"]))).replace("\xa0", " ")
    assert "Paid with POC credit" in shown


def test_what_runs_on_it_says_so_and_offers_to_renew_but_not_to_resize(
    owner: Client, alice: Customer, small: Item, grant: Grant
) -> None:
    [server] = create(alice, small)
    page = owner.get(reverse("resource", args=[server.pk]))
    shown = markup(page)
    assert "Runs on POC credit" in shown
    assert reverse("poc-credit", args=[grant.key]) in shown
    assert "renew" in page.context["actions"]
    assert "resize" not in page.context["actions"]


def test_its_statement_shows_what_it_paid_and_what_became_of_the_rest(
    owner: Client, alice: Customer, small: Item, grant: Grant
) -> None:
    [server] = create(alice, small)
    with the_time_being(NOON + 10 * DAY):
        owner.post(reverse("resource-delete", args=[server.pk]), {"confirmation": "web"})
        page = owner.get(reverse("poc-credit", args=[grant.key]))
    shown = markup(page).replace("\xa0", " ")
    assert [(move.amount, move.left) for move in page.context["moves"]] == [
        (400_000, 400_000),
        (-181_000, 219_000),
        (120_667, 339_667),
    ]
    for said in ("This is no VAT invoice", "web", "181,000", "120,667", "339,667"):
        assert said in shown, said


def test_before_deleting_it_is_said_what_goes_back_to_it(
    owner: Client, alice: Customer, small: Item, grant: Grant
) -> None:
    [server] = create(alice, small)
    with the_time_being(NOON + 10 * DAY):
        shown = markup(owner.get(reverse("resource-delete", args=[server.pk]))).replace("\xa0", " ")
    assert "120,667 ₫ go back to your POC credit." in shown
    assert "go back to your wallet" not in shown


def test_a_stranger_finds_none(grant: Grant) -> None:
    assert signed_in(make_customer()).get(reverse("poc-credit", args=[grant.key])).status_code == 404


def test_rest_tells_the_same(alice: Customer, small: Item, grant: Grant) -> None:
    rest = caller_of(alice)
    wish = {"action": "create", "product": "vserver", "name": "w", "items": [{"item": "small"}]}
    offered = done(rest.post("quotes/", wish), 201)
    assert (offered["total"], offered["paid_with_poc"]) == (0, 181_000)
    paid = done(rest.post("quotes/", wish | {"poc": False}), 201)
    assert (paid["total"], paid["paid_with_poc"]) == (181_000, 0)
    [server] = create(alice, small)
    [told] = done(rest.get("poc-credit/"))["results"]
    assert (told["id"], told["state"], told["products"], told["left"]) == (
        str(grant.key),
        "running",
        ["vserver"],
        219_000,
    )
    [time] = told["times"]
    assert (time["resource"], time["amount"], time["returned"]) == (str(server.pk), 181_000, 0)
    wallet = done(rest.get("wallet/"))
    assert (wallet["poc"], wallet["available"]) == (219_000, 10_000_000)
    assert [entry["amount"] for entry in done(rest.get("wallet/entries/"))["results"]] == [10_000_000]
    assert Resource.objects.get().pk == server.pk


@pytest.mark.parametrize(("language", "said"), [("en", "Small server"), ("vi", "Máy chủ nhỏ")])
def test_the_wallet_and_the_statement_speak_the_readers_language(
    owner: Client, alice: Customer, small: Item, grant: Grant, language: str, said: str
) -> None:
    """What was paid is kept as it was called in Vietnamese, and a heading begins as headings do."""
    Item.objects.filter(pk=small.pk).update(name="Máy chủ nhỏ", name_en="Small server")
    create(alice, small)
    headers = {"accept-language": language}
    assert f"{said} · " in markup(owner.get(reverse("poc-credit", args=[grant.key]), headers=headers))
    wallet = markup(owner.get(reverse("wallet"), headers=headers))
    assert f'<h2 id="poc">{"POC credit" if language == "en" else "Tiền POC"}</h2>' in wallet
