"""The whole portal on this machine: `python -m stack.run` (`make run`).

Starts the engines (unless DATABASE_URL and REDIS_URL name others), prepares what is not up to date, starts web, worker,
beat and the sandbox gateway, and keeps them: one that ends is started again, one that keeps ending stops everything.
Ctrl-C stops everything; if this process is killed, the kernel tells the others to go.
"""

import fcntl
import json
import os
import re
import secrets
import signal
import socket
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import environ

from stack.engines import NAME, EngineFailed, Postgres, Valkey, make_passable
from stack.processes import Child, end_with_parent
from stack.start import PROCESSES, Place

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 120
PORT_SECONDS = 5  # a predecessor may still be closing it
SHORT_LIFE_SECONDS = 10
SHORT_LIVES = 3  # so many in a row are given up
DEMO_CONTACTS = {"SELLER_SALES": "sales@portal.example", "SELLER_SUPPORT": "support@portal.example"}
DEMO_ACCOUNT = {"SELLER_BANK": "Demo Bank", "SELLER_BANK_ACCOUNT": "0000000000", "SELLER_BANK_BIN": "000000"}
"""Where customers of the demo are asked to transfer to: a bank that there is not, so that nobody's real money goes there."""


class Stopped(Exception):
    """Somebody asked us to stop."""


