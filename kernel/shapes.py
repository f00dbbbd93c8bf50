"""Names for what has no narrower type where it passes: who made it says the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from django.utils.functional import Promise

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

Cleaned: TypeAlias = dict[str, Any]
"""What a form, or the body of a request, holds when its fields have checked it: they say the types."""

Json: TypeAlias = dict[str, Any]
"""An object of JSON, as kept in a row or sent: who wrote it says its keys."""

SqlArguments: TypeAlias = dict[str, Any]
"""Values by the names that a statement gives them: psycopg says what it takes."""

if TYPE_CHECKING:
    Wording: TypeAlias = _StrOrPromise
else:
    Wording = str | Promise
"""Words, perhaps those of the language in which they will be read."""
