"""Children that write to a log file, end when we end, and leave nothing behind."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypedDict

LOG_LIMIT_BYTES = 10_000_000
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded here: not between fork and exec


def die_with_parent(sig: int) -> Callable[[], None]:
    """For `preexec_fn`: the kernel sends `sig` to the child when its parent ends, however that ended (Linux)."""
    parent = os.getpid()

    def arm() -> None:
        end_with_parent(sig)
        if os.getppid() != parent:  # it ended in between
            os._exit(1)

    return arm


def end_with_parent(sig: int) -> None:
    """Have the kernel send `sig` to this process when its parent ends (Linux)."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, sig)


class OtherUser(TypedDict, total=False):
    """What `subprocess` needs to start a child as somebody else; empty: it runs as we do."""

    user: int
    group: int
    extra_groups: list[int]


class Elsewhere(OtherUser, total=False):
    """And in this folder."""

    cwd: str


@dataclass
class Child:
    """
    One process of the stack.

    :ivar stop_signal: asks it to finish what it does and end
    :ivar orphan_signal: the same, sent by the kernel when we were killed and can ask nothing
    """

    name: str
    command: Sequence[str | Path]
    log: Path | None  # None: our own terminal
    env: Mapping[str, str] = field(default_factory=dict)
    stop_signal: int = signal.SIGTERM
    orphan_signal: int = signal.SIGTERM
    stop_seconds: float = 15
    user: OtherUser = field(default_factory=OtherUser)
    process: subprocess.Popen[bytes] | None = None
    started: float = 0

    def start(self, text: str | None = None) -> subprocess.Popen[bytes]:
        """Start it in a session of its own, so that a Ctrl-C is for us alone; `text` becomes its whole input."""
        self.started = time.monotonic()
        with _open_log(self.log) if self.log else nullcontext() as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT if log else None,
                env={**os.environ, **self.env},
                start_new_session=True,
                preexec_fn=die_with_parent(self.orphan_signal),
                **self.user,
            )
        if text is not None and self.process.stdin:
            self.process.stdin.write(text.encode())
            self.process.stdin.close()
        return self.process

    @property
    def alive(self) -> bool:
        """Has it been started, and has not ended."""
        return self.process is not None and self.process.poll() is None

    @property
    def age(self) -> float:
        """Seconds since the last start."""
        return time.monotonic() - self.started

    def ask_to_stop(self) -> None:
        """Send `stop_signal`; do not wait."""
        if self.process and self.alive:
            self.process.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Ask, wait, and kill what is left of its process group."""
        if not self.process:
            return
        self.ask_to_stop()
        try:
            self.process.wait(self.stop_seconds)
        except subprocess.TimeoutExpired:
            print(f"{self.name} did not stop in {self.stop_seconds:.0f} s: killed", flush=True)
        self.kill()

    def kill(self) -> None:
        """End its process group at once."""
        if not self.process:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def last_words(self, characters: int = 2_000) -> str:
        """The end of the log."""
        return self.log.read_text(errors="replace")[-characters:] if self.log and self.log.exists() else ""


def _open_log(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")
