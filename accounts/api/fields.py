"""Fields and serializers that take nothing for something else, and write amounts and instants one way."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from types import UnionType
from typing import Any, ClassVar, Generic, NoReturn, TypeAlias, TypedDict, TypeVar, Unpack
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema_field
from rest_framework import serializers

from kernel.money import MAXIMUM
from kernel.periods import CalendarMonth
from kernel.shapes import Wording
from kernel.tags import Change, in_order

MOST_UNKNOWN = 50
EARLIEST = datetime(1, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])", re.ASCII)


Value = TypeVar("Value")
AnyField: TypeAlias = serializers.Field[Any, Any, Any, Any]
"""A field, whatever it reads and writes."""


class FieldOptions(TypedDict, Generic[Value], total=False):
    """What a field of ours, of values of some kind, hands on to the framework's."""

    required: bool | None
    default: Value
    allow_null: bool
    help_text: Wording
    source: str


class TextOptions(FieldOptions[str], total=False):
    allow_blank: bool
    max_length: int


class Input(serializers.Serializer[object]):
    """What a client sends: members that are not known are refused, for they may be misspelt."""

    unknown: Wording = _("There is no such member.")

    @classmethod
    def described(cls) -> object:
        """What the OpenAPI document tells of it."""
        return cls

    @classmethod
    def says_something(cls) -> bool:
        """Whether there is no such body without any member, or none at all."""
        return any(field.required for field in cls().fields.values())

    def to_internal_value(self, data: object) -> object:
        if isinstance(data, Mapping):
            names = islice((name for name in data if name not in self.fields), MOST_UNKNOWN)
            unknown = {str(name)[:60]: [self.unknown] for name in names}
            if unknown:
                raise serializers.ValidationError(unknown, code="unknown")
        return super().to_internal_value(data)


class OneShapeOf(Input):
    """One of several shapes, told apart by the member `action`; `unless_said` is what it is when it is left out."""

    shapes: ClassVar[Mapping[str, type[Input]]]
    unless_said: ClassVar[str] = ""

    @classmethod
    def described(cls) -> object:
        return PolymorphicProxySerializer(
            component_name=cls.__name__,
            serializers=list(dict.fromkeys(cls.shapes.values())),
            resource_type_field_name=None,
        )

    @classmethod
    def says_something(cls) -> bool:
        return all(shape.says_something() for shape in cls.shapes.values())

    def to_internal_value(self, data: object) -> object:
        if not isinstance(data, Mapping):
            raise serializers.ValidationError({"non_field_errors": [_("Send a JSON object.")]})
        action = data.get("action", self.unless_said)
        if not isinstance(action, str) or action not in self.shapes:
            sentence = _("Choose one of %(known)s.") % {"known": ", ".join(self.shapes)}
            raise serializers.ValidationError({"action": sentence}, code="unknown-action")
        shape = self.shapes[action](data=data, context=self.context)
        shape.is_valid(raise_exception=True)
        return shape.validated_data


class Nothing(Input):
    """The body of a write that needs no more than its address: none, or an empty object."""


@extend_schema_field({"type": "string", "pattern": r"^[^\u0000]*$"})
class Remark(serializers.CharField):
    """A JSON string, which may be left out or empty; numbers are none."""

    def __init__(self, **options: Unpack[TextOptions]) -> None:
        options.setdefault("required", False)
        options.setdefault("allow_blank", True)
        super().__init__(**options)

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


BLANK = r"\t-\r\u001c- \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""What is taken off the ends of a text. The pattern `\\s` means some others: not the separators of files, but the byte order mark."""


@extend_schema_field({"type": "string", "pattern": rf"^[^\u0000]*[^\u0000{BLANK}][^\u0000]*$"})
class Text(Remark):
    """A JSON string with something to read in it."""

    def __init__(self, **options: Unpack[TextOptions]) -> None:
        options.setdefault("required", None)
        options.setdefault("allow_blank", False)
        super().__init__(**options)


@extend_schema_field(
    {"type": "object", "additionalProperties": {"type": "string"}, "example": {"Environment": "production"}}
)
class TagSet(serializers.Field[Change, object, dict[str, str], object]):
    """Tags: keys with values, the fixed keys first."""

    default_error_messages = {"invalid": _("Tags are an object: keys with their values.")}
    values: ClassVar[type | UnionType] = str

    def to_representation(self, value: Change) -> dict[str, str]:
        return in_order({key: text for key, text in value.items() if text is not None})

    def to_internal_value(self, data: object) -> Change:
        if not isinstance(data, Mapping) or not all(isinstance(text, self.values) for text in data.values()):
            self.fail("invalid")
        return {str(key): text for key, text in data.items()}


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string", "nullable": True}})
class TagChange(TagSet):
    """Values from now on; null takes a tag off."""

    values = str | None


