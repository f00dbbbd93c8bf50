"""Fetching the statements of days that have ended, each gateway for itself: one that hangs keeps only itself waiting."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import record_audit
from kernel.actors import Actor
from kernel.errors import DomainError
from payments import gateways
from payments.audit import Did
from payments.gateways.base import Moved, Unknown, UnreadableStatement
from payments.gateways.wire import VIETNAM
from payments.models import StatementDay
from payments.services.reconcile import read_day
from store.tally import Tally

logger = logging.getLogger(__name__)
AFTER_MIDNIGHT = timedelta(hours=1)
"""A day is closed at the gateways by then."""
MOST_DAYS = 31
"""Of one gateway in one round."""
SHORTEST_WAIT, LONGEST_WAIT = timedelta(minutes=10), timedelta(hours=6)


class StatementUnreadable(DomainError):
    code = "statement-unreadable"
    message = _("This is no statement of this gateway, or it is cut off. Nothing of it was kept.")


class AnotherDay(DomainError):
    code = "statement-of-another-day"
    message = _("It has lines of another day. Nothing of it was kept.")


@dataclass(frozen=True, slots=True)
class Fetched:
    day: StatementDay
    lines: list[Moved] | Unknown


def fetch_statements(*, at: datetime) -> Tally:
    """Every gateway that gives statements is asked for the days that were not read yet, the oldest first."""
    wanted = {code: due for code in sources_that_tell(at=at) if (due := days_due(code, at=at))}
    tally = Tally()
    if not wanted:
        return tally
    with ThreadPoolExecutor(max_workers=len(wanted), thread_name_prefix="statement") as pool:
        rounds = {code: pool.submit(_fetch, code, due, at=at) for code, due in wanted.items()}
        for code, asked in rounds.items():
            for fetched in asked.result():
                done = _keep(fetched, at=at)
                tally.done += done
                tally.failed += not done
                if not done:
                    logger.error("the statement of %s for %s: %s", code, fetched.day.day, fetched.day.failure)
    return tally


def sources_that_tell(*, at: datetime) -> list[str]:
    """The gateways whose statements are fetched. Asking costs nothing: where none is agreed, nothing is called."""
    del at
    return [code for code in gateways.open_codes() if gateways.gateway(code).has_statement]


def days_due(code: str, *, at: datetime) -> list[StatementDay]:
    """
    The days that have ended and were not read, from the one after the last; at first, yesterday.

    Each is put on record before it is asked for.
    """
    last_ended = (at - AFTER_MIDNIGHT).astimezone(VIETNAM).date() - timedelta(days=1)
    latest = StatementDay.objects.filter(source=code).order_by("-day").values_list("day", flat=True).first()
    first_new = latest + timedelta(days=1) if latest else last_ended
    missing = [first_new + timedelta(days=each) for each in range(max((last_ended - first_new).days + 1, 0))]
    StatementDay.objects.bulk_create(
        [StatementDay(source=code, day=day, ask_at=at) for day in missing], ignore_conflicts=True
    )
    unread = StatementDay.objects.filter(source=code, read_at=None).order_by("day")[:MOST_DAYS]
    due = list(unread)
    return due if due and due[0].ask_at <= at else []


@transaction.atomic
def read_file_of_day(code: str, day: date, data: bytes, *, reason: str, actor: Actor, at: datetime) -> int:
    """
    A gateway's file, as staff have it; returns how many lines were new.

    :raises StatementUnreadable: nothing of it is kept
    """
    try:
        lines = gateways.gateway(code).read_statement(data)
    except UnreadableStatement as error:
        logger.warning("a statement of %s cannot be read: %s", code, error)
        raise StatementUnreadable from None
    if any(line.at.astimezone(VIETNAM).date() != day for line in lines):
        raise AnotherDay
    statement, _is_new = StatementDay.objects.get_or_create(source=code, day=day, defaults={"ask_at": at})
    count = read_day(statement, lines, actor=actor.name, at=at)
    record_audit(Did.READ_STATEMENT, f"{code} {day}", actor=actor, at=at, reason=reason, lines=len(lines), new=count)
    return count


def _fetch(code: str, days: list[StatementDay], *, at: datetime) -> list[Fetched]:
    """In a thread of its own, which never touches the database; after a day that fails the rest waits."""
    adapter, found = gateways.gateway(code), []
    for day in days:
        try:
            lines = adapter.statement(day=day.day, at=at)
        except Exception:
            logger.exception("statement of %s for %s", code, day.day)
            lines = Unknown("defect")
        found.append(Fetched(day, Unknown("none is agreed") if lines is None else lines))
        if isinstance(lines, Unknown):
            break
    return found


def _keep(fetched: Fetched, *, at: datetime) -> bool:
    day, lines = fetched.day, fetched.lines
    if not isinstance(lines, Unknown):
        read_day(day, lines, actor="statements", at=at)
        return True
    day.tries += 1
    day.failure = lines.reason[:200]
    day.ask_at = at + min(SHORTEST_WAIT * 2 ** min(day.tries - 1, 10), LONGEST_WAIT)
    day.save(update_fields=["tries", "failure", "ask_at"])
    return False