class Stack:
    """Everything that runs, and how it is started, watched and stopped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.engines: list[Postgres | Valkey] = []
        self.children: list[Child] = []
        self.short_lives: dict[str, int] = {}
        self.owner: dict[str, str] = {}
        self.stopping = False
        for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sig, self._ask_to_stop)

    def _ask_to_stop(self, *_: object) -> None:
        self.stopping = True

    def pause(self, seconds: float) -> None:
        """Wait a little; raises `Stopped` if somebody asked for it."""
        if not self.stopping:
            time.sleep(seconds)
        if self.stopping:
            raise Stopped

    def start_engines(self) -> None:
        """Start those that the environment does not name, and name them there."""
        for engine, name in ((Postgres, "DATABASE_URL"), (Valkey, "REDIS_URL")):
            if not os.environ.get(name):
                started = engine(self.folder)
                self.engines.append(started)
                started.start()
                os.environ[name] = started.url
                if isinstance(started, Postgres):
                    self.owner = {"DATABASE_OWNER": NAME}

    def prepare(self) -> None:
        """Run `stack.prepare` to its end, its words on our terminal."""
        child = self.child(
            "prepare",
            [sys.executable, "-m", "stack.prepare"],
            own_log=False,
            env={"DATABASE_STATEMENT_TIMEOUT_MS": "0"} | self.owner,
        )
        self.children.append(child)
        child.start()
        while child.alive:
            self.pause(0.05)
        self.children.remove(child)
        if child.process and child.process.returncode:
            raise EngineFailed("The portal could not be prepared: see above.")

    def child(
        self,
        name: str,
        command: list[str],
        *,
        env: Mapping[str, str] | None = None,
        own_log: bool = True,
        orphan_signal: int = signal.SIGTERM,
    ) -> Child:
        """A process of ours that is not an engine."""
        log = self.folder / "logs" / f"{name}.log" if own_log else None
        return Child(name, command, log=log, env=env or {}, orphan_signal=orphan_signal)

    def start(self, children: list[Child]) -> None:
        """Start them all at once."""
        for child in children:
            self.children.append(child)
            child.start()

    def keep(self) -> None:
        """Start again what has ended; give up what keeps ending."""
        for each in [*(engine.child for engine in self.engines), *self.children]:
            if each.alive:
                continue
            short = each.age < SHORT_LIFE_SECONDS
            self.short_lives[each.name] = self.short_lives.get(each.name, 0) + 1 if short else 0
            if self.short_lives[each.name] >= SHORT_LIVES:
                raise EngineFailed(f"{each.name} keeps ending. Its last words:\n{each.last_words()}")
            print(f"{each.name} ended by itself: starting it again", flush=True)
            each.kill()  # what it left behind
            engine = next((engine for engine in self.engines if engine.child is each), each)
            engine.start()

    def stop(self) -> None:
        """Processes first, all at once; then the engines under them."""
        for child in self.children:
            child.ask_to_stop()
        for child in self.children:
            child.stop()
        for engine in reversed(self.engines):
            engine.stop()


def main() -> int:
    """Run until somebody asks us to stop; answers the exit code."""
    began = time.monotonic()
    if os.environ.get("MAKELEVEL"):
        end_with_parent(signal.SIGTERM)  # a killed `make` cannot tell us
    os.chdir(ROOT)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if (ROOT / ".env").is_file():
        environ.Env.read_env(ROOT / ".env")
    folder = Path(_default("DATA_DIR", str(ROOT / ".data"))).absolute()
    stack = Stack(folder)
    try:
        lock = _take(folder)  # noqa: F841 - held until we end
        port = int(_default("PORT", "8000"))
        place = Place(_default("HOST", "127.0.0.1"), port, folder, sandbox_port=port + 1)
        for each in (port, port + 1):
            _await_port(stack, place.host, each)
        _name_settings(place)
        stack.start_engines()
        _note_environment(folder)
        stack.prepare()
        stack.start(_processes(stack, place))
        _await_health(stack, f"{place.inside}/healthz")
        print(f"\nThe portal is up after {time.monotonic() - began:.1f} s. Ctrl-C stops it.", flush=True)
        while True:
            stack.keep()
            stack.pause(0.5)
    except Stopped:
        print("\nStopping ...", flush=True)
        return 0
    except EngineFailed as failure:
        print(failure, file=sys.stderr, flush=True)
        return 1
    finally:
        stack.stop()
        if stack.engines or stack.children:
            (folder / "stack.env").unlink(missing_ok=True)
            print(f"Stopped. The data stay in {folder}.", flush=True)


def _take(folder: Path) -> IO[str]:
    """Make the data folder and hold it: one portal at a time."""
    make_passable(folder)
    if folder.stat().st_uid != os.geteuid():
        raise EngineFailed(f"{folder} belongs to another user: run as that one, or set another DATA_DIR.")
    for inner in ("logs", "mails"):
        (folder / inner).mkdir(mode=0o700, exist_ok=True)
    lock = (folder / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with lock:
            lock.seek(0)
            holder = lock.read() or "unknown"
        raise EngineFailed(
            f"A portal runs on {folder} already (process {holder}): stop it, or set another DATA_DIR and PORT."
        ) from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _await_port(stack: Stack, host: str, port: int) -> None:
    deadline = time.monotonic() + PORT_SECONDS
    while True:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                if time.monotonic() > deadline:
                    raise EngineFailed(
                        f"Port {port} cannot be used ({error.strerror}). Name another, say: PORT=9000 make run. "
                        "(The one after it is the sandbox gateway's.)"
                    ) from None
            else:
                return
        stack.pause(0.2)


def _default(name: str, value: str) -> str:
    """What the environment says, else `value`, which it says from now on; `NAME=` says nothing."""
    os.environ[name] = os.environ.get(name) or value
    return os.environ[name]


def _name_settings(place: Place) -> None:
    """Fill in what the environment leaves open."""
    for name, value in _own_secrets(place.folder).items():
        _default(name, value)
    _default("PUBLIC_URL", f"http://localhost:{place.port}")
    _default("PORTAL_URL", place.inside)
    demo = _default("DEMO", "0" if os.environ.get("DATABASE_URL") else "1").lower() in {"1", "true", "yes", "on"}
    if demo:
        _default("SANDBOX_URL", place.inside.removesuffix(str(place.port)) + str(place.sandbox_port))
        _default("SANDBOX_PUBLIC_URL", f"http://localhost:{place.sandbox_port}")
        _default("SANDBOX_GATEWAYS", "zalopay,vnpay,momo,stripe")
        _default("WEBHOOK_INSIDE_NETWORKS", "127.0.0.0/8")  # the demo's teams live on this machine
        for name, value in DEMO_CONTACTS.items():
            _default(name, value)
        if not os.environ.get("SELLER_BANK_ACCOUNT"):
            os.environ.update(DEMO_ACCOUNT)
        _default("BANK_FEED_SECRET", os.environ["SANDBOX_KEY2"])  # the sandbox is that bank, and tells of each transfer
    os.environ["DJANGO_SETTINGS_MODULE"] = "billing_portal.settings"


def _own_secrets(folder: Path) -> dict[str, str]:
    """The keys of this installation, made once."""
    path = folder / "secrets.json"
    if not path.exists():
        fresh = path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(
                {name: secrets.token_urlsafe(48) for name in ("SECRET_KEY", "SANDBOX_KEY1", "SANDBOX_KEY2")}, file
            )
        fresh.replace(path)
    return dict(json.loads(path.read_text()))


def _note_environment(folder: Path) -> None:
    """
    For `manage.py` in another terminal: the settings read this file. Every setting that is named anywhere is in it, so
    that no process works with another zone, limit or key than the others.
    """
    names = re.findall(r"^#?([A-Z_0-9]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    path = folder / "stack.env"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(f"{name}='{os.environ[name]}'\n" for name in names if os.environ.get(name))


def _processes(stack: Stack, place: Place) -> list[Child]:
    found = []
    for name, start_of in PROCESSES.items():
        if name == "sandbox" and not _is_ours(os.environ.get("SANDBOX_URL"), place):
            continue
        start = start_of(place)
        orphan = signal.SIGQUIT if name in {"worker", "courier"} else signal.SIGTERM  # cold: there is no Redis any more
        found.append(stack.child(name, start.command, env=start.env, orphan_signal=orphan))
    return found


def _is_ours(sandbox_url: str | None, place: Place) -> bool:
    return sandbox_url == place.inside.removesuffix(str(place.port)) + str(place.sandbox_port)


def _await_health(stack: Stack, address: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    said = "no answer yet"
    while time.monotonic() < deadline:
        stack.keep()
        try:
            with urlopen(address, timeout=5):  # noqa: S310 - our own address
                return
        except HTTPError as error:
            said = error.read().decode(errors="replace")[:500]
        except (URLError, OSError):
            pass
        stack.pause(0.1)
    raise EngineFailed(
        f"The portal did not come up in {READY_SECONDS} s: {said}\nThe logs are in {stack.folder / 'logs'}."
    )


if __name__ == "__main__":
    sys.exit(main())
