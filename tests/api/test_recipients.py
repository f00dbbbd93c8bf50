"""Who else receives notices, by the API."""

from __future__ import annotations

import pytest

from notifications.models import MailTrouble
from notifications.troubles import note_trouble
from tests.api.conftest import done, refused
from tests.cast import NOON

pytestmark = pytest.mark.django_db
WISH = {"email": "a@books.example", "language": "vi", "kinds": ["invoice_issued"]}


def test_a_recipient_is_asked_changed_and_removed(as_alice):
    made = done(as_alice.post("recipients/", WISH, key="k"), 201)
    assert (made["email"], made["kinds"], made["confirmed_at"], made["trouble"]) == (
        "a@books.example", ["invoice_issued"], None, None,
    )  # fmt: skip
    refused(as_alice.post("recipients/", WISH), 409, "recipient-there")
    place = f"recipients/{made['id']}/"
    refused(as_alice.post(f"{place}ask/"), 409, "asked-just-now")
    assert done(as_alice.post(f"{place}change/", {"language": "en", "kinds": ["refund"]}))["kinds"] == ["refund"]
    assert done(as_alice.post(f"{place}remove/"))["removed_at"]
    refused(as_alice.post(f"{place}change/", {"language": "en", "kinds": ["refund"]}), 409, "recipient-gone")


def test_what_cannot_be_chosen_is_refused(as_alice):
    for wrong in ({"kinds": []}, {"kinds": ["payer_asked"]}, {"email": "nobody"}, {"language": "fr"}):
        refused(as_alice.post("recipients/", {**WISH, **wrong}), 400, "invalid-input")


def test_an_address_that_takes_no_mail_is_named(as_alice):
    made = done(as_alice.post("recipients/", WISH), 201)
    note_trouble("A@books.example", MailTrouble.Why.BOUNCED, event="e", detail="", at=NOON)
    (listed,) = done(as_alice.get("recipients/"))["results"]
    assert listed["trouble"] == "bounced"
    assert done(as_alice.post(f"recipients/{made['id']}/works-again/"))["trouble"] is None
