"""`make run`: what it refuses, and the whole of it once."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from stack import run
from stack.engines import EngineFailed
from stack.processes import Child
from stack.scratch import ScratchEngines
from stack.start import Place

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def stack(tmp_path: Path):
    """A stack without anything in it; the signals of this process are put back."""
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {sig: signal.getsignal(sig) for sig in signals}
    yield run.Stack(tmp_path)
    for sig, handler in before.items():
        signal.signal(sig, handler)


def test_two_on_the_same_data_are_refused(tmp_path: Path) -> None:
    with run._take(tmp_path), pytest.raises(EngineFailed, match=f"process {os.getpid()}"):
        run._take(tmp_path)
    run._take(tmp_path).close()


def test_a_port_in_use_is_refused(stack: run.Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "PORT_SECONDS", 0)
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(EngineFailed, match="PORT=9000"):
        run._await_port(stack, "127.0.0.1", taken.getsockname()[1])


def test_keys_are_made_once_and_for_us_alone(tmp_path: Path) -> None:
    keys = run._own_secrets(tmp_path)
    assert keys == run._own_secrets(tmp_path)
    assert len(set(keys.values())) == len(keys)
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("demo", "tells"), [("1", True), ("0", False)])
def test_the_bank_of_the_demo_tells_the_portal_of_each_transfer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, demo: str, tells: bool
) -> None:
    settings = {"DEMO": demo}
    monkeypatch.setattr(os, "environ", settings)
    run._name_settings(Place("127.0.0.1", 8000, tmp_path, sandbox_port=8001))
    assert bool(settings.get("BANK_FEED_SECRET")) == tells


def test_what_keeps_ending_is_given_up(stack: run.Stack) -> None:
    child = stack.child("short", [sys.executable, "-c", "print('why I end')"])
    stack.start([child])
    for _ in range(run.SHORT_LIVES - 1):
        await_end(child)
        stack.keep()
    await_end(child)
    with pytest.raises(EngineFailed, match="why I end"):
        stack.keep()
    stack.stop()


def test_every_setting_is_in_the_example() -> None:
    code = "".join((ROOT / "billing_portal" / name).read_text() for name in ("settings.py", "environment.py"))
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z_0-9]+)"', code))
    example = set(re.findall(r"^#?([A-Z_0-9]+)=", (ROOT / ".env.example").read_text(), re.M))
    assert read <= example


def test_the_lock_of_the_tests_holds_the_other_one() -> None:
    pins = [
        set(re.findall(r"^(\S+==\S+)", (ROOT / name).read_text(), re.M))
        for name in ("requirements.txt", "requirements-dev.txt")
    ]
    assert pins[0] <= pins[1]


def test_the_whole_portal_comes_up_heals_and_stops() -> None:
    scratch = ScratchEngines()  # for its folder
    data = scratch.folder / "data"
    port = next(port for port in range(8800, 8999, 2) if free(port))
    named_here = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY"}
    env = {name: value for name, value in os.environ.items() if name not in named_here} | {
        "DATA_DIR": str(data),
        "PORT": str(port),
        "DEMO": "0",
        "PYTHONUNBUFFERED": "1",
    }
    log = scratch.folder / "out.log"
    with log.open("w") as out:
        supervisor = subprocess.Popen([sys.executable, "-m", "stack.run"], cwd=ROOT, env=env, stdout=out, stderr=out)
    try:
        await_health(port, supervisor, log)
        assert (data / "stack.env").stat().st_mode & 0o777 == 0o600
        children = Path(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children").read_text().split()
        web = next(pid for pid in children if "billing_portal.wsgi" in Path(f"/proc/{pid}/cmdline").read_text())
        os.kill(int(web), signal.SIGKILL)
        time.sleep(1)
        await_health(port, supervisor, log)
        supervisor.send_signal(signal.SIGTERM)
        assert supervisor.wait(30) == 0
        assert all(not Path(f"/proc/{pid}").exists() for pid in children)
        assert "web ended by itself: starting it again" in log.read_text()
        assert "Stopped." in log.read_text()
    finally:
        supervisor.kill()
        supervisor.wait()
        scratch.stop()


def await_end(child: Child) -> None:
    assert child.process
    child.process.wait(10)


def await_health(port: int, supervisor: "subprocess.Popen[bytes]", log: Path) -> None:
    said = ""
    for _ in range(1800):
        assert supervisor.poll() is None, log.read_text()
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                assert json.load(answer)["status"] == "up"
                return
        except (URLError, OSError) as error:
            said = str(error)
        time.sleep(0.1)
    pytest.fail(f"{said}\n{log.read_text()}")


def free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
