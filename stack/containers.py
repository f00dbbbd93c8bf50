"""
Try the containers with the Docker engine of this machine, if there is one: `python -m stack.containers`.

The demo is built and started under a name and on ports of its own, every container has to say that it is well, a browser
buys a server from the product page to "Active", starting again must change nothing, and stopping must end in order. Then
everything is removed. Where there is no engine, it says so; `tests/deployment` has looked at the files all the same.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from stack import env as env_file

ROOT = Path(__file__).resolve().parent.parent
WALK = ["tests/browser/test_first_steps.py"]
ENGINE_SECONDS = 20
START_SECONDS = "600"


class Failed(SystemExit):
    """The containers do not do what they should; the message says what."""


def main() -> None:
    """Try them; ends with 0 where there is no engine."""
    missing = why_not()
    if missing:
        print(f"--- containers: NOT TRIED, {missing}", flush=True)
        return
    with tempfile.TemporaryDirectory(prefix="billing-portal-containers-") as folder:
        shutil.copy(ROOT / ".env.example", folder)
        env_file.main(Path(folder))
        ports = [_free_port(), _free_port()]
        stack = Containers(Path(folder) / ".env", ports)
        try:
            stack.try_all()
        finally:
            stack.compose("down", "--volumes", "--timeout", "5", check=False)
    print("--- containers: all is well", flush=True)


def why_not() -> str:
    """Why the containers cannot be tried here; empty when they can."""
    if not shutil.which("docker"):
        return "there is no docker on this machine"
    for command, words in (
        (["docker", "version", "--format", "{{.Server.Version}}"], "no Docker engine answers here"),
        (["docker", "compose", "version"], "docker has no compose here"),
    ):
        try:
            if subprocess.run(command, capture_output=True, timeout=ENGINE_SECONDS, check=False).returncode:
                return words
        except subprocess.TimeoutExpired:
            return words
    return ""


class Containers:
    """The demo of this repository as one compose project."""

    def __init__(self, settings: Path, ports: list[int]) -> None:
        self.settings = settings
        self.url, self.sandbox = (f"http://localhost:{port}" for port in ports)
        self.environment = os.environ | {
            "COMPOSE_PROJECT_NAME": f"billing-portal-try-{os.getpid()}",
            "COMPOSE_FILE": "docker-compose.yml:docker-compose.demo.yml",
            "PORTAL_ENV_FILE": str(settings),
            "PORT": str(ports[0]),
            "SANDBOX_PORT": str(ports[1]),
        }

    def compose(self, *words: str, check: bool = True) -> str:
        """Run docker compose; what it prints to us."""
        done = subprocess.run(
            ["docker", "compose", "--env-file", str(self.settings), *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if check and done.returncode:
            raise Failed(f"docker compose {' '.join(words)} failed:\n{done.stderr[-4000:]}\n{self._last_words()}")
        return done.stdout

    def try_all(self) -> None:
        """Start, buy, start again, stop."""
        print("--- containers: building and starting the demo", flush=True)
        self.compose("up", "--build", "--detach", "--wait", "--wait-timeout", START_SECONDS)
        before = self._containers()
        print(f"--- containers: {len(before)} are up and well; buying a server", flush=True)
        walk = [sys.executable, "-m", "pytest", *WALK]
        if subprocess.run(
            walk, cwd=ROOT, env=os.environ | {"PORTAL_UNDER_TEST": f"{self.url} {self.sandbox}"}, check=False
        ).returncode:
            raise Failed(f"The walk through the containers failed.\n{self._last_words()}")
        self.compose("up", "--build", "--detach", "--wait", "--wait-timeout", START_SECONDS)
        if self._containers() != before:
            raise Failed(f"Starting again changed containers: {before} became {self._containers()}")
        self.compose("stop")
        ended = {each["Service"]: each["ExitCode"] for each in self._rows("--all")}
        if any(ended.values()):
            raise Failed(f"Not every container ended with 0: {ended}")

    def _containers(self) -> dict[str, str]:
        rows = self._rows()
        ill = [row["Service"] for row in rows if row["Health"] != "healthy"]
        if ill:
            raise Failed(f"Not well: {', '.join(ill)}\n{self._last_words()}")
        return {row["Service"]: row["ID"] for row in rows}

    def _rows(self, *words: str) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.compose("ps", *words, "--format", "json").splitlines()]

    def _last_words(self) -> str:
        return self.compose("logs", "--no-color", "--tail", "20", check=False)[-8000:]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
