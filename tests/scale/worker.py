"""
A worker in a process of its own, which can be killed: `python -m tests.scale.worker month-end|auto-renew AT [PAUSES_AT]`.

It says "ready", waits for a line, and works. In the PAUSES_AT-th chunk it says "paused" and stops there, its transaction open.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import django

django.setup()

from django.db import connection  # noqa: E402 - after the set-up

from invoices.services import month_end  # noqa: E402
from kernel.actors import Actor  # noqa: E402
from orders.services import renewal  # noqa: E402
from payments.services import renewals  # noqa: E402

ACTOR = Actor.job("test")


def main(task: str, at: datetime, pauses_at: int) -> None:
    month_end.CHUNK_RESOURCES = 4
    renewal.RESOURCES_AT_ONCE = 2
    month_end._bill = pausing(month_end._bill, pauses_at)
    vars(renewal)["charge_renewals"] = pausing(renewals.charge_renewals, pauses_at)
    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.readline()
    tasks: dict[str, Callable[..., object]] = {
        "month-end": month_end.bill_ended_months,
        "auto-renew": renewal.renew_automatically,
    }
    tasks[task](actor=ACTOR, at=at)
    print("done", flush=True)


def pausing(step: Callable[..., Any], pauses_at: int) -> Callable[..., Any]:
    calls = 0

    def paused(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        result = step(*args, **kwargs)
        if calls == pauses_at:
            print("paused", flush=True)
            time.sleep(60)
        return result

    return paused


if __name__ == "__main__":
    main(sys.argv[1], datetime.fromisoformat(sys.argv[2]), int((*sys.argv, "0")[3]))
