"""
Every test, and how much of our own code they take: `python -m stack.branches [pytest's options]`.

Counted is what runs in the processes of the tests, not in those that they start. What is counted, and the floor below which it
fails, stand in pyproject.toml. `make coverage` lists what no test takes.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

TOO_LITTLE = 2


def main(options: list[str]) -> int:
    """Run the tests, say what they took, and fail if they fail or take too little."""
    with TemporaryDirectory() as folder:
        counted = f"{folder}/all.json"
        counting = [
            sys.executable,
            "-m",
            "slipcover",
            "--fail-under",
            "0",
            "--json",
            "--out",
            counted,
            "-m",
            "pytest",
            *options,
        ]
        code = subprocess.run(counting, check=False).returncode
        with open(counted) as file:
            totals = json.load(file)["summary"]
    print(in_words(totals))
    floor = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["slipcover"]["fail-under"]
    if totals["percent_covered"] < floor:  # asked there, it would take the figures of the tests' processes away
        print("This is less than the floor, `fail-under` in pyproject.toml: `make coverage` lists what no test takes.")
        return code or TOO_LITTLE
    return code


def in_words(totals: Mapping[str, int]) -> str:
    """ "The tests take 4,321 of 4,700 branches (91.9 %) and 20,100 of 20,300 lines (99.0 %)."."""
    counted = []
    for name in ("branches", "lines"):
        taken, left = totals[f"covered_{name}"], totals[f"missing_{name}"]
        counted.append(f"{taken:,} of {taken + left:,} {name} ({100 * taken / max(taken + left, 1):.1f} %)")
    return f"The tests take {' and '.join(counted)}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
