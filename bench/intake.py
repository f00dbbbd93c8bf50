"""Uses that product teams report: records a second, beside a bare COPY into the same table."""

from __future__ import annotations

from statistics import median

from bench.processes import call, together
from bench.results import Result, Results, Setting

RECORDS = 10_000  # of a batch, as the portal takes them
TWENTY_MILLION = 666_667  # resources with thirty uses each


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


def use_of_a_month(setting: Setting) -> Results:
    """A customer's running cost out of three million uses, with --full out of twenty; and until what was sent is in it."""
    size = TWENTY_MILLION if setting.full else setting.resources
    with setting.server.copy(setting.server.template("used", size)) as url:
        found = call(url, "bench.metering:months_of_customers", count=100)
        shown = call(url, "bench.metering:until_shown", count=20)
    name = f"running cost of a customer, {30 * size:,} uses kept"
    yield Result(name, found["median"], "ms", found["by_hand"], limit=100)
    yield Result(f"until a batch of {RECORDS:,} is in the running cost, the worst of 20", shown["worst"], "s", limit=2)
