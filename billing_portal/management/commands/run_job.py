"""`manage.py run_job expire-resources`: run jobs of the business calendar now."""

from collections.abc import Sequence

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing_portal.jobs import carry_out
from billing_portal.models import JobRun
from billing_portal.schedule import BY_NAME, JOBS
from kernel import clock


class Command(BaseCommand):
    help = "Run jobs of the business calendar now; without names, list them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME")

    def handle(self, *args: object, names: Sequence[str] = (), **options: object) -> None:
        """Run each named job; exit with an error when one fails."""
        if not names:
            for job in JOBS:
                self.stdout.write(f"{job.name:<24}{job.when}")
            return
        unknown = set(names) - set(BY_NAME)
        if unknown:
            raise CommandError(f"No such job: {', '.join(sorted(unknown))}")
        for name in names:
            run = carry_out(BY_NAME[name], at=clock.now())
            self.stdout.write(f"{name}: {run.outcome}, {run.count} done, {run.failures} failed")
            if run.outcome == JobRun.Outcome.FAILED:
                raise CommandError(run.error)
