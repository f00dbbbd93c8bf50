"""Fills an empty portal with the demo, once; each later run only renews the shops' addresses."""

from __future__ import annotations

import logging
import time

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

LOCK = 0x64656D6F
"""Of PostgreSQL's advisory locks: two starts at once seed once."""


class Command(BaseCommand):
    help = "Fill an empty portal with customers, resources and months of history. Run again, it changes nothing."

    @transaction.atomic
    def handle(self, *args: object, **options: object) -> None:
        """
        All of it or nothing, in one transaction.

        :raises CommandError: the database holds customers of its own, or the auditor objects
        """
        from accounts.models import Customer
        from demo.links import tell_sandbox
        from demo.people import is_seeded
        from demo.shops import connect_shops
        from kernel import clock

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        at = clock.now()
        if not is_seeded():
            if Customer.objects.exists():
                raise CommandError("The database holds customers of its own: the demo is only added to an empty one.")
            began = time.monotonic()
            self._say(options, "Making the demo's customers and their history ...")
            self._seed()
            self._say(options, f"The demo is there after {time.monotonic() - began:.1f} s.")
        connect_shops(at=at)
        tell_sandbox()

    def _say(self, options: dict[str, object], sentence: str) -> None:
        if options["verbosity"]:
            self.stdout.write(sentence)

    def _seed(self) -> None:
        # Imported when needed: every start of the portal passes through this command.
        from billing_portal.auditor import violations
        from demo.history import make_history

        logging.disable(logging.INFO)  # months of jobs would have much to say
        try:
            make_history()
        finally:
            logging.disable(logging.NOTSET)
        found = violations()
        if found:
            raise CommandError("\n".join(found))
