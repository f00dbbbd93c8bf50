"""
Every test, and how much of our own code they take: `python -m stack.branches [pytest's options]`.

What is counted, and the floor below which it fails, stand in pyproject.toml. `make coverage` lists what no test takes.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from tempfile import TemporaryDirectory

RUN = [sys.executable, "-m", "coverage"]


def main(options: list[str]) -> int:
    """Run the tests, say what they took, and fail if they fail or take too little."""
    shutil.rmtree(".coverage", ignore_errors=True)  # of an earlier run
    tests = subprocess.run([*RUN, "run", "-m", "pytest", *options], check=False).returncode
    subprocess.run([*RUN, "combine", "--quiet"], check=True)
    enough = subprocess.run([*RUN, "report", "--format=total"], stdout=subprocess.DEVNULL, check=False).returncode == 0
    with TemporaryDirectory() as folder:
        subprocess.run([*RUN, "json", "--quiet", "--fail-under=0", "-o", f"{folder}/all.json"], check=True)
        with open(f"{folder}/all.json") as file:
            print(in_words(json.load(file)["totals"]))
    if not enough:
        print("This is less than the floor, `fail_under` in pyproject.toml: `make coverage` lists what no test takes.")
    return tests or (0 if enough else 1)


def in_words(totals: Mapping[str, int]) -> str:
    """ "The tests take 4,321 of 4,700 branches (91.9 %) and 20,100 of 20,300 lines (99.0 %)."."""
    counted = [
        f"{taken:,} of {there:,} {name} ({100 * taken / max(there, 1):.1f} %)"
        for name, taken, there in (
            ("branches", totals["covered_branches"], totals["num_branches"]),
            ("lines", totals["covered_lines"], totals["num_statements"]),
        )
    ]
    return f"The tests take {' and '.join(counted)}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
