"""A picture of everything that a refusal must leave as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.apps import apps
from django.db import connection

from kernel.errors import DomainError

LEFT_OUT = {"orders_quote", "accounts_seal"}
"""A refused order may leave a fresh quote behind: an offer, nothing more. Seals follow from what they seal."""
APPS = ["accounts", "catalog", "door", "team", "invoices", "ledger", "lifecycle", "notifications", "orders", "payments"]


def books() -> dict[str, str]:
    """Every table of the business, as the number of its rows and a digest over all of their columns."""
    found = {}
    with connection.cursor() as cursor:
        for app in APPS:
            for model in apps.get_app_config(app).get_models():
                table = model._meta.db_table
                if table not in LEFT_OUT:
                    cursor.execute(
                        f"SELECT count(*) || ' ' || md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM {table} t"
                    )
                    found[table] = cursor.fetchone()[0]
    return found


@contextmanager
def nothing_changes() -> Iterator[None]:
    before = books()
    yield
    after = books()
    changed = {table for table in before if after[table] != before[table]}
    assert not changed, changed


@contextmanager
def refused(refusal: type[DomainError], **details: object) -> Iterator[pytest.ExceptionInfo[DomainError]]:
    """What happens inside is refused, with these details among others, and changes nothing anywhere."""
    with nothing_changes(), pytest.raises(refusal) as caught:
        yield caught
    assert details.items() <= caught.value.details.items()
    assert str(caught.value), "a refusal has a sentence"
