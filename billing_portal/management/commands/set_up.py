"""`manage.py set_up you@example.com`: the first administrator and the staff groups, and what is still to be decided."""

from __future__ import annotations

import secrets

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from accounts.models import User
from accounts.staff import ensure_staff_groups
from billing_portal.deployment import still_open


class Command(BaseCommand):
    help = "Make the first administrator and the staff groups, and say what the portal still lacks. Run again, it only says."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="who may do everything in the admin, and makes the other staff")

    @transaction.atomic
    def handle(self, *args: object, email: str, **options: object) -> None:
        ensure_staff_groups()
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            password = secrets.token_urlsafe(15)
            User.objects.create_superuser(email=email, password=password)
            self.stdout.write(f"{email} may sign in to /admin/ with the password {password} - change it there.")
        elif user.is_superuser:
            self.stdout.write(f"{email} is an administrator.")
        else:
            self.stderr.write(f"{email} is somebody else's address already: nothing was changed about them.")
        for sentence in still_open():
            self.stdout.write(f"- {sentence}")