@extend_schema_field({"type": "string", "format": "uuid"})
class Identifier(serializers.Field[UUID, object, str, object]):
    """A UUID in its one usual form."""

    default_error_messages = {"invalid": _("This is no id: 8-4-4-4-12 hexadecimal digits.")}
    form = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)

    def to_internal_value(self, data: object) -> UUID:
        if not (isinstance(data, str) and self.form.fullmatch(data)):
            self.fail("invalid")
        return UUID(data)

    def to_representation(self, value: UUID) -> str:
        return str(value)


class Choice(serializers.ChoiceField):
    """One of some values, of their own JSON type: 3 is not "3". Who sends another one is told which there are."""

    default_error_messages = {"invalid_choice": _('"{input}" is none of these: {known}.')}

    def fail(self, key: str, **facts: object) -> NoReturn:
        super().fail(key, known=", ".join(map(str, self.choices)), **facts)

    def to_internal_value(self, data: object) -> Any:
        if isinstance(data, bool) or not isinstance(data, int | str):
            self.fail("invalid_choice", input=str(data)[:60])
        value = super().to_internal_value(data)
        if isinstance(value, int) != isinstance(data, int):
            self.fail("invalid_choice", input=data)
        return value


class Several(serializers.ListField):
    """A list with a bound, which is looked at before what is in it."""

    def __init__(self, *, child: AnyField, most: int, **options: Unpack[FieldOptions[list[object]]]) -> None:
        super().__init__(child=child, min_length=1, max_length=most, allow_empty=False, **options)
        self.most = most

    def to_internal_value(self, data: list[object]) -> list[object]:
        if isinstance(data, list) and len(data) > self.most:
            raise serializers.ValidationError(
                _("At most %(most)s can be sent at once.") % {"most": self.most}, code="max_length"
            )
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A JSON integer; neither "1" nor 1.0 nor true."""

    def to_internal_value(self, data: object) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class Money(Whole):
    """An amount in whole đồng, above zero."""

    def __init__(self, **options: Unpack[FieldOptions[int]]) -> None:
        super().__init__(min_value=1, max_value=MAXIMUM, **options)


class Flag(serializers.BooleanField):
    """JSON true or false."""

    def to_internal_value(self, data: object) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=str(data)[:60])
        return data


class Instant(serializers.DateTimeField):
    """
    RFC 3339, read from any zone and written in UTC, whoever asks.

    What lies beyond the calendar that we keep (years 1 to 9999) is taken for its first or last instant.
    """

    form = re.compile(
        r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d):(\d\d)(?:\.(\d{1,6})\d*)?(?:[Zz]|([+-])(\d\d):(\d\d))", re.ASCII
    )

    def __init__(self, **options: Unpack[FieldOptions[datetime | None]]) -> None:
        super().__init__(default_timezone=UTC, **options)

    def to_internal_value(self, value: object) -> datetime:
        found = self.form.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ssZ")
        day, time, second, fraction, sign, hours, minutes = found.groups(default="")
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
        leap = second == "60"
        if hours > "23" or minutes > "59":
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ssZ")
        early = day.startswith("0000")
        try:
            local = datetime.fromisoformat(f"{'0004' + day[4:] if early else day}T{time}:{'59' if leap else second}")
        except ValueError:
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ssZ")
        if early:
            return EARLIEST
        try:
            local = local.replace(microsecond=int(fraction.ljust(6, "0") or 0), tzinfo=UTC)
            return local - offset + timedelta(seconds=leap)
        except OverflowError:
            return EARLIEST if local.year == 1 else LATEST


@extend_schema_field({"type": "string", "format": "decimal", "example": "7.7"})
class Rate(serializers.Field[object, object, str, object]):
    """A decimal as a string, exact and without idle zeros."""

    def to_representation(self, value: object) -> str:
        return plain_decimal(Decimal(str(value)))


def plain_decimal(value: Decimal) -> str:
    """ "90000.000000" -> "90000", "7.700000" -> "7.7"."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@extend_schema_field({"type": "string", "pattern": "^20[0-9]{2}-(0[1-9]|1[0-2])$", "example": "2026-08"})
class Month(Text):
    """A calendar month of the billing zone, of this century."""

    default_error_messages = {"month": _("Write the month as 2026-08.")}

    def to_internal_value(self, data: object) -> Any:
        text = super().to_internal_value(data)
        if not MONTH.fullmatch(text):
            self.fail("month")
        return CalendarMonth.parse(text)
