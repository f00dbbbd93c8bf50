"""Words in a cell of a table that a spreadsheet will open."""

from __future__ import annotations

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Also in full width: spreadsheets in East Asian languages read these as their narrow forms."""


def quoted(text: str) -> str:
    """The text, quoted where a spreadsheet would take it for a formula; names come from customers."""
    return f"'{text}" if text.lstrip(" \u00a0\u3000\ufeff").startswith(STARTS_A_FORMULA) else text
