"""
What a page shows of a row beside its columns is set on the row itself: templates read it there, and no table knows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def open_rows(rows: Iterable[object]) -> list[Any]:
    """The rows, open to what a page sets on them for its template."""
    return list(rows)
