"""The whole demo in order: what is sold, who is there, what happened."""

from __future__ import annotations

from accounts.services.keys import issue_customer_key
from demo.catalogue import make_catalogue
from demo.people import make_people
from demo.postpaid import tell_postpaid_stories
from demo.prepaid import tell_prepaid_stories
from demo.statements import read_past_statements
from demo.timeline import Timeline
from kernel import clock
from kernel.periods import truncate

DAILY_SINCE = 205
"""Days ago of the first daily jobs: before the first prepaid customer. Before that only months end."""


def make_history() -> None:
    """Fill an empty, migrated database. Run it in a transaction: it is not made to be taken up half-way."""
    now = truncate(clock.now())
    make_catalogue(now)
    customers = make_people(now)
    timeline = Timeline(now, daily_since=DAILY_SINCE)
    tell_prepaid_stories(timeline, customers)
    tell_postpaid_stories(timeline, customers)
    timeline.run()
    read_past_statements(now)
    hoasen = timeline.part_of(customers["hoasen"])
    issue_customer_key(customers["hoasen"], "terraform", actor=hoasen.owner, at=now)
