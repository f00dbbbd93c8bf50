"""Commitments by REST: what is offered and taken, how far the month is, what became of those before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from catalog.models import CommitmentOffer
from invoices.models import DunningStep, Rung
from invoices.services.month_end import bill_ended_months
from kernel.periods import CalendarMonth
from tests.api.conftest import Caller, done, refused
from tests.cast import DAY, JOB, LONG_AGO, NOON, create, make_user

pytestmark = pytest.mark.django_db
APRIL = CalendarMonth(2026, 4)


@pytest.fixture
def owner(bob):
    """In the portal's session: a key commits to nothing."""
    return Caller(user=make_user(bob))


@pytest.fixture
def offer(db):
    """1,000,000 a month for a year at 10 % less."""
    return CommitmentOffer.objects.create(
        name="Cam kết", name_en="A million", amount=1_000_000, share="0.1", months=12, valid_from=LONG_AGO
    )


def test_an_offer_is_shown_and_taken(as_bob, owner, offer):
    found = done(as_bob.get("commitments/offers/"))
    assert found == {
        "starts_on": "2026-04-01",
        "offers": [{"id": str(offer.pk), "name": "A million", "amount": 1_000_000, "share": "0.1", "months": 12}],
    }
    made = done(owner.post("commitments/", {"offer": str(offer.pk), "renews": True}, key="k"), 201)
    assert (made["amount"], made["share"], made["starts_on"], made["ends_on"]) == (
        1_000_000,
        "0.1",
        "2026-04-01",
        "2027-04-01",
    )
    assert (made["renews"], made["offer"], made["decided"]) == (True, str(offer.pk), [])
    again = owner.post("commitments/", {"offer": str(offer.pk)}, key="another")
    refused(again, 409, "committed-already")


def test_the_month_and_those_before(as_bob, owner, bob, small, offer, now):
    create(bob, small)
    assert done(as_bob.get("commitments/progress/")) == []
    made = done(owner.post("commitments/", {"offer": str(offer.pk)}, key="k"), 201)
    bill_ended_months(actor=JOB, at=APRIL.period.ends_at + timedelta(minutes=30))
    now.at = APRIL.period.ends_at + 10 * DAY
    [progress] = done(as_bob.get("commitments/progress/"))
    assert (progress["commitment"], progress["month"], progress["counted"]) == (made["id"], "2026-05", 54_300)
    assert (progress["expected"], progress["lacking"]) == (168_330, 831_670)
    [commitment] = done(as_bob.get("commitments/"))["results"]
    [month] = commitment["decided"]
    assert (month["month"], month["counted"], month["shortfall"]) == ("2026-04", 162_900, 837_100)
    invoice = done(as_bob.get(f"invoices/{month['invoice']}/"))
    assert (invoice["resource"], invoice["total"]) == (None, 837_100)
    assert invoice["lines"][0]["explanation"]["committed"] == "0"


def test_an_owner_lets_it_end(as_bob, owner, offer):
    made = done(owner.post("commitments/", {"offer": str(offer.pk), "renews": True}, key="k"), 201)
    changed = done(as_bob.post("commitments/renewal/", {"commitment": made["id"], "renews": False}, key="l"))
    assert changed["renews"] is False


def test_who_pays_ahead_is_refused(alice, offer):
    caller = Caller(user=make_user(alice))
    refused(caller.post("commitments/", {"offer": str(offer.pk)}, key="k"), 409, "prepaid-commits-to-nothing")


def test_a_key_commits_its_customer_to_nothing(as_bob, owner, offer):
    """It may order and pay, and let one end; what binds for months takes a person."""
    refused(as_bob.post("commitments/", {"offer": str(offer.pk)}, key="k"), 403, "keys-commit-to-nothing")
    made = done(owner.post("commitments/", {"offer": str(offer.pk), "renews": True}, key="k"), 201)
    wish = {"commitment": made["id"]}
    assert done(as_bob.post("commitments/renewal/", {**wish, "renews": False}, key="l"))["renews"] is False
    refused(as_bob.post("commitments/renewal/", {**wish, "renews": True}, key="m"), 403, "keys-commit-to-nothing")


def test_whom_dunning_blocks_commits_to_nothing(owner, bob, offer):
    made = done(owner.post("commitments/", {"offer": str(offer.pk), "renews": True}, key="k"), 201)
    DunningStep.objects.create(
        customer=bob,
        rung=Rung.objects.get(act="block"),
        act="block",
        at=NOON - 3 * DAY,
        happens_at=NOON - DAY,
        done_at=NOON - DAY,
    )
    refused(owner.post("commitments/", {"offer": str(offer.pk)}, key="l"), 409, "orders-blocked")
    wish = {"commitment": made["id"]}
    assert done(owner.post("commitments/renewal/", {**wish, "renews": False}, key="m"))["renews"] is False
    refused(owner.post("commitments/renewal/", {**wish, "renews": True}, key="n"), 409, "orders-blocked")
