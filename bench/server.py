"""The database server of the benchmark, its data as templates, and a fresh copy of them for every measured run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from bench.processes import call
from stack.engines import NAME, Postgres, make_passable

ROOT = Path(__file__).resolve().parent.parent


class Server:
    """A durable PostgreSQL of our own in DATA_DIR/bench, or the one that DATABASE_URL names: as safe as in production."""

    def __init__(self) -> None:
        data = Path(os.environ.get("DATA_DIR") or ROOT / ".data").absolute()
        make_passable(data)
        folder = data / "bench"
        if "DATABASE_URL" in os.environ:
            self._engine = None
            self._url = self._owners_url = os.environ["DATABASE_URL"]
        else:
            self._engine = Postgres(folder)
            self._url, self._owners_url = self._engine.url, self._engine.owners_url
            os.environ["DATABASE_OWNER"] = NAME

    def start(self) -> None:
        if self._engine:
            Path(self._engine.home).mkdir(parents=True, exist_ok=True)
            self._engine.start()

    def stop(self) -> None:
        if self._engine:
            self._engine.stop()

    @property
    def programs(self) -> Path | None:
        """Where the server's own programs lie; None when it is not ours."""
        return self._engine.bin if self._engine else None

    def url(self, database: str) -> str:
        """For the portal's role: what is measured has the rights that it has."""
        return urlunsplit(urlsplit(self._url)._replace(path=f"/{database}"))

    def describe(self) -> str:
        with self._admin() as admin:
            version, durable = admin.execute(
                "SELECT current_setting('server_version'), current_setting('fsync') || current_setting('synchronous_commit')"
            ).fetchone() or ("", "")
            return f"PostgreSQL {version}{'' if durable == 'onon' else ', not durable'}"

    def template(self, kind: str, size: int) -> str:
        """The name of a database with the data of `kind`: built once, and again when its tables or its builder change."""
        name = f"portal_bench_{kind}_{size}_{_version_of_the_data()}"
        if not self._exists(name):
            print(f"building the data: {kind}, {size:,} ...", flush=True)
            building = f"{name}_building"
            self._drop(building)
            self._execute("CREATE DATABASE {}", building)
            call(self.url(building), "bench.data:build", kind=kind, size=size)
            self._drop_older(f"portal_bench_{kind}_{size}_", building)
            self._execute("ALTER DATABASE {} RENAME TO {}", building, name)
        return name

    @contextmanager
    def copy(self, template: str) -> Iterator[str]:
        """The address of a fresh copy of a template, dropped afterwards."""
        name = f"portal_bench_run_{os.getpid()}"
        self._drop(name)
        self._execute("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, template)
        self._execute("CHECKPOINT")  # what the copy left to write is not part of what is measured
        try:
            yield self.url(name)
        finally:
            self._drop(name)

    def _drop_older(self, prefix: str, kept: str) -> None:
        with self._admin() as admin:
            rows = admin.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]).fetchall()
        for (name,) in rows:
            if name != kept:
                self._drop(name)

    def _exists(self, name: str) -> bool:
        with self._admin() as admin:
            return bool(admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone())

    def _drop(self, name: str) -> None:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _execute(self, statement: str, *names: str) -> None:
        with self._admin() as admin:
            admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _admin(self) -> psycopg.Connection[tuple[str, ...]]:
        return psycopg.connect(urlunsplit(urlsplit(self._owners_url)._replace(path="/postgres")), autocommit=True)


def _version_of_the_data() -> str:
    """Changes with every migration, with the builder and with what is granted."""
    digest = hashlib.sha256()
    for path in [*sorted(ROOT.glob("*/migrations/*.py")), ROOT / "bench" / "data.py", ROOT / "store" / "rights.py"]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]
