"""Remove what was made here: environment, caches, compiled translations, the demo's data. Standard library only."""

import fcntl
import hashlib
import os
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHES = (".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache")


def main() -> None:
    """Remove all of it, unless a portal is running on the data."""
    data = Path(os.environ.get("DATA_DIR", ROOT / ".data")).absolute()
    if (data / "lock").exists():
        with (data / "lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                sys.exit(f"A portal is running on {data}: stop it first.")
    ours = data == ROOT / ".data" or (data / "lock").exists()  # another folder may hold what is not ours
    shutil.rmtree(data if ours else data / "bench", ignore_errors=True)
    if os.geteuid() == 0:  # where stack/engines.py puts what PostgreSQL's user could not reach here
        for name, path in (
            ("billing-portal", data),
            ("billing-portal", data / "bench"),
            ("billing-portal-programs", (ROOT / ".venv").resolve()),
        ):
            digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:10]
            shutil.rmtree(f"/var/tmp/{name}-{digest}", ignore_errors=True)  # noqa: S108 - removed, not trusted
    for name in CACHES:
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for compiled in ROOT.glob("locale/*/LC_MESSAGES/*.mo"):
        compiled.unlink()


if __name__ == "__main__":
    main()
