"""The engines' starters, on the real programs."""

import os
import signal
import socket
from pathlib import Path

import psycopg
import pytest

from stack import engines
from stack.engines import EngineFailed, Postgres, Valkey
from stack.scratch import ScratchEngines


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch):
    """A folder that the server's user may enter, removed with what lies elsewhere because of it."""
    scratch = ScratchEngines()
    yield scratch.folder
    scratch.stop()


@pytest.fixture
def postgres(folder: Path):
    server = Postgres(folder)
    server.start()
    yield server
    server.stop()


def rows(server: Postgres) -> list[int]:
    with psycopg.connect(server.owners_url) as connection:
        return [number for (number,) in connection.execute("SELECT n FROM kept ORDER BY n")]


def keep(server: Postgres, number: int) -> None:
    with psycopg.connect(server.owners_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        connection.execute("INSERT INTO kept VALUES (%s)", [number])


def test_data_survive_a_stop_and_a_kill(postgres: Postgres) -> None:
    keep(postgres, 1)
    postgres.stop()
    postgres.start()
    keep(postgres, 2)
    assert postgres.child.process
    postgres.child.process.send_signal(signal.SIGKILL)
    postgres.child.process.wait()
    postgres.start()
    assert rows(postgres) == [1, 2]


def test_vietnamese_sorts_alike_everywhere(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT upper('nguyễn thị ánh')").fetchone() == ("NGUYỄN THỊ ÁNH",)
        provider = connection.execute("SELECT datlocprovider FROM pg_database WHERE datname = current_database()")
        assert provider.fetchone() in [(b"b",), ("b",)]


def test_a_deep_folder_gets_its_socket_elsewhere(folder: Path) -> None:
    deep = folder / ("d" * 100)
    deep.mkdir(mode=0o711)
    server = Postgres(deep, durable=False)
    server.start()
    try:
        assert len(str(server.sockets)) < engines.SOCKET_PATH_LIMIT
        keep(server, 1)
    finally:
        server.stop()
    assert not server.sockets.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts PostgreSQL as somebody else")
def test_a_closed_folder_of_root_stays_closed(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    home = engines.home_of(closed)
    try:
        assert home.is_relative_to("/var/tmp")
        assert closed.stat().st_mode & 0o777 == 0o700
        assert engines.home_of(closed) == home
    finally:
        home.rmdir()


def test_somebody_elses_folder_is_refused(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "sockets").symlink_to(folder / "elsewhere")
    with pytest.raises(EngineFailed, match="belongs to someone else"):
        Postgres(folder, durable=False).start()


def test_valkey_keeps_its_address_and_data_over_a_kill(folder: Path) -> None:
    server = Valkey(folder)
    server.start()
    try:
        assert b"+OK" in say(server, f"AUTH {server.password}", "SET kept 1")
        assert server.child.process
        server.child.process.terminate()
        server.child.process.wait()
        server.start()
        assert b"$1\r\n1" in say(server, f"AUTH {server.password}", "GET kept")
    finally:
        server.stop()


def test_valkey_asks_for_the_password(folder: Path) -> None:
    server = Valkey(folder, durable=False)
    server.start()
    try:
        assert b"NOAUTH" in say(server, "GET kept")
    finally:
        server.stop()


def say(server: Valkey, *words: str) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=2) as link:
        link.sendall("".join(f"{word}\r\n" for word in [*words, "QUIT"]).encode())
        return b"".join(iter(lambda: link.recv(1024), b""))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts PostgreSQL as somebody else")
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_the_first_start_puts_the_data_where_the_second_finds_them(folder: Path, umask: int) -> None:
    """A folder that is not there yet cannot be entered: asked before it was made, the first cluster would be forgotten."""
    before = os.umask(umask)
    try:
        first = Postgres(folder / "data" / "bench", durable=False).home
        second = Postgres(folder / "data" / "bench", durable=False).home
    finally:
        os.umask(before)
    assert first == second == folder / "data" / "bench"


def test_a_copy_of_the_programs_can_be_run_by_everybody_whatever_the_umask_was(folder: Path) -> None:
    inner = folder / "bin"
    inner.mkdir(mode=0o700)
    (inner / "initdb").touch(mode=0o700)
    (inner / "notes").touch(mode=0o600)
    engines._make_readable(folder)
    modes = [path.stat().st_mode & 0o777 for path in (inner, inner / "initdb", inner / "notes")]
    assert modes == [0o755, 0o755, 0o644]
