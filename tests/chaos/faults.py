"""What breaks: the plan is drawn from the seed, and carried out one after the other while the load goes on."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from random import Random

import psycopg

from stack.engines import APPLICATION
from tests.chaos.house import House

IN_PEACE, RECOVERY_SECONDS = 0.8, 20.0
MOMENT_SECONDS = 3.0
"""So long a fault waits for somebody to be paying."""


class Faults:
    """
    :param counts: how often each of `KINDS` strikes
    :param paying: set whenever somebody goes to pay
    """

    def __init__(self, house: House, counts: Mapping[str, int], *, random: Random, paying: threading.Event) -> None:
        self.house, self.random, self.paying = house, random, paying
        self.plan = [kind for kind, count in counts.items() for _ in range(count)]
        self.random.shuffle(self.plan)
        self.struck: Counter[str] = Counter()

    def strike(self, *, until: float, gap: float) -> None:
        """
        Carry out the plan, with pauses of `gap` seconds on average; what is left at `until` (monotonic) is left out.

        Most faults wait until the portal answers again, so that they meet people at work; some fall into its recovery. One that
        finds nothing to break comes again later.
        """
        while self.plan and time.monotonic() < until:
            time.sleep(self.random.uniform(0, 2 * gap))
            if self.random.random() < IN_PEACE:
                self.house.await_portal(RECOVERY_SECONDS)
            kind = self.plan.pop()
            if KINDS[kind](self):
                self.struck[kind] += 1
            else:
                self.plan.insert(0, kind)

    def web(self) -> bool:
        return self._kill("web", whole=0.25)

    def worker(self) -> bool:
        return self._kill(self.random.choice(["worker", "worker", "courier"]), whole=0.4)

    def sandbox(self) -> bool:
        """In the middle of a payment."""
        self.paying.clear()
        self.paying.wait(MOMENT_SECONDS)
        time.sleep(self.random.uniform(0, 0.4))
        return self._kill("sandbox", whole=1)

    def valkey(self) -> bool:
        self.house.break_valkey(flush=self.random.random() < 0.5)
        return True

    def postgres(self) -> bool:
        self.house.break_postgres()
        return True

    def session(self) -> bool:
        """One of the portal's sessions, whatever it does."""
        with psycopg.connect(self.house.owners_url, autocommit=True) as admin:
            found = admin.execute(
                "SELECT pid FROM pg_stat_activity WHERE usename = %s ORDER BY state = 'idle', pid", [APPLICATION]
            ).fetchall()
            if not found:
                return False
            busy = self.random.random() < 0.5  # those that do something stand first
            (pid,) = found[0] if busy else self.random.choice(found)
            return bool(admin.execute("SELECT pg_terminate_backend(%s)", [pid]).fetchone())

    def _kill(self, name: str, *, whole: float) -> bool:
        """`kill -9` for one of its children, or for the process itself with all of them."""
        pids = self.house.pids_of(name)
        if not pids:
            return False
        if len(pids) == 1 or self.random.random() < whole:
            with suppress(ProcessLookupError):
                os.killpg(pids[0], signal.SIGKILL)
            return True
        with suppress(ProcessLookupError):
            os.kill(self.random.choice(pids[1:]), signal.SIGKILL)
        return True


KINDS: dict[str, Callable[[Faults], bool]] = {
    "web": Faults.web,
    "worker": Faults.worker,
    "sandbox": Faults.sandbox,
    "valkey": Faults.valkey,
    "postgres": Faults.postgres,
    "session": Faults.session,
}
