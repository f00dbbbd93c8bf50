"""
Does a process of this container work: `python -m stack.alive web | sandbox | worker | courier | beat`. Standard library only.

Web and sandbox are asked; the others leave a sign each time they do something, which grows old when they stop.
"""

import os
import sys
import time
from pathlib import Path
from urllib.request import urlopen

from stack.start import SANDBOX_PORT, WEB_PORT

ASKED = {"web": f"http://127.0.0.1:{WEB_PORT}/readyz", "sandbox": f"http://127.0.0.1:{SANDBOX_PORT}/healthz"}
SIGN_SECONDS = 30


def sign_of(name: str) -> Path | None:
    """The file that `name` touches: one per container, for one of several workers may be stuck. None outside of them."""
    folder = os.environ.get("ALIVE_SIGNS")
    return Path(folder) / f"{name}.alive" if folder else None


def leave_sign(name: str) -> None:
    """Called by `name` each time it has done something."""
    if sign := sign_of(name):
        sign.touch()


def is_alive(name: str) -> bool:
    """Whether it answers, or did something within SIGN_SECONDS."""
    try:
        if name in ASKED:
            with urlopen(ASKED[name], timeout=3):  # noqa: S310 - our own addresses
                return True
        sign = sign_of(name)
        return sign is not None and time.time() - sign.stat().st_mtime < SIGN_SECONDS
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(0 if is_alive(sys.argv[1]) else 1)
