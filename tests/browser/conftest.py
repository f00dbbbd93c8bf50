"""The whole portal as `make run` starts it, with the demo's data, for a browser to walk through."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 300
TAKEN_OVER = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")


class Portal(NamedTuple):
    """Where the running portal and its sandbox are reached."""

    url: str
    sandbox: str


@pytest.fixture(scope="session")
def portal() -> Iterator[Portal]:
    with running_portal() as running:
        yield running


@contextmanager
def running_portal() -> Iterator[Portal]:
    """
    Engines, web, worker, beat and sandbox as real processes on free ports; gone at the end.

    PORTAL_UNDER_TEST ("<portal> <sandbox>") names one that runs already, with the demo: in containers, say.
    """
    if running := os.environ.get("PORTAL_UNDER_TEST"):
        yield Portal(*running.split())
        return
    port = _two_free_ports()
    with tempfile.TemporaryDirectory(prefix="billing-portal-browser-") as folder:
        os.chmod(folder, 0o755)
        env = {name: os.environ[name] for name in TAKEN_OVER if name in os.environ}
        env |= {"PORT": str(port), "DATA_DIR": f"{folder}/data"}
        with (Path(folder) / "run.log").open("w") as log:
            run = subprocess.Popen([sys.executable, "-m", "stack.run"], cwd=ROOT, env=env, stdout=log, stderr=log)
            try:
                _wait_until_up(run, f"http://localhost:{port}/healthz", Path(log.name))
                yield Portal(f"http://localhost:{port}", f"http://localhost:{port + 1}")
            finally:
                run.send_signal(signal.SIGINT)
                run.wait(60)


@pytest.fixture(scope="module")  # another file may open a browser of its own, and only one driver lives at a time
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as driver:
        launched = driver.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield launched
        launched.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about: policy violations, script errors. A test ends without any."""
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    """A desktop-sized page that reads English."""
    context = open_context(browser, complaints)
    yield context.new_page()
    context.close()
    assert complaints == []


def open_context(browser: Browser, complaints: list[str], *, width: int = 1280, scripts: bool = True) -> BrowserContext:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, locale="en-US", java_script_enabled=scripts, accept_downloads=True
    )
    context.set_default_timeout(20_000)
    context.on(
        "console", lambda message: complaints.append(message.text) if message.type in {"error", "warning"} else None
    )
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    return context


def _two_free_ports() -> int:
    """A port that is free together with its successor."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return int(port)


def _wait_until_up(run: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert run.poll() is None, f"the portal ended by itself:\n{log.read_text()[-3000:]}"
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.3)
    pytest.fail(f"the portal is not up after {START_SECONDS} s:\n{log.read_text()[-3000:]}")
