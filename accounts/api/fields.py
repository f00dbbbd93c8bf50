"""Fields and serializers that take nothing for something else, and write amounts and instants one way."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from kernel.money import MAXIMUM


class Input(serializers.Serializer[Any]):
    """What a client sends: members that are not known are refused, for they may be misspelt."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = {str(name)[:60]: [_("There is no such member.")] for name in data if name not in self.fields}
            if unknown:
                raise serializers.ValidationError(unknown, code="unknown")
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A JSON string; numbers are not."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A JSON integer; neither "1" nor 1.0 nor true."""

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class Money(Whole):
    """An amount in whole đồng, above zero."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=MAXIMUM, **options)


class Flag(serializers.BooleanField):
    """JSON true or false."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Instant(serializers.DateTimeField):
    """ISO 8601 in UTC, whoever reads it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=UTC, **options)


@extend_schema_field({"type": "string", "format": "decimal", "example": "7.7"})
class Rate(serializers.Field[Any, Any, str, Any]):
    """A decimal as a string, exact and without idle zeros."""

    def to_representation(self, value: Any) -> str:
        return plain_decimal(Decimal(value))


def plain_decimal(value: Decimal) -> str:
    """ "90000.000000" -> "90000", "7.700000" -> "7.7"."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
