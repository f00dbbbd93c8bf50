"""Two things at the same time: one that has not committed, one that waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

from django.db import connection, transaction


@contextmanager
def in_flight(work: Callable[[], Any]) -> Iterator[None]:
    """`work` has been done in another thread and is not committed; it commits a moment after the block has begun to wait."""
    done, leave = Event(), Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                work()
                done.set()
                assert leave.wait(timeout=20)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        holder = pool.submit(hold)
        assert done.wait(timeout=20) or holder.exception() is None
        yield
        leave.set()
        holder.result(timeout=20)


def meanwhile(work: Callable[[], Any]) -> Future[Any]:
    """`work` in a thread of its own, which has had time to come to where it waits."""

    def run() -> Any:
        try:
            return work()
        finally:
            connection.close()

    pool = ThreadPoolExecutor(1)
    future = pool.submit(run)
    time.sleep(1)
    pool.shutdown(wait=False)
    return future
