"""`manage.py move_clock 2026-09-01T08:00`: move the clock of a demo forward, with everything due on the way."""

import getpass
import time
from datetime import datetime, timedelta

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing_portal import moving
from billing_portal.models import JobRun
from kernel import clock
from kernel.actors import Actor, ActorKind
from kernel.errors import DomainError
from kernel.periods import billing_zone


class Command(BaseCommand):
    help = "Move the clock forward (CLOCK_MOVABLE): to an instant of the billing zone, or by a number of days."

    def add_arguments(self, parser: CommandParser) -> None:
        goal = parser.add_mutually_exclusive_group(required=True)
        goal.add_argument("to", nargs="?", type=datetime.fromisoformat, help="2026-09-01 or 2026-09-01T08:00")
        goal.add_argument("--days", type=float)
        parser.add_argument("--reason", default="from the command line")

    def handle(
        self,
        *args: object,
        to: datetime | None = None,
        days: float | None = None,
        reason: str = "",
        **options: object,
    ) -> None:
        """Carry the move out in this process and tell what runs."""
        now = clock.now()
        if days is not None:
            to = now + timedelta(days=days)
        assert to is not None, "one of the two is required"
        to = to if to.tzinfo else to.replace(tzinfo=billing_zone())
        actor = Actor(ActorKind.STAFF, f"shell:{getpass.getuser()}")
        try:
            move = moving.request_move(to, reason=reason, actor=actor, at=now)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None
        while move.state == move.State.RUNNING:  # a worker may have taken it up before us
            for run in moving.carry_on():
                self._tell(run)
            time.sleep(0.2)
            move.refresh_from_db()
        if move.state == move.State.FAILED:
            raise CommandError(move.error)
        self.stdout.write(f"It is {clock.now().astimezone(billing_zone()):%Y-%m-%d %H:%M}; {move.jobs} jobs ran.")

    def _tell(self, run: JobRun) -> None:
        if run.count or run.failures or run.error:
            local = run.due_at.astimezone(billing_zone())
            self.stdout.write(f"{local:%Y-%m-%d %H:%M}  {run.job:<24}{run.count:>6} {run.error}".rstrip())
