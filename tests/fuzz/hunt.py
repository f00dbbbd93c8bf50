"""
`make fuzz`: made-up requests and sequences of them, many more than the suite sends, as each principal.

EXAMPLES of each operation (1000), SEED (another one every day; printed, so that a finding can be repeated), MINUTES for each
principal (30). They are asked in rounds of at most a hundred, each with the next seed, so that a hunt which its time ends has asked
every operation about as often as any other, and tells how many rounds it had; the next one begins at the seed that it names.
"""

from __future__ import annotations

import logging
import os
import time

import pytest

from tests.fuzz.conftest import MALLORY
from tests.fuzz.engine import PHASES, findings
from tests.fuzz.portal import Portal

EXAMPLES = int(os.environ.get("EXAMPLES") or 1000)
SEED = int(os.environ.get("SEED") or time.time() // 86_400)
MINUTES = float(os.environ.get("MINUTES") or 30)
ROUND = min(EXAMPLES, 100)
ONCE, AGAIN = PHASES[:2], PHASES[2:]
"""What the document itself says is the same in each round."""


@pytest.mark.django_db
@pytest.mark.parametrize("principal", ["owner", "team", "stranger", "nobody"])
def test_nothing_is_found(principal, keys, world):
    logging.disable()  # thousands of refusals are meant
    portal = Portal(MALLORY)
    print(f"\n{principal}: EXAMPLES={EXAMPLES} SEED={SEED} MINUTES={MINUTES:g}", flush=True)

    until, rounds = time.monotonic() + MINUTES * 60, -(-EXAMPLES // ROUND)
    found: set[str] = set()
    for number in range(rounds):
        found.update(
            findings(
                portal,
                keys[principal],
                world,
                phases=AGAIN if number else (*ONCE, *AGAIN),
                seed=SEED + number,
                examples=ROUND,
                until=until,
                tell=lambda finding: print(f"- {finding}", flush=True),
            )
        )
        asked = f"{portal.requests} requests, {portal.succeeded} succeeded, {len(found)} findings"
        if time.monotonic() > until:
            print(
                f"{principal}: ended by its time in round {number + 1} of {rounds}, SEED={SEED + number}: {asked}",
                flush=True,
            )
            break
        print(f"{principal}: round {number + 1} of {rounds}, SEED={SEED + number}: {asked}", flush=True)

    assert sorted(found) == []
