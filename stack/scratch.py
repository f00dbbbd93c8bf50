"""Engines that live as long as one run of the tests, in a folder of their own, fast instead of durable."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from stack.engines import NAME, Postgres, Valkey, home_of

PREFIX = "billing-portal-test-"


class ScratchEngines:
    """PostgreSQL and Valkey for what the environment leaves open; `start` names them there."""

    def __init__(self) -> None:
        _sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        self.folder.chmod(0o711)
        self._lock = (self.folder / "lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._engines: list[Postgres | Valkey] = []

    def start(self) -> None:
        """Start them and set DATABASE_URL with DATABASE_OWNER, and REDIS_URL."""
        for engine, name in ((Postgres, "DATABASE_URL"), (Valkey, "REDIS_URL")):
            if name not in os.environ:
                started = engine(self.folder, durable=False)
                self._engines.append(started)
                started.start()
                os.environ[name] = started.url
                if isinstance(started, Postgres):
                    os.environ["DATABASE_OWNER"] = NAME

    def stop(self) -> None:
        """Stop them and remove everything."""
        for engine in reversed(self._engines):
            engine.stop()
        self._lock.close()
        _remove(self.folder)


def _sweep() -> None:
    """Remove what runs left that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            with (folder / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(folder)
        except OSError:  # in use, just being made, or somebody else's
            continue


def _remove(folder: Path) -> None:
    home = home_of(folder)
    shutil.rmtree(folder, ignore_errors=True)
    if home != folder:
        shutil.rmtree(home, ignore_errors=True)
