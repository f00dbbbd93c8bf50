"""The measures: each runs ours and its baseline by turns on fresh copies of the same data, and yields what came out."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable
from statistics import median

from bench.baselines import SPEND
from bench.costs import audit, guards
from bench.intake import usage, use_of_a_month
from bench.processes import CeleryWorkers, Worker, call, together
from bench.results import RESOURCES_PER_CUSTOMER, Result, Results, Setting

CLIENTS = 8
MILLION = 1_000_000
HISTORY_MONTHS = 60  # as in the data
USES = 30


def month_end(setting: Setting) -> Results:
    """A month of usage: the run with one and with two workers, against one statement."""
    server, size = setting.server, setting.resources
    template = server.template("postpaid", size)
    walls: dict[int, list[float]] = {0: [], 1: [], 2: []}
    hashes = set()
    memory = 0.0
    for _ in range(setting.times):
        for workers, taken in walls.items():
            with server.copy(template) as url:
                function = "bench.work:month_end" if workers else "bench.work:month_end_by_hand"
                wall, answers = together(url, [(function, {})] * max(workers, 1))
                taken.append(wall)
                if workers:
                    memory = max(memory, *(answer["memory_mb"] for answer in answers))
                bills = call(url, "bench.work:hash_of_the_bills")
                assert bills["gapless"], bills
                hashes.add((bills["hash"], bills["invoices"]))
    assert len(hashes) == 1, f"the run and the statement do not bill the same: {hashes}"
    by_hand, alone, two = (median(walls[workers]) for workers in (0, 1, 2))
    yield Result(f"month end, {size:,} resources, 1 worker", alone, "s", by_hand, alone / by_hand, 2)
    yield Result(f"month end, {size:,} resources, 2 workers", two, "s", by_hand, two / by_hand, 2)
    yield Result("month end, invoices per second, 2 workers", size / two, "/s", size / by_hand)
    yield Result("month end, memory of a worker", memory, "MB", limit=150)
    yield from _rehearsal(setting, template)
    yield from _by_celery(setting, template, by_hand)
    yield from _flatness(setting, alone / size)


def month_end_with_use(setting: Setting) -> Results:
    """The same where each resource has used something on each of thirty days."""
    server, size = setting.server, setting.resources
    template = server.template("used", size)
    ours: list[float] = []
    theirs: list[float] = []
    hashes = set()
    for _ in range(setting.times):
        for function, options, taken in (
            ("month_end_by_hand", {"with_use": True}, theirs),
            ("month_end", {}, ours),
        ):
            with server.copy(template) as url:
                wall, _answers = together(url, [(f"bench.work:{function}", options)])
                bills = call(url, "bench.work:hash_of_the_bills")
            taken.append(wall)
            hashes.add((bills["hash"], bills["invoices"]))
    assert len(hashes) == 1, f"the run and the statement do not bill the same: {hashes}"
    name = f"month end, {size:,} resources with {USES} uses each, 1 worker"
    yield Result(name, median(ours), "s", median(theirs), median(ours) / median(theirs), 2)


def _rehearsal(setting: Setting, template: str) -> Results:
    with setting.server.copy(template) as url:
        facts = call(url, "bench.work:dry_run")
    assert facts["invoices"] == setting.resources, facts
    yield Result(f"dry run of the month end, {setting.resources:,} resources", facts["seconds"], "s")
    yield Result("dry run, memory", facts["memory_mb"], "MB", limit=150)


def _by_celery(setting: Setting, template: str, by_hand: float) -> Results:
    """The same through the broker and Celery's own processes."""
    with setting.server.copy(template) as url, CeleryWorkers(url, 2) as workers:
        wall = call(url, "bench.work:month_end_by_celery", redis=workers.redis, workers=2)["seconds"]
        memory = workers.memory_mb()
    yield Result("month end, Celery worker with 2 processes", wall, "s", by_hand, wall / by_hand, 2)
    yield Result("month end, memory of a Celery process", memory, "MB", limit=150)


