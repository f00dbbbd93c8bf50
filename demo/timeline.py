"""Time in the demo: scenes in their order, and between them the jobs of the business calendar when they are due."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial
from itertools import count
from typing import TypeAlias
from zlib import crc32

from django.db.models import F

from accounts.may import Role
from accounts.models import Customer
from billing_portal.schedule import BY_NAME, JOBS
from billing_portal.timetable import Daily, Job
from kernel.periods import local_day, start_of_day
from lifecycle.services.delivery import deliver_requests
from notifications.models import Notice
from store.tally import Tally

Scene: TypeAlias = "Callable[..., Scene | None]"
"""Called with `at`; may answer the scene that follows from it a little later (an answer, a payment's outcome)."""

A_LITTLE = timedelta(seconds=95)
UNREAD_FOR = timedelta(days=4)
MONTHS_END_SINCE = timedelta(days=600)
AUDITED_SINCE = timedelta(days=14)
"""The auditor's look at everything, every night of half a year, would be two fifths of the time that a demo takes."""

FREQUENT = [BY_NAME[name] for name in ("time-out-requests", "expire-orders", "expire-resources", "purge-resources")]
"""Mails and questions to gateways are left out: nothing of the past goes to the outside of today."""
DAILY = [job for job in JOBS if isinstance(job.when, Daily) and job.name != "clean-up"]
AUDIT = BY_NAME["audit"]
MONTHLY = [BY_NAME[name] for name in ("bill-month", "pay-for-use")]


class Timeline:
    """
    Everything that happened until `now`.

    :param daily_since: the first day with daily jobs, in days ago; before it only months end
    """

    def __init__(self, now: datetime, *, daily_since: int) -> None:
        self.now = now
        self._numbers = count()
        self._queue: list[tuple[datetime, int, Scene]] = []
        self._due: list[tuple[datetime, Job]] | None = None
        for job in DAILY:
            since = AUDITED_SINCE if job is AUDIT else timedelta(days=daily_since)
            at = job.when.following(now - since)
            while at <= now:
                self.plan(at, partial(_work, job))
                at = job.when.following(at)
        for job in MONTHLY:
            instant = job.next_instant(now - MONTHS_END_SINCE)
            while instant and instant <= now:
                self.plan(instant, partial(_work, job))
                instant = job.next_instant(instant)

    def plan(self, at: datetime, scene: Scene) -> None:
        """`scene` happens at `at`, unless that still lies ahead."""
        if at <= self.now:
            heapq.heappush(self._queue, (at, next(self._numbers), scene))

    def part_of(self, customer: Customer) -> Part:
        return Part(self, customer)

    def run(self) -> None:
        """Let all of it happen."""
        past = self._queue[0][0]
        while self._queue:
            at, _number, scene = heapq.heappop(self._queue)
            self._sweep(past, at)
            past = at
            follows = scene(at=at)
            if follows:
                self.plan(min(at + A_LITTLE, self.now), follows)
        self._sweep(past, self.now)
        note_as_sent(self.now)

    def changed(self, at: datetime) -> None:
        """Somebody did something: requests go out, and other things may be due than before."""
        deliver_requests(at=at)
        self._due = None

    def _sweep(self, past: datetime, until: datetime) -> None:
        """The frequent jobs, at the instants at which they have something to do."""
        while True:
            if self._due is None:
                instants = ((job.next_instant(past), job) for job in FREQUENT)
                self._due = [(instant, job) for instant, job in instants if instant]
            at = min((instant for instant, _job in self._due), default=None)
            if at is None or at > until:
                return
            for instant, job in self._due:
                if instant == at:
                    _work(job, at=at)
            self.changed(at)
            past = at


class Part:
    """One customer's part: `part(30, verb, ...)` plans what its owner does 30 days ago."""

    def __init__(self, timeline: Timeline, customer: Customer) -> None:
        self.timeline, self.pk = timeline, customer.pk
        self.owner = customer.users.filter(memberships__role=Role.OWNER).get().actor
        self._habit = crc32(customer.email.encode())
        self._taken: dict[int, int] = {}

    def __call__(self, ago: int | float | datetime, verb: Scene, *args: object, **kwargs: object) -> None:
        """
        Plan `verb(customer, *args, actor=, at=)`.

        :param ago: whole days: in the office hours of that day, after what was planned for it before; a fraction:
            exactly so long ago; or an instant
        """
        at = ago if isinstance(ago, datetime) else self._at(ago)
        self.timeline.plan(at, partial(self._play, verb, args, kwargs))

    def _play(self, verb: Scene, args: tuple[object, ...], kwargs: dict[str, object], *, at: datetime) -> Scene | None:
        """Whatever breaks says where in the story it broke."""
        customer = Customer.objects.get(pk=self.pk)
        try:
            follows: Scene | None = verb(customer, *args, actor=self.owner, at=at, **kwargs)
        except Exception as error:
            error.add_note(f"in the demo: {customer}, {verb.__name__}{args}, {(self.timeline.now - at).days} days ago")
            raise
        self.timeline.changed(at)
        return partial(self._follow, follows) if follows else None

    def _follow(self, scene: Scene, *, at: datetime) -> Scene | None:
        follows: Scene | None = scene(at=at)
        self.timeline.changed(at)
        return partial(self._follow, follows) if follows else None

    def _at(self, ago: int | float) -> datetime:
        if not isinstance(ago, int):
            return self.timeline.now - timedelta(days=ago)
        before = self._taken.get(ago, 0)
        self._taken[ago] = before + 1
        minutes = 65 + (self._habit + 7 * ago) % 160 + 23 * before
        return start_of_day(local_day(self.timeline.now) - timedelta(days=ago), time(8)) + timedelta(minutes=minutes)


def note_as_sent(now: datetime) -> None:
    """What was to be told was told in its time, and the older of it has been read: nothing of it is mailed today."""
    Notice.objects.update(state=Notice.State.SENT, attempts=1, sent_at=F("at"))
    Notice.objects.filter(at__lt=now - UNREAD_FOR).update(read_at=F("at") + timedelta(hours=7))


def _work(job: Job, *, at: datetime) -> None:
    result = job.work(at=at)
    if isinstance(result, Tally) and result.failed:
        raise RuntimeError(f"{job.name}: {result.failed} failed at {at}")
