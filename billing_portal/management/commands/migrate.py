"""Django's own, as the owner of the tables."""

from __future__ import annotations

from django.core.management.commands import migrate

from store.migrating import Autodetector
from store.owner import as_owner


class Command(migrate.Command):
    autodetector = Autodetector

    def handle(self, *args: object, **options: object) -> None:
        with as_owner():
            super().handle(*args, **options)