def _flatness(setting: Setting, cost: float) -> Results:
    """Cost per invoice at other sizes, with one worker; at a million also with two."""
    for size, workers in [(setting.resources // 10, 1), *([(MILLION, 1), (MILLION, 2)] if setting.full else [])]:
        with setting.server.copy(setting.server.template("postpaid", size)) as url:
            wall, answers = together(url, [("bench.work:month_end", {})] * workers)
            assert call(url, "bench.work:hash_of_the_bills")["gapless"]
        if workers == 1:
            name = f"month end, cost per invoice at {size:,} against {setting.resources:,}"
            yield Result(name, 1e6 * wall / size, "us", 1e6 * cost, wall / size / cost, 1.25 if setting.full else None)
        else:
            yield Result(f"month end, {size:,} resources, {workers} workers", wall, "s")
            yield Result(f"month end, {size:,} resources, invoices per second", size / wall, "/s")
            memory = max(answer["memory_mb"] for answer in answers)
            yield Result(f"month end, {size:,} resources, memory of a worker", memory, "MB", limit=150)


def sweeps(setting: Setting) -> Results:
    """Expiry with roll-over, purge and reminders, against bare statements."""
    server, size = setting.server, setting.resources
    template = server.template("prepaid", size)
    for name, rows in (("expire and roll over", 2 * size), ("purge", size), ("remind", size)):
        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(setting.times):
            for function, taken in (("sweep_by_hand", theirs), ("sweep", ours)):
                with server.copy(template) as url:
                    if name == "remind":
                        call(url, "bench.work:renew_nothing_automatically")
                    wall, [answer] = together(url, [(f"bench.work:{function}", {"name": name})])
                assert answer["count"] == rows, f"{name}: {answer['count']} instead of {rows}"
                taken.append(wall)
        yield Result(f"{name}, {rows:,} rows", median(ours), "s", median(theirs), median(ours) / median(theirs), 2)
    if setting.full:
        million = server.template("prepaid", MILLION)
        for name, rows in (("expire and roll over", 2 * MILLION), ("purge", MILLION), ("remind", MILLION)):
            with server.copy(million) as url:
                if name == "remind":
                    call(url, "bench.work:renew_nothing_automatically")
                wall, [answer] = together(url, [("bench.work:sweep", {"name": name})])
            assert answer["count"] == rows, answer
            yield Result(f"{name}, {rows:,} rows", wall, "s")


def auto_renew(setting: Setting) -> Results:
    """Charge, payment, invoice and period for every resource that is due, with one and with two workers."""
    server, size = setting.server, setting.resources
    template = server.template("prepaid", size)
    for workers, limit in ((1, None), (2, -3000)):
        walls = []
        for _ in range(setting.times):
            with server.copy(template) as url:
                wall, answers = together(url, [("bench.work:renew", {})] * workers)
            assert sum(answer["count"] for answer in answers) == size, answers
            walls.append(wall)
        yield Result(f"auto-renew, {workers} worker{'s'[: workers - 1]}", size / median(walls), "/s", limit=limit)
    if setting.full:
        with server.copy(server.template("prepaid", MILLION)) as url:
            wall, answers = together(url, [("bench.work:renew", {})] * 2)
        assert sum(answer["count"] for answer in answers) == MILLION, answers
        yield Result(f"auto-renew of {MILLION:,}, 2 workers", MILLION / wall, "/s", limit=-3000)
        memory = max(answer["memory_mb"] for answer in answers)
        yield Result(f"auto-renew of {MILLION:,}, memory of a worker", memory, "MB", limit=150)


def wallet(setting: Setting) -> Results:
    """Spends of 8 clients, each one statement, against pgbench with the same statement, planned each time or once."""
    server, programs = setting.server, setting.server.programs
    if programs is None:
        print("wallet: left out, for pgbench comes with the embedded server")
        return
    everybody = max(setting.resources // RESOURCES_PER_CUSTOMER, 1)
    count = 2000 if setting.resources >= 100_000 else 500
    with server.copy(server.template("postpaid", setting.resources)) as url:
        statement = call(url, "bench.work:spend_statement")
        call(url, "bench.work:spends", count=1, customers=1)  # opens the house account
        for name, customers, limit in (("spread over wallets", everybody, 1.7), ("one hot wallet", 1, 1.3)):
            least = 1 / 0.7 if customers > 1 else None  # spread, ours reach 0.7 of the prepared statement's rate
            script = SPEND.format(customers=customers, statement=statement)
            walls: dict[str, list[float]] = {"": [], "simple": [], "prepared": []}
            for _ in range(max(setting.times, 3)):
                for mode, taken in walls.items():
                    if mode:
                        taken.append(_pgbench(programs / "pgbench", url, script, count, mode))
                    else:
                        arguments = {"count": count, "customers": customers}
                        taken.append(together(url, [("bench.work:spends", arguments)] * CLIENTS)[0])
            ours, simple, prepared = (median(taken) for taken in walls.values())
            spends = CLIENTS * count
            yield Result(f"spends, {name}", spends / ours, "/s", spends / simple, ours / simple, limit)
            against = f"spends, {name}, against pgbench with a prepared statement"
            yield Result(against, spends / ours, "/s", spends / prepared, ours / prepared, least)


def _pgbench(program: object, url: str, script: str, count: int, mode: str = "simple") -> float:
    """Wall seconds of 8 clients with `count` transactions each, without connecting."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [program, "-n", "-M", mode, "-c", CLIENTS, "-j", 2, "-t", count, "-f", file.name, url]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    rate = next(float(line.split()[2]) for line in done.stdout.splitlines() if line.startswith("tps = "))
    return CLIENTS * count / rate


def pages(setting: Setting) -> Results:
    """Histories of a customer with as many invoices as there are resources: the first page and one far inside."""
    server = setting.server
    with server.copy(server.template("history", setting.resources)) as url:
        first, deep = (call(url, "bench.work:pages", depth=depth) for depth in (0, 0.7))
    inside = {page["name"]: page for page in deep}
    for top in first:
        yield Result(f"{top['name']}, first page, {top['queries']} queries", top["median"], "ms", limit=50)
        if page := inside.get(top["name"]):
            name = f"{page['name']}, far inside, {page['queries']} queries"
            yield Result(name, page["median"], "ms", top["median"], limit=50)


def search(setting: Setting) -> Results:
    """What people type in the boxes, among as many resources and invoices as the setting says; with --full a million of each."""
    size = MILLION if setting.full else setting.resources
    with setting.server.copy(setting.server.template("findable", size)) as url:
        found = call(url, "bench.work:searches", size=size)
    for one in found:
        name = f"{one['name']}, {size:,} resources and invoices"
        yield Result(name, one["median"], "ms", one["by_hand"], limit=100)


def documents(setting: Setting) -> Results:
    """PDFs of invoices with two workers: each a file of its own, and as a mail of a month end brings them, sixty in one."""
    count = max(setting.resources // 100, 120)
    with setting.server.copy(setting.server.template("history", setting.resources)) as url:
        bare, _answers = together(url, [("bench.work:documents_by_hand", {"count": count})] * 2)
        for name, at_once in (("PDFs a minute, 2 workers", 1), ("PDFs a minute, 60 in one file, 2 workers", 60)):
            wall, _answers = together(url, [("bench.work:documents", {"count": count, "together": at_once})] * 2)
            yield Result(name, 120 * count / wall, "/min", 120 * count / bare, limit=-10_000)


def exports(setting: Setting) -> Results:
    """All invoices of the long history as a file, and a tenth of them: the memory that it takes is the same."""
    server = setting.server
    rows = setting.resources // HISTORY_MONTHS * HISTORY_MONTHS
    with server.copy(server.template("history", setting.resources)) as url:
        for form in ("csv", "xlsx"):
            tenth = call(url, "bench.work:export", form=form, months=HISTORY_MONTHS // 10)
            whole = call(url, "bench.work:export", form=form, months=HISTORY_MONTHS)
            name = f"export of {rows:,} invoices as {form.upper()}"
            yield Result(f"{name}, rows per second", rows / whole["seconds"], "/s")
            memory, before = whole["memory_mb"], tenth["memory_mb"]
            yield Result(f"{name}, memory, against a tenth of them", memory, "MB", before, memory / before, 1.15)


def not_starved(setting: Setting) -> Results:
    """The 99th percentile of spends and pages while a month end goes on, against an idle machine; medians of several runs."""
    runs = [_beside_a_month_end(setting) for _ in range(setting.times)]
    for name in ("spend", "page"):
        idle, busy = (median(run[when][name] for run in runs) for when in (0, 1))
        yield Result(f"p99 of a {name} during a month end", busy, "ms", idle, busy / idle, 5)


def _beside_a_month_end(setting: Setting) -> tuple[dict[str, float], dict[str, float]]:
    """The 99th percentiles in ms: on the idle machine, and beside a month end with one worker."""
    server, size = setting.server, setting.resources
    seconds = max(2.0, size / 10_000)
    customers = max(size // RESOURCES_PER_CUSTOMER, 1)
    with server.copy(server.template("postpaid", size)) as url:
        call(url, "bench.work:spends", count=10, customers=1)
        idle = call(url, "bench.work:latencies", seconds=seconds, customers=customers)
        reader, worker = (
            Worker(url, "bench.work:latencies", seconds=seconds, customers=customers),
            Worker(url, "bench.work:month_end"),
        )
        worker.go()
        time.sleep(0.2)
        reader.go()
        busy, run = reader.result(), worker.result()
        for process in (reader, worker):
            process.end()
    if run["seconds"] < seconds:
        print(f"not starved: the run ended after {run['seconds']:.1f} of {seconds:.1f} s")
    return idle, busy


def neighbours(setting: Setting) -> Results:
    """One product of five never answers its webhook: the seconds until the requests of the others are delivered."""
    couriers = ("--queues", "couriers", "--pool", "threads")
    with (
        setting.server.copy(setting.server.template("postpaid", 100)) as url,
        CeleryWorkers(url, 16, more=couriers) as workers,
    ):
        found = call(url, "bench.neighbours:beside_a_hanging_webhook", redis=workers.redis)
    assert not found["left"], f"{found['left']} requests were never delivered"
    yield Result("requests of others while a webhook hangs", found["seconds"], "s", limit=10)


MEASURES: dict[str, Callable[[Setting], Results]] = {
    "month-end": month_end,
    "month-end-with-use": month_end_with_use,
    "sweeps": sweeps,
    "auto-renew": auto_renew,
    "wallet": wallet,
    "pages": pages,
    "search": search,
    "documents": documents,
    "exports": exports,
    "not-starved": not_starved,
    "neighbours": neighbours,
    "guards": guards,
    "audit": audit,
    "usage": usage,
    "use-of-a-month": use_of_a_month,
}
