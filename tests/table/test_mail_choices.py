"""Consent to mails, attacked by plain SQL."""

from __future__ import annotations

from accounts.models import Customer
from notifications.models import MailChoice
from tests.cast import NOON
from tests.table.attack import MARKS, refuse, run

pytestmark = MARKS
CHOICE = "INSERT INTO notifications_mailchoice (customer_id, is_wanted, at) VALUES (%s, %s, %s)"


def test_a_choice_of_mails_is_a_fact_that_stays(alice: Customer) -> None:
    run(CHOICE, alice.pk, False, NOON)
    refuse("UPDATE notifications_mailchoice SET is_wanted = TRUE", match="append-only")
    refuse("DELETE FROM notifications_mailchoice", match="append-only")


def test_consent_is_withdrawn_and_given_in_turn_and_in_order(alice: Customer) -> None:
    refuse(CHOICE, alice.pk, True, NOON, match="chosen so already")
    run(CHOICE, alice.pk, False, NOON)
    refuse(CHOICE, alice.pk, False, NOON, match="chosen so already")
    refuse(CHOICE, alice.pk, True, "2020-01-01T00:00Z", match="chosen later already")
    run(CHOICE, alice.pk, True, NOON)
    assert MailChoice.objects.count() == 2
