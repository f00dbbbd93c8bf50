"""Configurations by codes: items with quantities, as they are wanted and as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar, Unpack, cast
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.fields import AnyField, FieldOptions, Input, Several, Text, Whole
from accounts.principals import Principal
from catalog.models import Item, Product
from kernel.errors import InvalidInput
from kernel.shapes import Json

Key = TypeVar("Key")
Row = TypeVar("Row")


class WantedItem(Input):
    """An item that a configuration shall hold."""

    item = Text(max_length=60, help_text="The item's code.")
    quantity = Whole(min_value=1, max_value=10**9, default=1)


MOST_ITEMS = 100
"""In one configuration. A list is refused by its length before its members are looked at."""


def wanted_items(**options: Unpack[FieldOptions[list[object]]]) -> Several:
    """The items that a configuration shall hold, one or more."""
    return Several(child=WantedItem(), most=MOST_ITEMS, **options)


class ConfiguredItem(serializers.Serializer[object]):
    """An item that a configuration holds."""

    item = serializers.CharField(help_text="The item's code.")
    name = serializers.CharField()
    quantity = serializers.IntegerField()


@extend_schema_field(ConfiguredItem(many=True))
class Configuration(serializers.Field[list[Mapping[str, str]], object, object, object]):
    """A configuration as it is kept, by codes. The items are read once per answer."""

    def to_representation(self, value: list[Mapping[str, str]]) -> list[dict[str, object]]:
        return list(self._named(value))

    def _named(self, entries: list[Mapping[str, str]]) -> Iterator[dict[str, object]]:
        known = once(self, "items", lambda: {str(item.pk): item for item in Item.objects.all()})
        for entry in entries:
            item = known[entry["item"]]
            yield {"item": item.code, "name": str(item), "quantity": entry["quantity"]}


@extend_schema_field(str)
class ProductCode(serializers.Field[object, object, str, object]):
    """A product's id as its code. The products are read once per answer."""

    def to_representation(self, value: object) -> str:
        known = once(self, "products", lambda: dict(Product.objects.values_list("pk", "code")))
        code: str = known[UUID(str(value))]
        return code


def once(field: AnyField, name: str, load: Callable[[], dict[Key, Row]]) -> dict[Key, Row]:
    """What `load` gives, for all rows of an answer."""
    context = cast(Json, field.context)
    if name not in context:
        context[name] = load()
    known: dict[Key, Row] = context[name]
    return known


def wanted_product(code: str, principal: Principal) -> Product:
    """
    The product of `code`, which the principal may name.

    :raises InvalidInput: there is none, or it is another team's
    """
    own = Q(pk=principal.product_id) if principal.product_id else Q()
    product = Product.objects.filter(own, code=code).first()
    if product is None:
        raise InvalidInput(_("There is no such product."), field="product")
    return product
