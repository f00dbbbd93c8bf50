"""`manage.py recount`: add up every kept total again."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing_portal.recounting import differences, mend
from billing_portal.totals import TOTALS
from kernel import clock
from kernel.actors import Actor

RECOUNT = Actor.job("recount")


class Command(BaseCommand):
    help = "Compare every kept total with the rows that it sums up; exit with 1 when one differs and is not mended."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mend", action="store_true", help="write what the rows say, where a total may be mended")

    def handle(self, *args: object, **options: object) -> None:
        mended = left = 0
        for difference in differences():
            why_not = "kept as it is" if not options["mend"] else mend(difference, actor=RECOUNT, at=clock.now())
            left, mended = left + bool(why_not), mended + (not why_not)
            self.stdout.write(f"{difference} ({why_not or 'mended'})")
        if left:
            raise CommandError(f"{left} kept totals differ from their rows; {mended} mended.")
        self.stdout.write(f"All {len(TOTALS)} kept totals are what their rows say; {mended} mended.")
