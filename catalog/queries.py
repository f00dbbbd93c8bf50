"""Which prices and discounts are in force, over time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.configuration import Chosen
from catalog.models import Discount, Item, Price
from catalog.pricing import Component, Rate
from kernel.errors import DomainError
from kernel.periods import Period, truncate

EVER = datetime.min.replace(tzinfo=UTC)
FOREVER = datetime.max.replace(tzinfo=UTC, second=0, microsecond=0)


class NoPrice(DomainError):
    code = "no-price"
    message = _("%(item)s has no price at this time. Please contact support.")

    @property
    def item(self) -> str:
        """The code of what has none, for the record."""
        return str(self.details["item_code"])


Term = TypeVar("Term")


class Validity(NamedTuple, Generic[Term]):
    """A rate or discount and the time in which it is in force."""

    starts_at: datetime
    ends_at: datetime
    value: Term


class PriceBook:
    """
    The prices and discounts of a set of customers, read in three queries, asked without any.

    Prices are history that never changes, so the book answers for any instant, past or future: that is how usage is
    priced across a change of price, however late the bill is written.
    """

    def __init__(self, customer_ids: Collection[UUID], item_ids: Collection[UUID] | None = None) -> None:
        scope = Q() if item_ids is None else Q(pk__in=item_ids)
        self.items: dict[UUID, Item] = {item.pk: item for item in Item.objects.filter(scope)}
        self._rates: dict[tuple[UUID, UUID | None], list[Validity[Rate]]] = defaultdict(list)
        self._discounts: dict[tuple[UUID, UUID], list[Validity[Decimal]]] = defaultdict(list)
        self._versions: dict[UUID, Rate] = {}
        self._with_own_terms: set[UUID] = set()
        self._timelines: dict[tuple[UUID, Decimal, UUID | None, str], list[Validity[Component | None]]] = {}
        prices = Price.objects.filter(Q(customer__isnull=True) | Q(customer__in=customer_ids), item__in=self.items)
        for price in prices.order_by("valid_from"):
            rate = self._versions[price.pk] = Rate(
                price.pk, price.unit_price, price.per_minutes, price.includes_vat, price.vat_rate, price.meter
            )
            self._rates[price.item_id, price.customer_id].append(_validity(price, rate))
            if price.customer_id:
                self._with_own_terms.add(price.customer_id)
        for discount in Discount.objects.filter(customer__in=customer_ids).order_by("valid_from"):
            self._discounts[discount.customer_id, discount.product_id].append(_validity(discount, discount.share))
            self._with_own_terms.add(discount.customer_id)

    def components(
        self, configuration: Iterable[Chosen], *, customer_id: UUID, at: datetime, language: str = "vi"
    ) -> list[Component]:
        """
        The components of `configuration` ([{"item": id, "quantity": n}]) with what is in force at `at`.

        :raises NoPrice: an item has neither a negotiated nor a list price at that instant
        """
        return [
            self.component(UUID(entry["item"]), Decimal(entry["quantity"]), customer_id, at, language)
            for entry in configuration
        ]

    def component(self, item_id: UUID, quantity: Decimal, customer_id: UUID, at: datetime, language: str) -> Component:
        """:raises NoPrice:"""
        item = self.items[item_id]
        rate = _in_force(self._rates.get((item_id, customer_id), ()), at) or _in_force(
            self._rates.get((item_id, None), ()), at
        )
        if rate is None:
            raise NoPrice(item=item.name_in(language), item_code=item.code)
        discount = _in_force(self._discounts.get((customer_id, item.product_id), ()), at) or Decimal(0)
        return Component(item_id, item.name_in(language), item.unit, quantity, rate, discount)

    def used(self, item_id: UUID, price_id: UUID, discount: Decimal, language: str) -> Component:
        """A metered item at the version of its price and the discount with which its month was begun; as yet, nothing of it."""
        item = self.items[item_id]
        return Component(item_id, item.name_in(language), item.unit, Decimal(0), self._versions[price_id], discount)

    def stretches(
        self, item_id: UUID, quantity: Decimal, customer_id: UUID, period: Period, language: str
    ) -> Iterator[tuple[Component, Period]]:
        """
        `period` cut where the price or the discount of the item changes for the customer, each part with what is in force.

        :raises NoPrice: at some time in it there is none
        """
        own_terms = customer_id if customer_id in self._with_own_terms else None
        key = (item_id, quantity, own_terms, language)
        timeline = self._timelines.get(key)
        if timeline is None:
            timeline = self._timelines[key] = self._timeline(item_id, quantity, customer_id, language)
        starts_at, ends_at = period.starts_at, period.ends_at
        for since, until, component in timeline:
            if since < ends_at and starts_at < until:
                if component is None:
                    raise NoPrice(item=self.items[item_id].name_in(language), item_code=self.items[item_id].code)
                is_whole = since <= starts_at and ends_at <= until
                yield component, period if is_whole else Period(max(since, starts_at), min(until, ends_at))

    def _timeline(
        self, item_id: UUID, quantity: Decimal, customer_id: UUID, language: str
    ) -> list[Validity[Component | None]]:
        """All of time, cut at every change; customers without terms of their own share one."""
        found = []
        for since, until in pairwise([EVER, *self._changes(item_id, customer_id), FOREVER]):
            component: Component | None
            try:
                component = self.component(item_id, quantity, customer_id, since, language)
            except NoPrice:
                component = None
            if since < until:
                found.append(Validity(since, until, component))
        return found

    def _changes(self, item_id: UUID, customer_id: UUID) -> list[datetime]:
        """The instants at which the price or the discount of an item changes for a customer, in order."""
        validities: tuple[Validity[Rate] | Validity[Decimal], ...] = (
            *self._rates.get((item_id, customer_id), ()),
            *self._rates.get((item_id, None), ()),
            *self._discounts.get((customer_id, self.items[item_id].product_id), ()),
        )
        return sorted({instant for validity in validities for instant in (validity.starts_at, validity.ends_at)})


def _in_force(validities: Sequence[Validity[Term]], at: datetime) -> Term | None:
    for validity in validities:
        if validity.starts_at <= at < validity.ends_at:
            return validity.value
    return None


def _validity(row: Price | Discount, value: Term) -> Validity[Term]:
    """Prices change on whole minutes, like everything that is billed."""
    return Validity(truncate(row.valid_from), truncate(row.valid_until) if row.valid_until else FOREVER, value)


_counts: list[Callable[[Price], int]] = []


def counts_uses(count: Callable[[Price], int]) -> None:
    """An app above says how many of its own a price is for."""
    _counts.append(count)


def uses_of(price: Price) -> int:
    """How many running resources are billed by this price."""
    return sum(count(price) for count in _counts)
