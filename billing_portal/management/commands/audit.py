"""`manage.py audit`: check the books now."""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from billing_portal.auditor import NIGHTLY, contradictions
from kernel import clock


class Command(BaseCommand):
    help = "Check what must be true of the books; exit with 1 when something is not."

    def handle(self, *args: object, **options: object) -> None:
        found = contradictions(NIGHTLY, at=clock.now())
        if found:
            raise CommandError("\n".join(map(str, found)))
        self.stdout.write(f"All {len(NIGHTLY)} claims about the books hold.")
