"""`manage.py bill_month`: run or rehearse the month end by hand. Any number of these may run at the same time."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from invoices.services.forecast import dry_run
from invoices.services.month_end import plan_run, progress_of, run_month_end, unbilled_months
from kernel import clock
from kernel.actors import Actor
from kernel.display import money
from kernel.errors import DomainError
from kernel.periods import CalendarMonth


class Command(BaseCommand):
    help = "Bill the postpaid usage of an ended month (default: every month that is not billed yet)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("month", nargs="?", help="such as 2026-08")
        parser.add_argument("--dry-run", action="store_true", help="show what would be billed, write nothing")

    def handle(self, *args: object, month: str | None = None, dry_run: bool = False, **options: object) -> None:
        at = clock.now()
        try:
            months = [CalendarMonth.parse(month)] if month else unbilled_months(at)
        except ValueError:
            raise CommandError("A month looks like 2026-08.") from None
        if not months:
            self.stdout.write("Every month that has ended is billed. Name one to look at it again, such as 2026-08.")
        for each in months:
            if dry_run:
                self._rehearse(each)
            else:
                self._bill(each)

    def _bill(self, month: CalendarMonth) -> None:
        at, actor = clock.now(), Actor.job("bill_month")
        try:
            run = plan_run(month, actor=actor, at=at)
        except DomainError as refusal:
            raise CommandError(str(refusal)) from None
        with tqdm(total=run.chunks.filter(state="pending").count(), desc=month.key, unit="chunk") as bar:
            run = run_month_end(month, actor=actor, at=at, progress=lambda _invoices: bar.update())
        self.stdout.write(f"{run.month}: {run.state}, {progress_of(run)}")

    def _rehearse(self, month: CalendarMonth) -> None:
        forecast = dry_run(month)
        self.stdout.write(f"{forecast.month}: {forecast.invoices} invoices, {money(forecast.total, 'en')}")
        for customer, before, now in forecast.top_movers:
            self.stdout.write(f"  {customer}: {money(before, 'en')} -> {money(now, 'en')}")
        for customer, total in forecast.shortfalls:
            self.stdout.write(f"  lacks to a commitment: {customer}, {money(total, 'en')}")
        for customer, total in forecast.held_back:
            self.stdout.write(f"  would be held back: {customer}, {money(total, 'en')}")
        for customer, sentence in forecast.unpriced:
            self.stdout.write(f"  would be held back: {customer}: {sentence}")
