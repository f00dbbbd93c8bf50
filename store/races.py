"""
What the slower of two hears who do one thing at the same time.

A constraint stops it, which a customer meets in no other way. The app that declares the constraint says, when it is ready, which
code of a refusal stands for it.
"""

from __future__ import annotations

_codes: dict[str, str] = {}


def slower_is_told(**codes: str) -> None:
    """Codes by the name of the constraint."""
    _codes.update(codes)


def code_of(constraint: str) -> str | None:
    """None: a constraint that nobody meets by being slow."""
    return _codes.get(constraint)


def races() -> dict[str, str]:
    """All codes by the name of their constraint."""
    return dict(_codes)
