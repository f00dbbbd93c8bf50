"""
Every check, then every test: `python -m stack.check` (`make test`). All run even if an early one fails.

`python -m stack.check ruff mypy` runs the named steps alone, as the hooks in .pre-commit-config.yaml do. The tests count the
branches that they take; not with COVERAGE=0.
"""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from stack.scratch import ScratchEngines
from stack.translations import compile_translations

RUN = [sys.executable, "-m"]
MANAGE = [sys.executable, "-W", "error", "manage.py"]
DEPLOYED = {"PUBLIC_URL": "https://billing.example.com"}


class Step(NamedTuple):
    """A command that passes or fails; what it needs besides the code."""

    name: str
    command: list[str]
    env: dict[str, str] = {}
    engines: bool = False


def _program(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def runner(environment: Mapping[str, str]) -> str:
    """The module that runs the tests."""
    return "pytest" if environment.get("COVERAGE") == "0" else "stack.branches"


STEPS = [
    Step("ruff", [*RUN, "ruff", "check", "--quiet", "."]),
    Step("format", [*RUN, "ruff", "format", "--check", "--quiet", "."]),
    Step("templates", [_program("djangofmt"), "--check", "--quiet", "templates"]),
    Step("sandbox", [_program("djangofmt"), "--check", "--quiet", "--profile", "jinja", "sandbox/templates"]),
    Step("mypy", [*RUN, "mypy"]),
    Step("imports", [_program("lint-imports"), "--no-cache", "--no-logo"]),
    Step("migrations", [*MANAGE, "makemigrations", "--check", "--dry-run"], engines=True),
    Step("django", [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], DEPLOYED, engines=True),
    Step("pytest", [*RUN, runner(os.environ), "-n", str(1 + max(2, os.cpu_count() or 2))], engines=True),
]


def main(names: list[str]) -> int:
    """Run the named steps, or all, on engines of their own; answers 1 if any failed."""
    if unknown := set(names) - {step.name for step in STEPS}:
        sys.exit(f"No such step: {', '.join(sorted(unknown))}. There are: {', '.join(step.name for step in STEPS)}.")
    steps = [step for step in STEPS if not names or step.name in names]
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("SECRET_KEY", "for the checks only, and long enough that Django has nothing to say about it")
    began = time.monotonic()
    failed = []
    with ExitStack() as stack:
        if any(step.engines for step in steps):
            engines = ScratchEngines()
            stack.callback(engines.stop)
            engines.start()
            compile_translations()
        for step in steps:
            print(f"--- {step.name}", flush=True)
            started = time.monotonic()
            code = subprocess.run(step.command, env={**os.environ, **step.env}, check=False).returncode
            print(f"    {'failed' if code else 'passed'} in {time.monotonic() - started:.1f} s", flush=True)
            if code:
                failed.append(step.name)
    verdict = f"FAILED: {', '.join(failed)}" if failed else f"all {len(steps)} steps passed"
    print(f"\n{verdict}, in {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
