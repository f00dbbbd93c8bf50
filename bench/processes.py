"""Measured functions run in processes of their own: clean memory figures, no warm caches of the one before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = {
    "SECRET_KEY": "for measuring only, and long enough that Django has nothing to say about it",
    "DEBUG": "0",
}


class Worker:
    """A process that has loaded Django and waits for the word to start `function` ("module:name") on a database."""

    def __init__(self, url: str, function: str, **arguments: Any) -> None:
        self.function = function
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.child", function, json.dumps(arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, **ENVIRONMENT, "DATABASE_URL": url},
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


def call(url: str, function: str, **arguments: Any) -> Any:
    """Run `function` in a process of its own; returns its JSON-ready result."""
    return together(url, [(function, arguments)])[1][0]


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
