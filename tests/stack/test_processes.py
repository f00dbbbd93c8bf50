"""Children: logged, stopped, and never left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stack import processes
from stack.processes import Child


def python(code: str) -> list[str | Path]:
    return [sys.executable, "-c", code]


def gone(pid: int, seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.02)
    return False


def test_words_go_to_the_log(tmp_path: Path) -> None:
    child = Child("talker", python("print(input())"), log=tmp_path / "logs" / "talker.log")
    child.start("good day\n").wait(10)
    assert not child.alive
    assert child.last_words() == "good day\n"
    child.stop()


def test_a_worker_and_beat_write_lines_as_the_web_does() -> None:
    """Celery asks for its logging once, when a worker or beat begins."""
    said = subprocess.run(
        python(
            "import logging\n"
            "from billing_portal.celery import app\n"
            "app.log.setup(loglevel='INFO', redirect_stdouts=False)\n"
            "logging.getLogger('celery.worker').info('ready')\n"
            "logging.getLogger('billing_portal.jobs').info('done', extra={'job': 'audit'})"
        ),
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    assert [(line["logger"], line["level"], line["message"], line.get("job")) for line in lines] == [
        ("celery.worker", "info", "ready", None),
        ("billing_portal.jobs", "info", "done", "audit"),
    ]


def test_a_long_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "LOG_LIMIT_BYTES", 3)
    child = Child("talker", python("print('new')"), log=tmp_path / "talker.log")
    (tmp_path / "talker.log").write_text("old words")
    child.start().wait(10)
    child.stop()
    assert child.last_words() == "new\n"
    assert (tmp_path / "talker.log.1").read_text() == "old words"


def test_the_deaf_are_killed_with_their_children(tmp_path: Path) -> None:
    deaf = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(subprocess.Popen(['sleep', '60']).pid, flush=True)\n"
        "time.sleep(60)"
    )
    child = Child("deaf", python(deaf), log=tmp_path / "deaf.log", stop_seconds=0.1)
    child.start()
    while not child.last_words():
        time.sleep(0.02)
    child.stop()
    assert not child.alive
    assert gone(int(child.last_words()))


def test_nothing_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    code = (
        "import time\nfrom pathlib import Path\nfrom stack.processes import Child\n"
        f"child = Child('sleeper', ['sleep', '60'], log=Path({str(tmp_path / 'log')!r}))\n"
        "child.start()\nprint(child.process.pid, flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen(python(code), stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout
        pid = int(supervisor.stdout.readline())
        supervisor.send_signal(signal.SIGKILL)
    assert gone(pid)
