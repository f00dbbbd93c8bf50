"""Bring translations, static files, database and demo data (DEMO=1) up to date: `python -m stack.prepare [--build]`.

`--build` does what needs no database, for an image of a container.
One process does it all, and nothing where nothing has changed: Django's start is what takes the time.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from stack.refusals import refusals_in_words
from stack.translations import compile_translations


def main(*, build: bool) -> None:
    """Compile, collect, migrate, seed: in this order, each only if needed."""
    compile_translations()

    import django

    django.setup()
    collect_static()
    if build:
        return
    from django.conf import settings

    from billing_portal.health import forget_signs
    from demo.people import is_seeded

    forget_signs()
    migrate()
    if settings.DEMO:
        from django.core.management import call_command

        call_command("seed_demo")
        say_sign_ins()
    elif is_seeded():
        sys.exit(
            "This database holds the demo: its sign-ins are published and its clock may have been moved. "
            "Take an empty one for real customers, or go on with DEMO=1."
        )
    else:
        say_what_is_open()


def say_sign_ins() -> None:
    """Who may sign in to the demo, and what to open first: in the words of the start, here or in a container's log."""
    from django.conf import settings

    from demo.logins import LOGINS
    from demo.shops import SHOPS

    print(f"\n  User Portal      {settings.PUBLIC_URL}/\n  Admin            {settings.PUBLIC_URL}/admin/")
    print(f"  REST             {settings.PUBLIC_URL}/api/v1/docs/")
    if settings.SANDBOX_PUBLIC_URL:
        print("\n  Product pages")
        for code in SHOPS:
            print(f"    {code:<14} {settings.SANDBOX_PUBLIC_URL}/shop/{code}/")
    print("\n  Demo sign-ins")
    for login in LOGINS:
        print(f"    {login.email:<28} {login.password:<16} {login.label}")
    say_mails()


def say_what_is_open() -> None:
    """What a portal for real customers still lacks."""
    from billing_portal.deployment import still_open

    for sentence in still_open():
        print(f"- {sentence}", flush=True)


def say_mails() -> None:
    """Nobody waits in vain for a mail that lies in a folder."""
    from billing_portal.deployment import mails_in_words

    words = mails_in_words()
    print(f"\n  {words[0].upper()}{words[1:]}.", flush=True)


def migrate() -> None:
    """Apply the migrations that are missing; new rights reach the staff groups with them."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from accounts.staff import ensure_staff_groups
    from store.owner import as_owner
    from store.rights import grant_rights

    with as_owner():
        executor = MigrationExecutor(connection)
        is_behind = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        if not is_behind:
            grant_rights()
    if is_behind:
        print("Applying migrations ...", flush=True)
        call_command("migrate", verbosity=0, interactive=False)
        ensure_staff_groups()


def collect_static() -> None:
    """Collect and compress the static files, if any has changed since the last time."""
    from django.conf import settings
    from django.core.management import call_command

    mark = Path(settings.STATIC_ROOT) / "collected.txt"
    found = hashlib.sha256("\n".join(_static_files()).encode()).hexdigest()
    if not mark.exists() or mark.read_text() != found:
        print("Collecting static files ...", flush=True)
        call_command("collectstatic", verbosity=0, interactive=False, clear=True)
        mark.write_text(found)


def _static_files() -> Iterator[str]:
    from django.contrib.staticfiles.finders import get_finders

    for finder in get_finders():
        for path, storage in finder.list([]):
            about = os.stat(storage.path(path))
            yield f"{storage.path(path)} {about.st_size} {about.st_mtime_ns}"


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing_portal.settings")
    with refusals_in_words():
        main(build="--build" in sys.argv)
