"""Make `.venv` what the lock says: `python3 stack/bootstrap.py [--dev]`. Standard library only.

uv installs in seconds; where it cannot be had (or a mirror is set for pip alone), pip does the same. Both check hashes.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MARK = VENV / "installed.txt"
LOCKS = [ROOT / "requirements.txt", ROOT / "requirements-engines.txt"]
DEV_LOCKS = [ROOT / "requirements-dev.txt"]  # holds all of the others
UV_LOCK = ROOT / "stack" / "uv.txt"


def main(*, dev: bool) -> None:
    """Install the lock unless that was done before; two at once wait for each other."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        sys.exit(f"Python 3.11, 3.12 or 3.13 is needed, this is {sys.version.split()[0]}: make PYTHON=python3.11 ...")
    with UV_LOCK.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        locks = DEV_LOCKS if dev else LOCKS
        done = MARK.read_text().splitlines() if MARK.exists() else []
        if _digest(locks) in done and _python_works():
            return
        print(f"Installing {locks[0].name} into .venv (once, about half a minute) ...", flush=True)
        _make_venv()
        _install(locks)
        MARK.write_text("\n".join({_digest(LOCKS), _digest(locks)}))


def _digest(locks: list[Path]) -> str:
    return hashlib.sha256(b"".join(lock.read_bytes() for lock in locks) + sys.version.encode()).hexdigest()


def _python_works() -> bool:
    version = [str(PYTHON), "-c", "import sys; print(sys.version)"]
    return PYTHON.exists() and subprocess.run(version, capture_output=True, text=True).stdout.strip() == sys.version


def _make_venv() -> None:
    MARK.unlink(missing_ok=True)
    if _python_works():
        return
    try:
        venv.create(VENV, with_pip=True, clear=True)
    except subprocess.CalledProcessError:
        sys.exit("This Python cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv")


def _install(locks: list[Path]) -> None:
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input", "-q"]
    uv = [str(VENV / "bin" / "uv"), "pip", "install", "-q", "--compile-bytecode", "--python", str(PYTHON)]
    locked = ["--require-hashes", "--no-deps"]
    wanted = [word for lock in locks for word in ("-r", str(lock))]
    mirrored = "index-url=" in subprocess.run([*pip, "config", "list"], capture_output=True, text=True).stdout.replace(
        "extra-", "no-"
    )
    if not mirrored and not subprocess.run([*pip, "install", *locked, "-r", UV_LOCK]).returncode:
        if not subprocess.run([*uv, *locked, *wanted]).returncode:
            return
        print("uv could not install: using pip (this takes longer) ...", flush=True)
    if subprocess.run([*pip, "install", *locked, *wanted]).returncode:
        sys.exit("The packages could not be installed: see above.")


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # without byte-code every start takes seconds longer
    main(dev="--dev" in sys.argv)
