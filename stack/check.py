"""Every check, then every test: `python -m stack.check` (`make test`). All run even if an early one fails."""

import os
import subprocess
import sys
import time
from pathlib import Path

from stack.scratch import ScratchEngines
from stack.translations import compile_translations

RUN = [sys.executable, "-m"]
MANAGE = [sys.executable, "-W", "error", "manage.py"]
DEPLOYED = {"PUBLIC_URL": "https://billing.example.com"}
STEPS: list[tuple[str, list[str], dict[str, str]]] = [
    ("ruff check", [*RUN, "ruff", "check", "--quiet", "."], {}),
    ("ruff format", [*RUN, "ruff", "format", "--check", "--quiet", "."], {}),
    ("djangofmt", [str(Path(sys.executable).with_name("djangofmt")), "--check", "--quiet", "templates"], {}),
    ("mypy", [*RUN, "mypy"], {}),
    ("import contracts", [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"], {}),
    ("migrations", [*MANAGE, "makemigrations", "--check", "--dry-run"], {}),
    ("django check", [*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], DEPLOYED),
    ("pytest", [*RUN, "pytest", "-n", str(max(2, os.cpu_count() or 2))], {}),
]


def main() -> int:
    """Run the steps on engines of their own; answers 1 if any failed."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ.setdefault("SECRET_KEY", "for the checks only, and long enough that Django has nothing to say about it")
    began = time.monotonic()
    failed = []
    engines = ScratchEngines()
    try:
        engines.start()
        compile_translations()
        for name, command, env in STEPS:
            print(f"--- {name}", flush=True)
            started = time.monotonic()
            code = subprocess.run(command, env={**os.environ, **env}, check=False).returncode
            print(f"    {'failed' if code else 'passed'} in {time.monotonic() - started:.1f} s", flush=True)
            if code:
                failed.append(name)
    finally:
        engines.stop()
    verdict = f"FAILED: {', '.join(failed)}" if failed else f"all {len(STEPS)} steps passed"
    print(f"\n{verdict}, in {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
