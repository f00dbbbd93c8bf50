"""Who owns the tables: the role that migrates. The portal itself runs as another, with `store.rights`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection


@contextmanager
def as_owner() -> Iterator[None]:
    """
    The default connection is the owner's meanwhile, if another than the portal's own is set up (DATABASE_OWNER).

    Outside of a transaction: the connection is closed before and after.
    """
    if not settings.DATABASE_OWNER:
        yield
        return
    ours = connection.settings_dict
    connection.close()
    connection.settings_dict = {**ours, **settings.DATABASE_OWNER}  # `ours` is what settings say, and goes on saying
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = ours
