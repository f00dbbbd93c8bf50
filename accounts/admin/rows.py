"""Forms of rows that staff edit: the whole row has to be possible, and a sentence says what is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q


class WholeRow:
    """
    Mixed into the form of a row: every constraint of its model is asked, also those about columns that the form does not show.

    What the database would refuse stands in the form as the constraint's own sentence, beside the field that it is about.
    """

    def validate_constraints(self: Any) -> None:
        wrong = set(self.errors)  # of what was not understood nothing more is said
        for constraint in self.instance._meta.constraints:
            try:
                constraint.validate(type(self.instance), self.instance, exclude=wrong)
            except ValidationError as refusal:
                shown = [name for name in dict.fromkeys(_columns(constraint)) if name in self.fields]
                self.add_error(shown[0] if len(shown) == 1 else None, refusal.messages)


def _columns(constraint: Any) -> Iterator[str]:
    """The columns that a constraint is about."""
    yield from getattr(constraint, "fields", ())
    yield from _named(getattr(constraint, "condition", None))


def _named(condition: Any) -> Iterator[str]:
    if isinstance(condition, Q):
        for child in condition.children:
            if isinstance(child, Q):
                yield from _named(child)
            elif isinstance(child, tuple):
                yield child[0].split("__")[0]
