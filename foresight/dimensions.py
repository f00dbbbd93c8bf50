"""
By what costs are told apart. A new one is one entry here: where a line has it, and how usage that no line has yet is grouped until
it does. There is one for each key of tags.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models.functions import Coalesce
from django.utils.translation import get_language
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from catalog.models import Item, Product
from invoices.services.unbilled import By, Key
from kernel import actors
from kernel.shapes import Wording
from kernel.tags import CREATED_BY, Wanted, folded, spelling, wanted
from lifecycle.models import Resource
from lifecycle.models.tags import value_of

OfUsage = Callable[[Key, UUID], Key]
"""The key of a row is the id of what it is about; of a tag, its value, "" of what lacks it."""
TAG = "tag"


@dataclass(frozen=True, slots=True)
class Named:
    """What a row is called: for people, and in the API."""

    name: str
    code: str


NO_RESOURCE = "none"
"""The code of what is billed for no resource: what lacks to a commitment."""


def unnamed() -> Named:
    """What is billed for no resource."""
    return Named(str(_("Without a resource")), NO_RESOURCE)


@dataclass(frozen=True, slots=True)
class Dimension:
    """
    `of_line` is where an invoice line has it, seen from the line. Usage that is on no bill is read `by` product, resource or what their
    tags say: `of_usage` makes it of that key and the item.
    """

    code: str
    title: Wording
    heading: Wording
    of_line: str | Coalesce
    by: By
    of_usage: OfUsage
    names: Callable[[Collection[Key]], Mapping[Key, Named]]

    @property
    def is_tag(self) -> bool:
        return self.code.startswith(f"{TAG}:")

    def folded(self, key: Key | None) -> Key | None:
        """What is the same of keys that are alike."""
        return folded(key) if isinstance(key, str) else key

    def shown(self, written: Mapping[Key | None, int]) -> Key | None:
        """Of keys that are alike, with how often each is written, the one that is shown."""
        values = {key: count for key, count in written.items() if isinstance(key, str)}
        return spelling(values) if values else next(iter(written))


def _products(keys: Collection[Key]) -> Mapping[Key, Named]:
    return {product.pk: Named(str(product), product.code) for product in Product.objects.filter(pk__in=keys)}


def _resources(keys: Collection[Key]) -> Mapping[Key, Named]:
    return {pk: Named(name, str(pk)) for pk, name in Resource.objects.filter(pk__in=keys).values_list("pk", "name")}


def _items(keys: Collection[Key]) -> Mapping[Key, Named]:
    language = get_language() or "vi"
    items = Item.objects.filter(pk__in=keys).select_related("product")
    return {item.pk: Named(item.name_in(language), f"{item.product.code}/{item.code}") for item in items}


def _read_so(key: Key, _item: UUID) -> Key:
    return key


def _of_items(_key: Key, item: UUID) -> Key:
    return item


def _called(key: str, value: str) -> str:
    if not value:
        return text("without this tag")
    return actors.who(value) if key == CREATED_BY else value


def _filter_for(key: str, value: str) -> str:
    """As lists are asked for what is tagged so."""
    return str(Wanted(key, value or None, without=not value))


DIMENSIONS = {
    one.code: one
    for one in (
        Dimension("product", _("Product"), _("By product"), "invoice__product", "product", _read_so, _products),
        Dimension("resource", _("Resource"), _("By resource"), "invoice__resource", "resource", _read_so, _resources),
        Dimension("item", _("Item"), _("By item"), "item", "product", _of_items, _items),
    )
}


def by_tag(key: str) -> Dimension:
    """
    By the values of a tag: what is billed by those that its line was issued with, what is on no bill yet by what its resource is
    tagged with now, which its line will keep. Values that are alike are one, called as most of it is.
    """

    def names(values: Collection[Key]) -> Mapping[Key, Named]:
        return {value: Named(_called(key, str(value)), _filter_for(key, str(value))) for value in values}

    now = value_of("resource__tags", key)
    return Dimension(f"{TAG}:{key}", key, _("By tag"), value_of("tags", key), now, _read_so, names)


def dimension_of(code: str) -> Dimension | None:
    """ "product", or "tag:Environment"; None where it is neither."""
    kind, _colon, name = code.partition(":")
    asked = wanted(name) if kind == TAG else None
    return by_tag(asked.key) if asked else DIMENSIONS.get(code)
