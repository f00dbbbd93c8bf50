"""What is decided and done about debts: kept by the database, whoever asks."""

from __future__ import annotations

import pytest

from invoices.models import Hold
from invoices.services.holds import place_hold
from tests.cast import DAY, NOON, STAFF, make_customer
from tests.table.attack import MARKS, refuse

pytestmark = MARKS


@pytest.mark.parametrize(
    ("attack", "said"),
    [
        ("DELETE FROM invoices_hold", "keeps its rows|permission denied"),
        ("UPDATE invoices_hold SET until = until + interval '1 day'", "these facts are frozen"),
        ("UPDATE invoices_hold SET reason = 'other'", "these facts are frozen"),
        ("UPDATE invoices_hold SET ended_at = until", "a_hold_ends_early_or_by_itself"),
        ("INSERT INTO invoices_hold (customer_id, kind, reason, actor, at, until) SELECT customer_id, kind, '', actor, until, until + interval '1 day' FROM invoices_hold", "a_hold_has_a_reason"),
        ("INSERT INTO invoices_hold (customer_id, kind, reason, actor, at, until) SELECT customer_id, kind, 'x', actor, until, until FROM invoices_hold", "a_hold_ends_after_it_begins"),
        ("INSERT INTO invoices_hold (customer_id, kind, reason, actor, at, until) SELECT customer_id, kind, 'x', actor, at, until FROM invoices_hold", "one_hold_of_a_kind_at_a_time"),
        ("INSERT INTO invoices_hold (customer_id, kind, reason, actor, at, until) SELECT customer_id, 'other', 'x', actor, at, until FROM invoices_hold", "a_hold_is_of_a_known_kind"),
    ],
)  # fmt: skip
def test_a_hold_stays_as_it_was_decided(attack: str, said: str) -> None:
    place_hold(make_customer().pk, Hold.Kind.PROMISE, until=NOON + DAY, reason="called", actor=STAFF, at=NOON)
    refuse(attack, match=said)


def test_what_was_ended_early_is_not_ended_again() -> None:
    hold = place_hold(make_customer().pk, Hold.Kind.PROMISE, until=NOON + DAY, reason="called", actor=STAFF, at=NOON)
    Hold.objects.filter(pk=hold.pk).update(ended_at=NOON)
    refuse("UPDATE invoices_hold SET ended_at = NULL", match="these facts are frozen")
