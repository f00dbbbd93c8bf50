"""Uses that product teams report: records a second, beside a bare COPY into the same table."""

from __future__ import annotations

from statistics import median

from bench.processes import together
from bench.results import Result, Results, Setting

RECORDS = 10_000  # of a batch, as the portal takes them


def usage(setting: Setting) -> Results:
    """Records a second, with one process and with two, against COPY."""
    count = 20 if setting.resources >= 100_000 else 5
    walls: dict[tuple[str, int], list[float]] = {}
    for _ in range(setting.times):
        for function, processes in (("copy_batches", 1), ("take_batches", 1), ("take_batches", 2)):
            with setting.server.copy(setting.server.template("postpaid", setting.resources)) as url:
                work = [
                    (f"bench.metering:{function}", {"count": count, "part": str(part)}) for part in range(processes)
                ]
                _wall, answers = together(url, work)
            assert all(answer["accepted"] == count * RECORDS for answer in answers), answers
            walls.setdefault((function, processes), []).append(max(answer["seconds"] for answer in answers))
    bare, alone, two = (
        n * count * RECORDS / median(walls[name, n])
        for name, n in (("copy_batches", 1), ("take_batches", 1), ("take_batches", 2))
    )
    yield Result("uses taken, 1 process, against COPY", alone, "/s", bare, bare / alone, 3)
    yield Result("uses taken, 1 process", alone, "/s", limit=-50_000)
    yield Result("uses taken, 2 processes", two, "/s", bare)
