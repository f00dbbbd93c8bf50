"""
`make chaos`: SEED, MINUTES of load and faults at most (10), how often each fault strikes (WEB=150 WORKER=150 SANDBOX=40
VALKEY=30 POSTGRES=20 SESSION=200), PAUSE between faults and GAP between the acts of a customer in seconds, CUSTOMERS (6),
GATEWAYS (sandbox,sandbox-momo,sandbox-vnpay), ACTS (all of tests/chaos/load.py), LOOK=1 (customers look at their payments in the end,
so that nothing waits for the timetable), SCHEMA (a file that keeps the migrated tables for the next run).
"""

from __future__ import annotations

import os
import sys

from tests.chaos.run import Plan, run

if __name__ == "__main__":
    sys.exit(run(Plan.from_environment(os.environ)))
