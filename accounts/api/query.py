"""Query parameters: declared for each address, checked before anything is looked up, refused by name when unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Unpack

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.api.fields import Choice, FieldOptions, Flag, Input, Several, Text, Whole
from kernel.shapes import Wording
from store.keyset import SIZE

MAXIMUM_SIZE = 100
MOST_VALUES = 20
NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)


class Query(Input):
    """
    The parameters of an address. Only a `Several` may be given more than once.

    `lookups` says which rows each parameter keeps: its name to the condition on the rows of the list.
    """

    unknown = _("There is no such parameter here.")
    lookups: ClassVar[Mapping[str, str]] = {}

    def to_internal_value(self, data: object) -> object:
        assert isinstance(data, QueryDict), "parameters of an address"
        repeated = {
            name[:60]: [_("Give this parameter once.")]
            for name, texts in data.lists()
            if len(texts) > 1 and not isinstance(self.fields.get(name), Several | None)
        }
        if repeated:
            raise serializers.ValidationError(repeated, code="repeated")
        return super().to_internal_value({name: self._read(name, texts) for name, texts in data.lists()})

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that were asked for."""
        wanted = self.validated_data
        return rows.filter(**{lookup: wanted[name] for name, lookup in self.lookups.items() if name in wanted})

    def _read(self, name: str, texts: list[str]) -> object:
        """The value of a parameter in the type of its field, or as it was written."""
        field, text = self.fields.get(name), texts[0]
        match field:
            case Several():
                return texts
            case Whole() if NUMBER.fullmatch(text):
                return int(text)
            case Flag():
                return {"true": True, "false": False}.get(text, text)
        return text


class Paged(Query):
    """The parameters of every list."""

    after = Text(required=False, max_length=500, help_text="Opaque key: follow `next` of an answer.")
    before = Text(required=False, max_length=500, help_text="Opaque key: follow `previous` of an answer.")
    page_size = Whole(min_value=1, max_value=MAXIMUM_SIZE, default=SIZE, help_text="Rows per page.")


def one_of_many(choices: Sequence[tuple[str, Wording]], **options: Unpack[FieldOptions[list[object]]]) -> Several:
    """A parameter that keeps the rows with any of the values that are given."""
    options.setdefault("help_text", "May be repeated.")
    options.setdefault("required", False)
    return Several(child=Choice(choices=choices), most=MOST_VALUES, **options)
