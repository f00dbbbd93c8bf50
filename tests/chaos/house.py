"""The portal of one run: engines and processes as in production, in a folder of their own, started again when they die."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.error import URLError
from urllib.request import urlopen

from stack.engines import NAME, Postgres, Valkey, make_passable
from stack.processes import Child
from stack.scratch import PREFIX
from stack.start import PROCESSES, Place

ROOT = Path(__file__).resolve().parent.parent.parent
BANK_ACCOUNT = "0123456789"
UP_SECONDS = 120
WATCH_SECONDS = 0.1


class House:
    """
    :param schema: a dump of a migrated database, which is quicker than to migrate one; written there if it is not

    :ivar url: of the portal
    :ivar sandbox_url: of the gateways, the product team and the bank
    :ivar starts: how often each process was started
    """

    def __init__(self, settings: dict[str, str], *, schema: Path | None = None) -> None:
        self.schema = schema
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))  # swept with those of the tests, should we be killed
        make_passable(self.folder)
        self._lock = (self.folder / "lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.postgres, self.valkey = Postgres(self.folder), Valkey(self.folder)
        port, sandbox_port = _free_ports(2)
        self.place = Place("127.0.0.1", port, self.folder, sandbox_port=sandbox_port)
        self.url, self.sandbox_url = self.place.inside, f"http://127.0.0.1:{sandbox_port}"
        self.environment = self._environment(settings)
        self.children: dict[str, Child] = {}
        self.starts: dict[str, int] = {}
        self._keeping = threading.Lock()
        self._closing = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)

    @property
    def owners_url(self) -> str:
        return self.postgres.owners_url

    @property
    def sandbox_file(self) -> Path:
        return self.folder / "sandbox.sqlite3"

    def open(self) -> Any:
        """Start everything with a world in it; what the world is."""
        self.postgres.start()
        self.valkey.start()
        owner = {"DATABASE_OWNER": NAME, "DATABASE_STATEMENT_TIMEOUT_MS": "0"}
        if self.schema and self.schema.exists():
            self._client("psql", "-X", "-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", "-f", str(self.schema))
        self.call([sys.executable, "-m", "tests.chaos.world", "migrate"], owner)
        if self.schema and not self.schema.exists():
            self.schema.write_text(self._client("pg_dump", "--no-privileges"))
        world = json.loads(self.call([sys.executable, "-m", "tests.chaos.world"]))
        with patch.dict(os.environ, self.environment):
            starts = {name: start(self.place) for name, start in PROCESSES.items()}
        for name, start in starts.items():
            log = self.folder / "logs" / f"{name}.log"
            cold = signal.SIGQUIT if name in {"worker", "courier"} else signal.SIGTERM
            env = self.environment | start.env
            self.children[name] = Child(name, start.command, log=log, env=env, orphan_signal=cold)
            self._start(name)
        self.await_up()
        self._keeper.start()
        return world

    def call(self, command: list[str], more: dict[str, str] | None = None) -> str:
        """What a command of ours prints; :raises RuntimeError: it failed."""
        env = {**os.environ, **self.environment, **(more or {})}
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command[1:])} failed: {done.stdout[-2000:]}{done.stderr[-4000:]}")
        return done.stdout

    def await_up(self) -> None:
        """Until web and sandbox answer."""
        deadline = time.monotonic() + UP_SECONDS
        for address in (f"{self.url}/readyz", f"{self.sandbox_url}/healthz"):
            while not _answers(address):
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{address} does not come up; the logs: {self.words()}")
                time.sleep(0.1)

    def await_portal(self, seconds: float) -> None:
        """Until the portal answers again, but no longer."""
        deadline = time.monotonic() + seconds
        while not _answers(f"{self.url}/readyz") and time.monotonic() < deadline:
            time.sleep(0.1)

    def break_postgres(self) -> None:
        """As `pg_ctl stop -m immediate`, then start it: it has to recover from its log."""
        with self._keeping:
            process = self.postgres.child.process
            assert process
            process.send_signal(signal.SIGQUIT)
            process.wait()
            self.postgres.start()
            self._count("postgres")

    def break_valkey(self, *, flush: bool) -> None:
        """Kill it, with what it kept when `flush`."""
        with self._keeping:
            self.valkey.child.kill()
            if flush:
                subprocess.run(["rm", "-rf", str(self.valkey.folder)], check=True)
            self.valkey.start()
            self._count("valkey")

    def pids_of(self, name: str) -> list[int]:
        """The process, then its children."""
        process = self.children[name].process
        if process is None or process.poll() is not None:
            return []
        try:
            found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        except OSError:
            return []
        return [process.pid, *map(int, found)]

    def words(self, characters: int = 1500) -> str:
        """The ends of the logs."""
        return "\n".join(f"--- {name}\n{child.last_words(characters)}" for name, child in self.children.items())

    def close(self) -> None:
        """Stop everything and remove it."""
        self._closing.set()
        if self._keeper.ident:
            self._keeper.join()
        for child in self.children.values():
            child.kill()
        self.valkey.child.kill()
        self.postgres.stop()
        self._lock.close()
        home = self.postgres.home
        subprocess.run(["rm", "-rf", str(self.folder), *([str(home)] if home != self.folder else [])], check=True)

    def _client(self, program: str, *options: str) -> str:
        """What one of PostgreSQL's own programs prints about our database."""
        place = ["-h", str(self.postgres.sockets), "-U", NAME, "-d", NAME]
        return self.call([str(self.postgres.bin / program), *place, *options])

    def _start(self, name: str) -> None:
        self.children[name].start()
        self._count(name)

    def _count(self, name: str) -> None:
        self.starts[name] = self.starts.get(name, 0) + 1

    def _keep(self) -> None:
        """What a supervisor does: whatever has ended is started again, at once and without end."""
        while not self._closing.wait(WATCH_SECONDS):
            with self._keeping:
                for name, child in self.children.items():
                    if not child.alive:
                        child.kill()  # what it left behind
                        self._start(name)

    def _environment(self, settings: dict[str, str]) -> dict[str, str]:
        return {
            "DATABASE_URL": self.postgres.url,
            "DATABASE_OWNER": "",
            "REDIS_URL": self.valkey.url,
            "DATA_DIR": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "billing_portal.settings",
            "SECRET_KEY": secrets.token_urlsafe(48),
            "DEBUG": "0",
            "DEMO": "0",
            "PUBLIC_URL": self.url,
            "PORTAL_URL": self.url,
            "SANDBOX_URL": self.sandbox_url,
            "SANDBOX_PUBLIC_URL": self.sandbox_url,
            "SANDBOX_KEY1": secrets.token_urlsafe(48),
            "SANDBOX_KEY2": secrets.token_urlsafe(48),
            "SANDBOX_GATEWAYS": "zalopay,vnpay,momo,stripe",
            "SHOP_KEYS_FILE": str(self.folder / "shop-keys.json"),
            "WEBHOOK_INSIDE_NETWORKS": "127.0.0.0/8",
            "SELLER_BANK": "Chaos Bank",
            "SELLER_BANK_ACCOUNT": BANK_ACCOUNT,
            "SELLER_BANK_BIN": "970436",
            "BANK_FEED_SECRET": secrets.token_urlsafe(48),
            "INVOICE_DUE_DAYS": "90",  # nobody is dunned meanwhile
            "API_RATE": "1000000/min",
            "WORKER_PROCESSES": "2",
            **settings,
        }


def _answers(address: str) -> bool:
    try:
        with urlopen(address, timeout=5):
            return True
    except (URLError, OSError):
        return False


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [int(probe.getsockname()[1]) for probe in probes]
    for probe in probes:
        probe.close()
    return ports
