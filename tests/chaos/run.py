"""One run: open the house, let people act while things break, let all come to rest, and judge."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tests.chaos import books, verdict
from tests.chaos.faults import KINDS, Faults
from tests.chaos.house import House
from tests.chaos.load import ACTS, Shopper, Team, act_until
from tests.chaos.record import Bank, Caller, Operation, Record, Told

COUNTS = {"web": 150, "worker": 150, "sandbox": 40, "valkey": 30, "postgres": 20, "session": 200}
GATEWAYS = "sandbox,sandbox-momo,sandbox-vnpay,sandbox-stripe"
SETTLED_WITHIN_SECONDS = 300


@dataclass(frozen=True)
class Plan:
    """
    :ivar counts: how often each fault strikes at most
    :ivar minutes: how long there are load and faults at most
    :ivar pause: seconds between faults, on average
    :ivar gap: seconds between two acts of a customer, on average
    :ivar look: customers look at their payments in the end; else the portal has to find out by itself
    """

    seed: int
    counts: Mapping[str, int]
    minutes: float
    pause: float
    gap: float
    customers: int
    gateways: list[str]
    acts: list[str]
    look: bool
    schema: Path | None

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Plan:
        """:raises SystemExit: something is asked for that there is not"""
        acts = [each for each in env.get("ACTS", "").split(",") if each]
        if unknown := set(acts) - set(ACTS):
            sys.exit(f"No such act: {', '.join(sorted(unknown))}. There are: {', '.join(ACTS)}.")
        return cls(
            seed=int(env.get("SEED") or time.time()),
            counts={kind: int(env.get(kind.upper()) or count) for kind, count in COUNTS.items()},
            minutes=float(env.get("MINUTES") or 10),
            pause=float(env.get("PAUSE") or 1),
            gap=float(env.get("GAP") or 0.5),
            customers=int(env.get("CUSTOMERS") or 6),
            gateways=(env.get("GATEWAYS") or GATEWAYS).split(","),
            acts=acts,
            look=env.get("LOOK") == "1",
            schema=Path(env["SCHEMA"]) if env.get("SCHEMA") else None,
        )

    def __str__(self) -> str:
        counts = " ".join(f"{kind.upper()}={count}" for kind, count in self.counts.items())
        return (
            f"SEED={self.seed} MINUTES={self.minutes:g} {counts} PAUSE={self.pause:g} GAP={self.gap:g} "
            f"CUSTOMERS={self.customers} GATEWAYS={','.join(self.gateways)} ACTS={','.join(self.acts)} LOOK={self.look:d}"
        )


def run(plan: Plan) -> int:
    """Carry out a plan; 0 when nothing was found."""
    print(f"make chaos {plan}", flush=True)
    house = House({"CUSTOMERS": str(plan.customers)}, schema=plan.schema)
    try:
        found = _Run(plan, house).all()
        if found:
            print(house.words(3000), flush=True)
        return 1 if found else 0
    finally:
        house.close()


class _Run:
    def __init__(self, plan: Plan, house: House) -> None:
        self.plan, self.house, self.record = plan, house, Record()
        self.paying = threading.Event()
        self.found: list[str] = []

    def all(self) -> list[str]:
        began = time.monotonic()
        world = self.house.open()
        self._say(f"the house is open after {time.monotonic() - began:.0f} s")
        self._people(world)
        faults = self._load()
        self.house.await_up()
        took = self._settle()
        self._judge()
        self._table(faults, took)
        self.team_stops.set()
        return self.found

    def _people(self, world: dict[str, Any]) -> None:
        plan, url = self.plan, self.house.url
        self.shoppers: list[Shopper] = []
        self.callers: dict[str, Caller] = {}
        for number, person in enumerate(world["customers"]):
            random = Random(f"{plan.seed} customer {number}")
            caller = Caller(person["name"], url, person["key"], self.record, random)
            bank = Bank(url, self.house.environment["BANK_FEED_SECRET"], self.record, random)
            self.callers |= {caller.who: caller, bank.who: bank}
            self.shoppers.append(
                Shopper(
                    person,
                    caller,
                    bank,
                    world["shelves"],
                    random=random,
                    gateways=plan.gateways,
                    only=plan.acts,
                    paying=self.paying.set,
                )
            )
        random = Random(f"{plan.seed} team")
        self.team = Team(Caller("the team", url, world["team"], self.record, random), random)
        self.callers[self.team.caller.who] = self.team.caller

    def _load(self) -> Faults:
        """People act and things break; then people finish what they began, and the team goes on."""
        plan, stop, self.team_stops = self.plan, threading.Event(), threading.Event()
        people = [
            threading.Thread(
                target=act_until, args=(stop, one.act, one.random), kwargs={"gap": plan.gap, "broken": self.found}
            )
            for one in self.shoppers
        ]
        team = threading.Thread(
            target=act_until,
            args=(self.team_stops, self.team.act, self.team.random),
            kwargs={"gap": 1.0, "broken": self.found},
            daemon=True,
        )
        for thread in (*people, team):
            thread.start()
        faults = Faults(self.house, plan.counts, random=Random(f"{plan.seed} faults"), paying=self.paying)
        try:
            faults.strike(until=time.monotonic() + plan.minutes * 60, gap=plan.pause)
        finally:
            stop.set()
        for thread in people:
            thread.join()
        self._say(f"nothing breaks any more; {len(self.record.operations)} operations until now")
        return faults

    def _settle(self) -> float:
        """Ask again what was not answered, end what is open at gateways; then wait. How long it took until all was at rest."""
        began = time.monotonic()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self._resolve, [one for one in self.record.operations if one.told == Told.UNKNOWN]))
            list(pool.map(lambda one: one.finish(look=self.plan.look), self.shoppers))
        told = 0.0
        while left := verdict.unsettled(books.read(self.house)):
            now = time.monotonic()
            if now > began + SETTLED_WITHIN_SECONDS:
                break
            if now > told + 20:
                told = now
                self._say(f"after {now - began:.0f} s {len(left)} things have not ended, say {left[0]}")
            time.sleep(1)
        for each in left:
            self._tell(f"not at rest after {SETTLED_WITHIN_SECONDS} s: {each}")
        return time.monotonic() - began

    def _resolve(self, operation: Operation) -> None:
        """Until something is told; whatever was in the way is over."""
        for _try in range(30):
            self.callers[operation.who].send(operation)
            if operation.told != Told.UNKNOWN:
                return
            time.sleep(1)
        self._tell(f"{operation}: nothing is told although nothing breaks any more: {operation.last_words}")

    def _judge(self) -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self._repeat, list(self.record.operations)))
        for finding in verdict.findings(self.record, books.read(self.house)):
            self._tell(finding)
        try:
            self._say(self.house.call([sys.executable, "manage.py", "audit"]).strip())
        except RuntimeError as failure:
            self._tell(f"the audit: {failure}")

    def _repeat(self, operation: Operation) -> None:
        """The same key again gets the same answer. A refusal keeps none: what could not be done then may be possible now."""
        if operation.told != Told.ACKNOWLEDGED or operation.what == "bank line":
            return
        before = (operation.status, operation.answer)
        self.callers[operation.who].send(operation)
        if difference := verdict.differing_repetition(operation, before):
            self._tell(difference)

    def _table(self, faults: Faults, took: float) -> None:
        print("\n  operation            acknowledged  refused  unknown   (as told at first)")
        for what, counts in sorted(self.record.counts().items()):
            print(f"  {what:<20} {counts[Told.ACKNOWLEDGED]:>12} {counts[Told.REFUSED]:>8} {counts[Told.UNKNOWN]:>8}")
        print("\n  fault        struck   not carried out")
        for kind in KINDS:
            print(f"  {kind:<12} {faults.struck[kind]:>6} {faults.plan.count(kind):>12}")
        starts = ", ".join(f"{name} {count}" for name, count in sorted(self.house.starts.items()))
        print(f"\n  started: {starts}")
        print(f"  at rest after {took:.0f} s; {len(self.found)} findings; SEED={self.plan.seed}", flush=True)

    def _tell(self, finding: str) -> None:
        self.found.append(finding)
        print(f"- {finding}"[:2000], flush=True)

    def _say(self, words: str) -> None:
        print(f"  {words}", flush=True)
