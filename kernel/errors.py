"""Refusals: what a domain service raises when the customer's situation does not allow the action."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from kernel import reasons
from kernel.display import grouped
from kernel.shapes import Wording


class DomainError(Exception):
    """
    A refusal with a stable `code` for machines and a sentence for people.

    The sentence says what is wrong and what to do next. `details` holds JSON-ready facts (shortfall, limits ...).
    Surfaces translate it once: the API to problem details, the portal to a message, the admin to a warning.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 409
    message: ClassVar[Wording] = _("This is not possible right now.")

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        reasons.know(cls.code, cls.message)

    def __init__(self, message: Wording | None = None, **details: object) -> None:
        self.sentence = message if message is not None else self.message
        self.details = details
        super().__init__(self.code)

    def __str__(self) -> str:
        """The sentence in the present language, its amounts grouped."""
        sentence = str(self.sentence)
        if "%(" not in sentence:
            return sentence
        return sentence % {
            name: grouped(value) if isinstance(value, int) else value for name, value in self.details.items()
        }

    @property
    def about(self) -> str | None:
        """The field of a form, or the member of a body, that it is about."""
        field = self.details.get("field")
        return str(field) if field else None

    def facts(self) -> dict[str, object]:
        """The details as JSON-ready values."""
        return {
            name: value if isinstance(value, int | float | str | bool | None) else str(value)
            for name, value in self.details.items()
        }


def noted(failure: Exception) -> str:
    """
    A failure as it is kept for operators, who read it beside the log: its type and text; of a refusal its code, for its sentence
    would be in the language of whoever worked.
    """
    text = failure.code if isinstance(failure, DomainError) else failure
    return f"{type(failure).__name__}: {text}"


class InvalidInput(DomainError):
    """The request itself is wrong: the caller must change it. `field` names where."""

    code = "invalid-input"
    status = 422
    message = _("Something in the request is not valid. Please check it and send it again.")
