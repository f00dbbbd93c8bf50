"""The register of privacy requests, attacked by plain SQL."""

from __future__ import annotations

import pytest

from accounts.models import Customer
from door.models import PrivacyRequest
from door.services.privacy import ask_for_privacy
from tests.cast import NOON, owner_of
from tests.table.attack import MARKS, refuse, run

pytestmark = MARKS


@pytest.fixture
def asked(alice: Customer) -> PrivacyRequest:
    return ask_for_privacy(alice, None, "erase", "all", actor=owner_of(alice), at=NOON)


def test_what_was_asked_and_its_day_stay(asked: PrivacyRequest) -> None:
    for change in ("text = 'less'", "due_at = due_at + interval '1 year'", "kind = 'correct'", "asked_at = now()"):
        refuse(f"UPDATE door_privacyrequest SET {change}", match="frozen")
    refuse("DELETE FROM door_privacyrequest", match="keeps its rows")


def test_an_answer_says_by_whom_and_stays(asked: PrivacyRequest) -> None:
    refuse("UPDATE door_privacyrequest SET state = 'done'", match="what_is_answered_says_by_whom")
    refuse(
        "UPDATE door_privacyrequest SET state = 'refused', answered_at = now(), answered_by = 'x'",
        match="what_is_refused_says_why",
    )
    run("UPDATE door_privacyrequest SET state = 'refused', answered_at = now(), answered_by = 'x', answer = 'why'")
    refuse("UPDATE door_privacyrequest SET answer = 'other'", match="frozen")
    refuse("UPDATE door_privacyrequest SET state = 'done'", match="cannot move")


def test_only_what_the_portal_hands_over_is_born_done(alice: Customer) -> None:
    refuse(
        "INSERT INTO door_privacyrequest (id, customer_id, kind, text, state, asked_by, asked_at, due_at, answer, answered_by, answered_at)"
        " VALUES (gen_random_uuid(), %s, 'erase', 'x', 'done', 'x', now(), now(), '', 'x', now())",
        alice.pk,
        match="starts as open",
    )
