"""
`make fuzz`: made-up requests and sequences of them, many more than the suite sends, as each principal.

EXAMPLES of each operation (1000), SEED (another one every day; printed, so that a finding can be repeated), MINUTES for each
principal (30): what does not fit into them is left out, and said.
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


@pytest.mark.django_db
@pytest.mark.parametrize("principal", ["owner", "team", "stranger", "nobody"])
def test_nothing_is_found(principal, keys, world):
    logging.disable()  # thousands of refusals are meant
    portal = Portal(MALLORY)
    print(f"\n{principal}: EXAMPLES={EXAMPLES} SEED={SEED} MINUTES={MINUTES:g}", flush=True)

    found = findings(
        portal,
        keys[principal],
        world,
        phases=PHASES,
        seed=SEED,
        examples=EXAMPLES,
        until=time.monotonic() + MINUTES * 60,
        tell=lambda finding: print(f"- {finding}", flush=True),
    )

    print(f"{principal}: {portal.requests} requests, {portal.succeeded} succeeded, {len(found)} findings", flush=True)
    assert found == []
