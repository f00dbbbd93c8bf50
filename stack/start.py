"""
How each process is started, on this machine and in a container: `python -m stack.start web | worker | courier | beat | sandbox`.

Called like that it becomes the process, with a container's addresses: all interfaces, 8000 and 8001, DATA_DIR.
"""

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

WEB_PORT, SANDBOX_PORT = 8000, 8001
TEN_YEARS_SECONDS = 10 * 365 * 86400
PYTHON = [sys.executable, "-m"]
CELERY = [*PYTHON, "celery", "--quiet", "--app", "billing_portal"]


@dataclass(frozen=True)
class Place:
    """Where the processes listen, where their files lie, and how long they may finish what they do."""

    host: str
    port: int
    folder: Path
    grace: int = 5
    sandbox_port: int = 0

    @property
    def inside(self) -> str:
        """How a process beside it reaches the portal."""
        host = "127.0.0.1" if self.host in {"", "0.0.0.0", "::", "localhost"} else self.host  # noqa: S104 - compared
        return f"http://{_bracketed(host)}:{self.port}"


@dataclass(frozen=True)
class Start:
    """A command, and what it needs in its environment besides the settings."""

    command: list[str]
    env: dict[str, str] = field(default_factory=dict)


def web(place: Place) -> Start:
    """Threads share a pool of connections."""
    served = ["--config", "python:stack.web", "--preload", "billing_portal.wsgi"]
    command = [*_gunicorn(place, place.port, workers=2, threads=4), *served]
    return Start(command, {"DATABASE_POOL": "1"})


def worker(place: Place) -> Start:
    """Does the work of the calendar, and that of a month."""
    del place
    return _celery_worker("--concurrency", os.environ.get("WORKER_PROCESSES") or "2")


def courier(place: Place) -> Start:
    """Calls whoever may keep it waiting: it works little."""
    del place
    return _celery_worker(
        *["--hostname", "courier@%h", "--queues", "couriers", "--pool", "threads", "--concurrency", "16"]
    )


def beat(place: Place) -> Start:
    """The calendar: one per portal."""
    return Start([*CELERY, "beat", "--schedule", str(place.folder / "beat-schedule"), "--pidfile="])


def sandbox(place: Place) -> Start:
    """Threads to spare: its faults hang for long. It lives with a portal whose clock staff may move."""
    command = [*_gunicorn(place, place.sandbox_port, workers=1, threads=32), "sandbox.app:create()"]
    env = {
        "SANDBOX_DB": str(place.folder / "sandbox.sqlite3"),
        "PORTAL_URL": os.environ.get("PORTAL_URL") or place.inside,
        "PORTAL_PUBLIC_URL": os.environ["PUBLIC_URL"],
        "SANDBOX_CLOCK_TOLERANCE_S": str(TEN_YEARS_SECONDS),
        "SHOP_KEYS_FILE": os.environ.get("SHOP_KEYS_FILE") or str(place.folder / "shop-keys.json"),
    }
    return Start(command, env)


PROCESSES = {"web": web, "worker": worker, "courier": courier, "beat": beat, "sandbox": sandbox}


def _celery_worker(*options: str) -> Start:
    """Its statements may take long."""
    patient = {
        "DATABASE_STATEMENT_TIMEOUT_MS": "300000",
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
    }
    return Start([*CELERY, "worker", *options, "--without-gossip", "--without-mingle"], patient)


def _gunicorn(place: Place, port: int, *, workers: int, threads: int) -> list[str]:
    options = (
        f"--worker-class gthread --workers {workers} --threads {threads} --timeout 60 --graceful-timeout {place.grace}"
    )
    address = f"{_bracketed(place.host)}:{port}"
    return [*PYTHON, "gunicorn", "--bind", address, *options.split(), "--no-control-socket"]


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def main(name: str) -> None:
    """Become the process `name`."""
    place = Place("0.0.0.0", WEB_PORT, Path(os.environ["DATA_DIR"]), grace=20, sandbox_port=SANDBOX_PORT)  # noqa: S104 - a container's
    start = PROCESSES[name](place)
    os.execvpe(start.command[0], start.command, os.environ | start.env)  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    if sys.argv[1:] not in [[name] for name in PROCESSES]:
        sys.exit(__doc__)
    main(sys.argv[1])
