"""What is told of commitments: each end once, a change of mind again, and what was overtaken is said to be so."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from accounts.models import Customer
from catalog.commitments import SAID_BEFORE, end_early, see_to_ends
from notifications.models import Notice
from notifications.render import words_of
from notifications.truth import facts_now, holds
from tests.actions.test_commitments import LAST_DAY, LAST_MINUTE, committed, let
from tests.cast import DAY, JOB, NOON, STAFF, make_customer

pytestmark = pytest.mark.django_db
ENDS = datetime(2026, 5, 31, 17, tzinfo=UTC)
"""Of two months from April on."""
MADE_KIND, ENDS_KIND = Notice.Kind.COMMITMENT_MADE, Notice.Kind.COMMITMENT_ENDS
SOON = ENDS - SAID_BEFORE + DAY


def told(kind: Notice.Kind) -> list[tuple[str, list[str], bool]]:
    """Of each notice, the earliest first: subject, sentences, and whether that is still so."""
    notices = list(Notice.objects.filter(kind=kind).order_by("pk"))
    now = facts_now(notices)
    with override("en"):
        words = [words_of(notice, now[notice.pk]) for notice in notices]
    said = [(one.subject, [sentence.replace("\xa0", " ") for sentence in one.sentences]) for one in words]
    true = [holds(notice, now[notice.pk], at=NOON) for notice in notices]
    return [(subject.replace("\xa0", " "), sentences, so) for (subject, sentences), so in zip(said, true, strict=True)]


def test_the_end_is_told_once_thirty_days_before(bob: Customer) -> None:
    committed(bob, months=2)
    for at in (ENDS - SAID_BEFORE - DAY, SOON, ENDS - DAY):
        see_to_ends(actor=JOB, at=at)
    [(subject, [ends, without], so)] = told(ENDS_KIND)
    assert subject == "Your commitment of 1,000,000 ₫ a month ends"
    assert ends == "It ends with May 2026."
    assert without == "From then on nothing has to be spent, and your use costs its price without the 10 % off."
    assert so


def test_a_change_of_mind_after_the_end_was_told_is_told_again(bob: Customer) -> None:
    commitment = committed(bob, months=2, renews=True)
    see_to_ends(actor=JOB, at=SOON)
    let(commitment, renew=False, at=SOON + DAY)
    [(_, [_, follows], before), (_, [_, nothing], now)] = told(ENDS_KIND)
    assert follows == "Another like it follows, unless an owner of your account lets it end by its last day."
    assert nothing.startswith("From then on nothing has to be spent")
    assert (before, now) == (False, True)
    let(commitment, renew=True, at=SOON + 2 * DAY)
    assert [so for _subject, _sentences, so in told(ENDS_KIND)] == [True, False, True]


def test_a_change_of_mind_before_the_end_was_told_is_told_with_it(bob: Customer) -> None:
    commitment = committed(bob, months=2, renews=True)
    [(_, before, _)] = told(MADE_KIND)
    let(commitment, renew=False, at=NOON + DAY)
    [(_, after, so)] = told(MADE_KIND)
    assert before == [*after, "Afterwards another like it follows, unless an owner of your account lets it end."]
    assert so
    assert told(ENDS_KIND) == []


def test_what_was_called_off_before_it_began_never_was(bob: Customer) -> None:
    commitment = committed(bob)
    end_early(commitment.pk, ends_on=date(2026, 4, 1), reason="a mistake", actor=STAFF, at=NOON)
    [(subject, sentences, _)] = told(ENDS_KIND)
    assert subject == "Your commitment of 1,000,000 ₫ a month was called off"
    assert sentences == ["It would have begun with April 2026. Nothing has to be spent for it."]
    [(_, _, so)] = told(MADE_KIND)
    assert not so


def test_an_end_before_another_that_was_agreed_on_names_that(bob: Customer) -> None:
    committed(bob, months=2)
    committed(bob, starts_on=date(2026, 6, 1), amount=2_000_000)
    see_to_ends(actor=JOB, at=SOON)
    [(_, sentences, _)] = told(ENDS_KIND)
    assert sentences == [
        "It ends with May 2026.",
        "Another one, which was agreed on, begins with June 2026.",
    ]


def test_one_that_follows_says_so_until_it_is_called_off(bob: Customer) -> None:
    last = committed(bob, months=2, renews=True)
    see_to_ends(actor=JOB, at=LAST_DAY)
    (_, sentences, so) = told(MADE_KIND)[1]
    assert sentences[0] == "It follows the one before it, which was like it."
    assert so
    [(_, [_, follows], is_so)] = told(ENDS_KIND)
    assert (follows.startswith("Another like it follows"), is_so) == (True, True)
    let(last, renew=False, at=LAST_MINUTE)
    assert [so for _subject, _sentences, so in told(MADE_KIND)] == [True, False]
    assert [so for _subject, _sentences, so in told(ENDS_KIND)] == [False, True]


def test_ends_of_many_are_told_in_the_statements_of_one() -> None:
    def statements(count: int) -> int:
        for _one in range(count):
            committed(make_customer(mode="postpaid"), months=2)
        with CaptureQueriesContext(connection) as queries:
            see_to_ends(actor=JOB, at=SOON)
        return len(queries)

    assert statements(1) == statements(5)
