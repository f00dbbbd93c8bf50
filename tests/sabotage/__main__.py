"""Run it: `python -m tests.sabotage`, or with ONLY=part of a guard's name."""

from __future__ import annotations

import sys

import pytest

from tests.sabotage.plugin import Sabotage, files

QUIET = ["-qq", "-rN", "--tb=no", "-s"]

if __name__ == "__main__":
    sys.exit(pytest.main([*files(), *QUIET], plugins=[Sabotage()]))
