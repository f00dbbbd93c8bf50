"""What it costs that the database refuses and the auditor looks: each guard of a spend, and a look at what is new."""

from __future__ import annotations

from statistics import median

from bench.processes import call
from bench.results import RESOURCES_PER_CUSTOMER, Result, Results, Setting

OF_A_SPEND = {
    "the balance": [("ledger_entry", "moves_the_balance")],
    "that entries sum to zero": [("ledger_entry", "transactions_sum_to_zero")],
    "that a transaction has entries": [("ledger_transaction", "has_entries")],
    "what an account keeps": [
        ("ledger_account", "stays_what_it_is"),
        ("ledger_account", "only_entries_move_the_balance"),
        ("ledger_account", "only_holds_move_what_is_held"),
    ],
}
"""The guards that a spend passes, by what they keep."""


def guards(setting: Setting) -> Results:
    """What each guard costs a spend: one client, with all of them and without one, by turns."""
    without = {"": [], **OF_A_SPEND, "any of these": [one for some in OF_A_SPEND.values() for one in some]}
    count = 2000 if setting.resources >= 100_000 else 500
    customers = max(setting.resources // RESOURCES_PER_CUSTOMER, 1)
    taken: dict[str, list[float]] = {name: [] for name in without}
    with setting.server.copy(setting.server.template("postpaid", setting.resources)) as url:
        call(url, "bench.guarded:spends_without", guards=[], count=10, customers=1)  # opens the house account
        for _ in range(max(setting.times, 3)):
            for name, off in without.items():
                wall = call(url, "bench.guarded:spends_without", guards=off, count=count, customers=customers)[
                    "seconds"
                ]
                taken[name].append(1e6 * wall / count)
    whole = median(taken.pop(""))
    yield Result("a spend with all its guards", whole, "us")
    for name, walls in taken.items():
        yield Result(f"a spend without {name}", median(walls), "us", whole, median(walls) / whole)


def audit(setting: Setting) -> Results:
    """The auditor: a look at ten thousand new rows, against a plain scan of the same customers' rows; and at everything."""
    with setting.server.copy(setting.server.template("postpaid", setting.resources)) as url:
        customers = max(setting.resources // RESOURCES_PER_CUSTOMER, 1)
        found = [
            call(url, "bench.guarded:look_at_the_touched", rows=10_000, customers=customers)
            for _ in range(setting.times)
        ]
        everything = call(url, "bench.guarded:look_at_everything")
    assert not any(one["found"] for one in found), found
    seconds, scan = median(one["seconds"] for one in found), median(one["scan"] for one in found)
    name = f"audit of 10,000 new rows of {found[0]['customers']:,} customers"
    yield Result(name, seconds, "s", scan, limit=1)
    yield Result(f"{name}, against a plain scan of theirs", seconds, "s", scan, seconds / scan)
    yield Result(f"audit of everything, {setting.resources:,} resources", everything["seconds"], "s")
