"""Names for what has no narrower type where it passes: who made it says the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

from django.utils.functional import Promise

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile
    from django.db.models import Model
    from django.forms.renderers import BaseRenderer
    from django.forms.utils import ErrorList
    from django.utils.datastructures import MultiValueDict
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

Sent: TypeAlias = Mapping[str, object] | None
"""What a form was sent with, or nothing: it is shown for the first time."""

if TYPE_CHECKING:
    Uploads: TypeAlias = MultiValueDict[str, UploadedFile[bytes]] | None
else:
    Uploads = object
"""The files it was sent with."""


class FormOptions(TypedDict, total=False):
    """What a form of ours hands on to the framework's, beside what it was sent with."""

    initial: dict[str, object]
    prefix: str


class RowFormOptions(FormOptions, total=False):
    """What the framework's own pages hand on to the form of a row."""

    auto_id: bool | str
    error_class: type[ErrorList]
    empty_permitted: bool
    instance: Model | None
    use_required_attribute: bool
    renderer: BaseRenderer


class FieldWords(TypedDict, total=False):
    """What stands beside a field."""

    label: Wording
    help_text: Wording
