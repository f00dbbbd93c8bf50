"""
What leaves the house: a row says what somebody outside is owed or asked, and every such row is worked off like this.

The row is written in the transaction of its cause, and has a number of attempts and the instant of the next. Whoever sends
it claims it first: under a lock of the session, which goes with its holder, rows that others hold are skipped, the attempt is
counted and the next one put off, and that is committed before anything leaves. So two never send the same, whatever the clock
does; what hangs, fails or kills its worker is tried less and less often, and parked in the end until staff have removed the
cause; and nothing is lost. Only a worker that dies between sending and noting lets a row be sent twice: whoever takes it has to
know it again (a mail by its Message-ID, a request by its id, a question needs nothing).

An app says what is sent and what an answer means, and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import ClassVar, Generic, TypeVar

from django.db import transaction
from django.db.models import F, Model, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from kernel.backoff import Backoff
from kernel.errors import DomainError
from store.due import first_after
from store.locks import alone

logger = logging.getLogger(__name__)

ATTEMPTS = 8
"""So often is anything tried before it is left to staff."""
PENDING, PARKED = "pending", "parked"
WAITING = Q(state=PENDING)
"""Also the condition of the index that finds them."""

Row = TypeVar("Row", bound=Model)


class NotParked(DomainError):
    code = "nothing-parked"
    message = _("This is not parked: it was sent, or it is waiting to be.")


class Outbox(Generic[Row]):
    """The rows of one model that leave the house. The names of its columns are given where they differ."""

    model: type[Row]
    backoff: ClassVar[Backoff]
    waiting: ClassVar[Q] = WAITING
    along: ClassVar[tuple[str, ...]] = ()
    """What is read with a row."""
    planned: ClassVar[int] = 1
    """So many attempts are planned. Further ones are a matter of real time: a moving clock does not stop for them."""
    attempts: ClassVar[str] = "attempts"
    due: ClassVar[str] = "next_attempt_at"
    error: ClassVar[str] = "error"

    def next_attempt(self, row: Row, *, at: datetime) -> datetime | None:
        """When `row`, whose present attempt is counted, is tried again if nothing comes of this one."""
        return at + self.backoff.after(getattr(row, self.attempts))

    def may_be_parked(self, row: Row) -> bool:
        """Not what something else ends."""
        return True

    def is_due(self, at: datetime) -> Q:
        return self.waiting & Q(**{f"{self.due}__lte": at})

    def rows(self) -> QuerySet[Row]:
        """All that wait, due or not."""
        return self.model._default_manager.filter(self.waiting)

    def next_due(self, after: datetime) -> datetime | None:
        """For the calendar: of the planned attempts."""
        return first_after(after, self.rows().filter(**{f"{self.attempts}__lt": self.planned}), self.due)

    @contextmanager
    def claim(self, *pks: object, at: datetime) -> Iterator[list[Row]]:
        """
        Those of the rows that are due, for as long as they are being sent, with this attempt counted.

        Whoever holds the first holds them all. None when somebody else is at it.
        """
        with alone(f"{self.model._meta.db_table}:{pks[0]}") as held:
            yield self._take(pks, at=at) if held else []

    @transaction.atomic
    def _take(self, pks: Sequence[object], *, at: datetime) -> list[Row]:
        free = self.model._default_manager.select_for_update(of=("self",), no_key=True, skip_locked=True)
        taken = []
        for row in free.filter(self.is_due(at), pk__in=pks).select_related(*self.along).order_by("pk"):
            if self._is_used_up(row):
                self._park(row, "every worker that tried it died")
            else:
                self._count(row, at=at)
                taken.append(row)
        self.model._default_manager.bulk_update(taken, [self.attempts, self.due])
        return taken

    def _count(self, row: Row, *, at: datetime) -> None:
        setattr(row, self.attempts, getattr(row, self.attempts) + 1)
        setattr(row, self.due, self.next_attempt(row, at=at))

    def count(self, row: Row, *, at: datetime) -> None:
        """Somebody tries out of turn: that counts as well, as long as the row waits."""
        self._count(row, at=at)
        self.close(row, **{self.attempts: F(self.attempts) + 1, self.due: getattr(row, self.due)})

    def spare(self, row: Row) -> None:
        """Nobody was there to take it: that does not bring it nearer to being parked."""
        if getattr(row, self.attempts) > 1:
            self.close(row, **{self.attempts: F(self.attempts) - 1})

    def failed(self, *rows: Row, why: str) -> None:
        """They did not arrive: later again, or parked after the last attempt. Staff read why."""
        self.close(*rows, **{self.error: why[:500]})
        for row in rows:
            if self._is_used_up(row):
                self._park(row, why)

    def close(self, *rows: Row, **outcome: object) -> int:
        """What became of them, except of those whose answer has come meanwhile by another way; returns of how many."""
        return self.rows().filter(pk__in=[row.pk for row in rows]).update(**outcome)

    def resend(self, pk: object, *, at: datetime) -> None:
        """
        Staff have removed the cause: what was parked is due at once, with all its attempts ahead.

        :raises NotParked:
        """
        parked = self.model._default_manager.filter(pk=pk, state=PARKED)
        if not parked.update(state=PENDING, **{self.attempts: 0, self.due: at, self.error: ""}):
            raise NotParked

    def _is_used_up(self, row: Row) -> bool:
        return bool(getattr(row, self.attempts) >= ATTEMPTS) and self.may_be_parked(row)

    def _park(self, row: Row, why: str) -> None:
        logger.error("%s %s is parked after %s attempts: %s", row._meta.label, row.pk, getattr(row, self.attempts), why)
        self.close(row, state=PARKED, **{self.error: why[:500]})
