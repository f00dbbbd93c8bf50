from collections.abc import Iterator
from pathlib import Path

import pytest

from .servers import Merchant, Sandbox, running_sandbox, serving


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path) as running:
        yield running


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    taker = Merchant()
    with serving(taker.app):
        yield taker
