"""`make bench`: run the measures, print a table, write bench/latest.json."""

from __future__ import annotations

import argparse
import json
import os
import platform
from dataclasses import asdict
from pathlib import Path

from bench.measures import MEASURES
from bench.results import Result, Setting
from bench.server import Server

LATEST = Path(__file__).with_name("latest.json")
RESOURCES, TIMES = 100_000, 3


def main() -> None:
    options = _options()
    server = Server()
    server.start()
    try:
        machine = f"{_processor()}, {os.cpu_count()} cores, {server.describe()}, Python {platform.python_version()}"
        print(machine, flush=True)
        setting = Setting(server, options.resources, options.times, options.full)
        for name in options.only or MEASURES:
            found = []
            for result in MEASURES[name](setting):
                print(_row(result), flush=True)
                facts = {"target": result.target, "met": result.is_met, "machine": machine}
                found.append({"measure": name} | asdict(result) | facts)
            if is_standard(options):
                _keep(name, found)
        if not is_standard(options):
            print(
                f"latest.json keeps the figures of {RESOURCES:,} resources, median of {TIMES}: these are another size."
            )
    finally:
        server.stop()


def is_standard(options: argparse.Namespace) -> bool:
    """Whether the figures may stand beside those of other days: of the same size, measured as often."""
    return (options.resources, options.times) == (RESOURCES, TIMES)


def _keep(measure: str, found: list[dict[str, object]]) -> None:
    """Write what was measured in the place of what the same measure found before; the others stay as they are."""
    before = json.loads(LATEST.read_text()) if LATEST.exists() else []
    kept = {name: [row for row in before if row["measure"] == name] for name in MEASURES} | {measure: found}
    LATEST.write_text(json.dumps([row for rows in kept.values() for row in rows], indent=1) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--resources", type=int, default=RESOURCES)
    parser.add_argument("--times", type=int, default=TIMES, help="how often each is measured; the median counts")
    parser.add_argument(
        "--only", action="append", choices=MEASURES, help="this measure alone; the others stay in latest.json"
    )
    parser.add_argument("--quick", action="store_true", help="20,000 resources, once")
    parser.add_argument("--full", action="store_true", help="the heavy work on a million resources as well")
    options = parser.parse_args()
    if options.quick:
        options.resources, options.times = 20_000, 1
    return options


def _row(result: Result) -> str:
    verdict = {None: "", True: "ok", False: "MISSED"}[result.is_met]
    baseline = "" if result.baseline is None else f"{result.baseline:,.2f}"
    ratio = "" if result.ratio is None else f"{result.ratio:.2f}x"
    return f"{result.name:62} {result.value:>11,.2f} {result.unit:<4} {baseline:>12} {ratio:>7}  {result.target:<10} {verdict}"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())


if __name__ == "__main__":
    main()
