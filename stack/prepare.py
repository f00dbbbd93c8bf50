"""Bring translations, static files, database and demo data up to date: `python -m stack.prepare [--demo | --build]`.

`--build` does what needs no database, for an image of a container.
One process does it all, and nothing where nothing has changed: Django's start is what takes the time.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from stack.translations import compile_translations


def main(*, demo: bool, build: bool) -> None:
    """Compile, collect, migrate, seed: in this order, each only if needed."""
    compile_translations()

    import django

    django.setup()
    collect_static()
    if build:
        return
    from django.core.cache import cache
    from django.core.management import call_command

    from billing_portal.health import COURIER_SIGN, WORKER_SIGN

    cache.delete_many([WORKER_SIGN, COURIER_SIGN])  # an earlier worker's
    migrate()
    if demo:
        call_command("seed_demo")


def migrate() -> None:
    """Apply the migrations that are missing."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("Applying migrations ...", flush=True)
        call_command("migrate", verbosity=0, interactive=False)


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
    main(demo="--demo" in sys.argv, build="--build" in sys.argv)
