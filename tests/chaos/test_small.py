"""The short version of `make chaos`, and that it would see what it looks for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from stack.engines import Postgres
from tests.chaos.house import ROOT

SMALL = {
    "SEED": "20261126",
    "MINUTES": "0.5",
    "WEB": "4",
    "WORKER": "4",
    "SANDBOX": "2",
    "VALKEY": "1",
    "POSTGRES": "1",
    "SESSION": "4",
    "PAUSE": "1",
    "GAP": "1",
    "CUSTOMERS": "3",
    "LOOK": "1",
    "SANDBOX_CALLBACK_GAP_S": "1",
}
NAMED_HERE = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE"}


@pytest.fixture
def schema(django_db_setup: None, tmp_path: Path) -> Path:
    """The tables of the tests' own database, without a transaction that idles; where they cannot be had, the house migrates."""
    made, dump = connection.settings_dict, tmp_path / "schema.sql"
    user = settings.DATABASE_OWNER.get("USER") or made["USER"]
    place = ["-h", made["HOST"], "-U", user, "-d", made["NAME"]]
    command = [str(Postgres(tmp_path).bin / "pg_dump"), "--no-owner", "--no-privileges", *place]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.returncode:
        dump.write_text(done.stdout)
    return dump


def test_what_was_told_is_there_once_whatever_breaks(schema: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name not in NAMED_HERE} | SMALL
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos"],
        cwd=ROOT,
        env=env | {"SCHEMA": str(schema)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 findings" in done.stdout
