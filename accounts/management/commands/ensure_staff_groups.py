"""`manage.py ensure_staff_groups`: the staff groups with their rights, after every migration."""

from __future__ import annotations

from django.core.management.base import BaseCommand

from accounts.staff import ensure_staff_groups


class Command(BaseCommand):
    help = "Make or repair the staff groups support, finance, catalogue and auditor."

    def handle(self, *args: object, **options: object) -> None:
        for name, group in ensure_staff_groups().items():
            self.stdout.write(f"{name}: {group.permissions.count()} rights")
