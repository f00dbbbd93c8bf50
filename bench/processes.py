"""Measured functions run in processes of their own: clean memory figures, no warm caches of the one before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stack.engines import Valkey

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = {
    "SECRET_KEY": "for measuring only, and long enough that Django has nothing to say about it",
    "DEBUG": "0",
    "WEBHOOK_INSIDE_NETWORKS": "127.0.0.0/8",
}


class Worker:
    """A process that has loaded Django and waits for the word to start `function` ("module:name") on a database."""

    def __init__(self, url: str, function: str, *, redis: str = "", **arguments: object) -> None:
        self.function = function
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.child", function, json.dumps(arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=_environment(url, redis),
        )
        self._read()

    def go(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def result(self) -> Any:
        """What the function returned."""
        return json.loads(self._read())

    def end(self) -> None:
        self.process.communicate()

    def _read(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.function} failed with {self.process.wait()}: see above")
        return line


class CeleryWorkers:
    """Celery as in production: a Redis protocol server of its own and one worker with `count` processes, on a database."""

    def __init__(self, url: str, count: int, *, more: Sequence[str] = ()) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bench-celery-")
        self._broker = Valkey(Path(self._folder.name), durable=False)
        self._broker.start()
        self.redis = self._broker.url
        options = [
            "worker",
            "--concurrency",
            str(count),
            "--without-gossip",
            "--without-mingle",
            "--loglevel",
            "error",
            *more,
        ]
        self._worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "--quiet", "--app", "billing_portal", *options],
            cwd=ROOT,
            env=_environment(url, self.redis),
        )

    def memory_mb(self) -> float:
        """The most that any of the worker's processes has ever held."""
        pids = Path(f"/proc/{self._worker.pid}/task/{self._worker.pid}/children").read_text().split()
        lines = [line for pid in pids for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
        return max(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024

    def __enter__(self) -> CeleryWorkers:
        return self

    def __exit__(self, *_: object) -> None:
        self._worker.terminate()
        self._worker.wait(30)
        self._broker.stop()
        self._folder.cleanup()


def _environment(url: str, redis: str = "") -> dict[str, str]:
    return {**os.environ, **ENVIRONMENT, "DATABASE_URL": url} | ({"REDIS_URL": redis} if redis else {})


def call(url: str, function: str, *, redis: str = "", **arguments: object) -> Any:
    """Run `function` in a process of its own; returns its JSON-ready result."""
    worker = Worker(url, function, redis=redis, **arguments)
    worker.go()
    result = worker.result()
    worker.end()
    return result


def together(url: str, calls: Sequence[tuple[str, dict[str, Any]]]) -> tuple[float, list[Any]]:
    """Start the functions in one process each at the same moment; returns (wall seconds until all are done, results)."""
    workers = [Worker(url, function, **arguments) for function, arguments in calls]
    began = time.perf_counter()
    for worker in workers:
        worker.go()
    results = [worker.result() for worker in workers]
    wall = time.perf_counter() - began
    for worker in workers:
        worker.end()
    return wall, results
