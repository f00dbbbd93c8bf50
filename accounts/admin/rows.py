"""Forms of rows that staff edit: the whole row has to be possible, and a sentence says what is not."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.db.models import BaseConstraint, Model, Q
from django.utils.translation import gettext_lazy as _

from kernel.shapes import Wording


class WholeRow(forms.ModelForm):
    """
    Mixed into the form of a row: every constraint of its model is asked, also those about columns that the form does not show.

    What the database would refuse stands in the form as the constraint's own sentence, beside the field that it is about. What it
    refused all the same (`refused`), for somebody was faster or the question itself failed, stands there too.
    """

    refused: ClassVar[Wording | None] = None
    not_asked: Collection[str] = ()
    """Names of constraints that hold once what the form asks for is carried out."""

    def _post_clean(self) -> None:
        """Django would ask only about what the form shows, and stop at the first question that fails."""
        self.instance.validate_constraints = lambda exclude=None: None
        try:
            super()._post_clean()  # type: ignore[misc]
        finally:
            self.instance.__dict__.pop("validate_constraints", None)
        self._ask_every_constraint()

    def _ask_every_constraint(self) -> None:
        wrong = set(self.errors)  # of what was not understood nothing more is said
        for constraint in self.instance._meta.constraints:
            if constraint.name in self.not_asked:
                continue
            try:
                with transaction.atomic():
                    constraint.validate(type(self.instance), self.instance, exclude=wrong)
            except DatabaseError:  # of such values the question has no answer: saving them is refused
                continue
            except ValidationError as refusal:
                columns = list(dict.fromkeys(_columns(constraint)))
                wrong.update(columns)  # one sentence about each
                shown = [name for name in columns if name in self.fields]
                self.add_error(shown[0] if len(shown) == 1 else None, refusal.messages)
        if self.refused:
            self.add_error(None, self.refused)


def sentence_of(model: type[Model], refusal: DatabaseError) -> Wording:
    """What the database refused, in the words of the constraint; never its name."""
    diagnosis = getattr(refusal.__cause__, "diag", None)
    broken = getattr(diagnosis, "constraint_name", None)
    constraints = [each for near in (model, *_owned(model)) for each in near._meta.constraints]
    return next(
        (str(each.get_violation_error_message()) for each in constraints if each.name == broken),
        _("This cannot be saved: it contradicts what is on record. Load the page anew and look."),
    )


def _owned(model: type[Model]) -> Iterator[type[Model]]:
    """The models whose rows are edited on the page of this one."""
    return (relation.related_model for relation in model._meta.related_objects)


def _columns(constraint: BaseConstraint) -> Iterator[str]:
    """The columns that a constraint is about."""
    yield from getattr(constraint, "fields", ())
    yield from _named(getattr(constraint, "condition", None))


def _named(condition: object) -> Iterator[str]:
    if isinstance(condition, Q):
        for child in condition.children:
            if isinstance(child, Q):
                yield from _named(child)
            elif isinstance(child, tuple):
                yield child[0].split("__")[0]
