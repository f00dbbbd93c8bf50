"""Commitments by REST: what is offered and taken, how far the month is, what became of those before."""

from __future__ import annotations

from datetime import timedelta

import pytest

from catalog.models import CommitmentOffer
from invoices.services.month_end import bill_ended_months
from kernel.periods import CalendarMonth
from tests.api.conftest import done, refused
from tests.cast import DAY, JOB, LONG_AGO, create

pytestmark = pytest.mark.django_db
APRIL = CalendarMonth(2026, 4)


@pytest.fixture
def offer(db):
    """1,000,000 a month for a year at 10 % less."""
    return CommitmentOffer.objects.create(
        name="Cam kết", name_en="A million", amount=1_000_000, share="0.1", months=12, valid_from=LONG_AGO
    )


def test_an_offer_is_shown_and_taken(as_bob, offer):
    found = done(as_bob.get("commitments/offers/"))
    assert found == {
        "starts_on": "2026-04-01",
        "offers": [{"id": str(offer.pk), "name": "A million", "amount": 1_000_000, "share": "0.1", "months": 12}],
    }
    made = done(as_bob.post("commitments/", {"offer": str(offer.pk), "renews": True}, key="k"), 201)
    assert (made["amount"], made["share"], made["starts_on"], made["ends_on"]) == (
        1_000_000,
        "0.1",
        "2026-04-01",
        "2027-04-01",
    )
    assert (made["renews"], made["offer"], made["decided"]) == (True, str(offer.pk), [])
    again = as_bob.post("commitments/", {"offer": str(offer.pk)}, key="another")
    refused(again, 409, "committed-already")


def test_the_month_and_those_before(as_bob, bob, small, offer, now):
    create(bob, small)
    assert done(as_bob.get("commitments/progress/")) == []
    made = done(as_bob.post("commitments/", {"offer": str(offer.pk)}, key="k"), 201)
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


def test_an_owner_lets_it_end(as_bob, offer):
    made = done(as_bob.post("commitments/", {"offer": str(offer.pk), "renews": True}, key="k"), 201)
    changed = done(as_bob.post("commitments/renewal/", {"commitment": made["id"], "renews": False}, key="l"))
    assert changed["renews"] is False


def test_who_pays_ahead_is_refused(as_alice, offer):
    refused(as_alice.post("commitments/", {"offer": str(offer.pk)}, key="k"), 409, "prepaid-commits-to-nothing")
