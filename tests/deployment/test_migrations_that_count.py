"""Migrations run while business goes on: one that adds up rows holds them first."""

import re

import pytest
from django.db import connection
from django.db.migrations import RunSQL
from django.db.migrations.loader import MigrationLoader

from store.migrating import CountLocked
from tests.owner import as_owner

OURS = {
    "accounts",
    "billing_portal",
    "catalog",
    "door",
    "team",
    "invoices",
    "ledger",
    "lifecycle",
    "notifications",
    "orders",
    "payments",
}


def test_every_migration_that_counts_locks_first() -> None:
    unlocked = {
        (app, name)
        for (app, name), migration in MigrationLoader(None).disk_migrations.items()
        if app in OURS
        for operation in migration.operations
        if isinstance(operation, RunSQL) and not isinstance(operation, CountLocked)
        if re.search(r"\b(sum|count)\(", str(operation.sql).lower())
        if not re.match(r"\s*create (or replace )?function", str(operation.sql).lower())  # which counts nothing yet
    }
    assert not unlocked


@pytest.mark.django_db
def test_what_is_counted_is_written_by_nobody_until_the_migration_commits() -> None:
    with as_owner(), connection.schema_editor(atomic=False) as editor:
        CountLocked(["invoices_invoice"], "SELECT sum(total) FROM invoices_invoice").database_forwards(
            "invoices", editor, None, None
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT mode FROM pg_locks WHERE relation = 'invoices_invoice'::regclass AND mode LIKE 'Share%Exclusive%'"
        )
        assert ("ShareRowExclusiveLock",) in cursor.fetchall()
