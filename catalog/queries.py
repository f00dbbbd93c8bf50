"""Which prices and discounts are in force, over time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.configuration import Chosen
from catalog.meters import Aggregation
from catalog.models import Commitment, Discount, Item, Price
from catalog.pricing import Component, Rate
from catalog.taxes import Taxes
from catalog.terms import LONGEST
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
    """A price or discount and the time in which it is in force."""

    starts_at: datetime
    ends_at: datetime
    value: Term


class PriceBook:
    """
    The prices, discounts and commitments of a set of customers with the rates of VAT, read in five queries, asked without any.

    Prices are history that never changes, so the book answers for any instant, past or future: that is how usage is
    priced across a change of price, however late the bill is written. A price names a tax category; its rate is that of the tax
    point (docs/decisions/027-a-line-is-taxed-at-its-tax-point.md).

    :param taxes: other rates than those in the books, to see what they would change
    """

    def __init__(
        self, customer_ids: Collection[UUID], item_ids: Collection[UUID] | None = None, *, taxes: Taxes | None = None
    ) -> None:
        scope = Q() if item_ids is None else Q(pk__in=item_ids)
        self.items: dict[UUID, Item] = {item.pk: item for item in Item.objects.filter(scope)}
        self.taxes = taxes or Taxes.read()
        self._prices: dict[tuple[UUID, UUID | None, int], list[Validity[Price]]] = defaultdict(list)
        self._terms: dict[UUID, set[int]] = defaultdict(lambda: {1})
        self._versions: dict[UUID, Price] = {}
        self._rates: dict[tuple[UUID, Decimal], Rate] = {}
        self._discounts: dict[tuple[UUID, UUID], list[Validity[Decimal]]] = defaultdict(list)
        self._commitments: dict[UUID, list[Validity[Decimal]]] = defaultdict(list)
        self._with_own_terms: set[UUID] = set()
        self._timelines: dict[tuple[UUID, Decimal, UUID | None, str], list[Validity[Component | None]]] = {}
        prices = Price.objects.filter(Q(customer__isnull=True) | Q(customer__in=customer_ids), item__in=self.items)
        for price in prices.order_by("valid_from"):
            self._prices[price.item_id, price.customer_id, price.months].append(_validity(price, price))
            self._terms[price.item_id].add(price.months)
            self._versions[price.pk] = price
            if price.customer_id:
                self._with_own_terms.add(price.customer_id)
        for discount in Discount.objects.filter(customer__in=customer_ids).order_by("valid_from"):
            self._discounts[discount.customer_id, discount.product_id].append(_validity(discount, discount.share))
            self._with_own_terms.add(discount.customer_id)
        for one in Commitment.objects.filter(customer__in=customer_ids).order_by("starts_on"):
            period = one.period
            self._commitments[one.customer_id].append(Validity(period.starts_at, period.ends_at, one.share))
            self._with_own_terms.add(one.customer_id)

    def components(
        self,
        configuration: Iterable[Chosen],
        *,
        customer_id: UUID,
        at: datetime,
        language: str = "vi",
        taxed_at: datetime | None = None,
        months: int | None = None,
    ) -> list[Component]:
        """
        The components of `configuration` ([{"item": id, "quantity": n}]) with what is in force at `at`.

        :param taxed_at: the tax point, if it is another instant
        :param months: how long is paid for ahead; None: it is billed as it is used

        :raises NoPrice: an item has neither a negotiated nor a list price at that instant, or its price has no rate of VAT then
        """
        return [
            self.component(
                UUID(entry["item"]),
                Decimal(entry["quantity"]),
                customer_id,
                at,
                language,
                taxed_at=taxed_at,
                months=months,
            )
            for entry in configuration
        ]

    def component(
        self,
        item_id: UUID,
        quantity: Decimal,
        customer_id: UUID,
        at: datetime,
        language: str,
        *,
        taxed_at: datetime | None = None,
        months: int | None = None,
    ) -> Component:
        """
        Paid ahead, at the lowest price of the terms that `months` reach: nobody pays more for staying longer. Billed as it is used,
        with the discount of a commitment.

        :raises NoPrice:
        """
        item = self.items[item_id]
        rates = self.rates(item_id, customer_id, at, taxed_at=taxed_at, months=months or 1)
        if not rates:
            raise NoPrice(item=item.name_in(language), item_code=item.code)
        negotiated = _in_force(self._discounts.get((customer_id, item.product_id), ()), at) or Decimal(0)
        commitments = () if months else self._commitments.get(customer_id, ())
        committed = _in_force(commitments, at) or Decimal(0)
        discount = min(negotiated + committed, Decimal(1))
        name = item.name_in(language)
        return Component(item_id, name, item.unit, quantity, rates[-1], discount, committed=discount - negotiated)

    def rates(
        self, item_id: UUID, customer_id: UUID, at: datetime, *, taxed_at: datetime | None = None, months: int = LONGEST
    ) -> list[Rate]:
        """
        What an item costs without a term, and then each term of up to `months` that is lower than all that are shorter.

        Of each term the negotiated price counts, or else the list price.
        """
        found: list[Rate] = []
        for term in sorted(self._terms[item_id]):
            price = self._version(item_id, customer_id, term, at) if term <= months else None
            rate = self._taxed(price, taxed_at or at) if price else None
            if rate and not found:
                found.append(rate)
            elif rate and rate.of_a_minute < found[-1].of_a_minute:
                found.append(replace(rate, without_term=found[0] if found[0].months == 1 else None))
        return found

    def _version(self, item_id: UUID, customer_id: UUID, months: int, at: datetime) -> Price | None:
        negotiated = _in_force(self._prices.get((item_id, customer_id, months), ()), at)
        return negotiated or _in_force(self._prices.get((item_id, None, months), ()), at)

    def used(
        self,
        item_id: UUID,
        price_id: UUID,
        discounts: tuple[Decimal, Decimal],
        language: str,
        *,
        taxed_at: datetime,
    ) -> Component:
        """
        A metered item at the version of its price and the discount with which its month was begun; as yet, nothing of it.

        :param discounts: all of it, and what of it a commitment gives

        :raises NoPrice: its category has no rate of VAT at that tax point
        """
        item = self.items[item_id]
        rate = self._rate(self._versions[price_id], item, language, taxed_at)
        discount, committed = discounts
        return Component(item_id, item.name_in(language), item.unit, Decimal(0), rate, discount, committed=committed)

    def parts_of_use(self, component: Component, period: Period) -> list[Period]:
        """`period` cut where the rate of VAT of what was used changes. The last level is that of its end, and never cut."""
        if self.items[component.item_id].aggregation == Aggregation.LAST:
            return [period]
        cuts = self.taxes.cuts(period, self.category_of(component.rate))
        return [Period(start, end) for start, end in pairwise([period.starts_at, *cuts, period.ends_at])]

    def taxed(self, component: Component, language: str, *, at: datetime) -> Component:
        """
        The same at another tax point.

        :raises NoPrice: its category has no rate of VAT then
        """
        item, price = self.items[component.item_id], self._versions[component.rate.price_id]
        rate = self._rate(price, item, language, at)
        return component if rate is component.rate else replace(component, rate=rate)

    def _rate(self, price: Price, item: Item, language: str, at: datetime) -> Rate:
        """:raises NoPrice:"""
        rate = self._taxed(price, at)
        if rate is None:
            raise NoPrice(item=item.name_in(language), item_code=item.code)
        return rate

    def _taxed(self, price: Price, at: datetime) -> Rate | None:
        """What a price says at a tax point; None while its category has no rate."""
        vat = self.taxes.rate_at(str(price.tax_category_id), at)
        if vat is None:
            return None
        if (rate := self._rates.get((price.pk, vat))) is None:
            rate = Rate(
                price.pk, price.unit_price, price.per_minutes, price.includes_vat, vat, price.meter, price.months
            )
            self._rates[price.pk, vat] = rate
        return rate

    def category_of(self, rate: Rate) -> str:
        """The tax category of a price that this book has quoted."""
        return str(self._versions[rate.price_id].tax_category_id)

    def stretches(
        self, item_id: UUID, quantity: Decimal, customer_id: UUID, period: Period, language: str
    ) -> Iterator[tuple[Component, Period]]:
        """
        `period` cut where the price or the discount of the item changes for the customer, each part with what is in force.

        Where the rate of VAT changes it is cut as well, or (setting TAX_SPLITS_USAGE) taxed as a whole as in its last minute.

        :raises NoPrice: at some time in it there is none
        """
        cut = self._cut(item_id, quantity, customer_id, period, language)
        return cut if settings.TAX_SPLITS_USAGE else _taxed_as_a_whole(cut)

    def _cut(
        self, item_id: UUID, quantity: Decimal, customer_id: UUID, period: Period, language: str
    ) -> Iterator[tuple[Component, Period]]:
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
        found: list[Validity[Component | None]] = []
        priced, taxed = self._changes(item_id, customer_id)
        for since, until in pairwise([EVER, *sorted(priced | taxed), FOREVER]):
            component: Component | None
            try:
                component = self.component(item_id, quantity, customer_id, since, language)
            except NoPrice:
                component = None
            if found and since not in priced and found[-1].value == component:
                found[-1] = Validity(found[-1].starts_at, until, component)  # the rate of another category has changed
            elif since < until:
                found.append(Validity(since, until, component))
        return found

    def _changes(self, item_id: UUID, customer_id: UUID) -> tuple[set[datetime], set[datetime]]:
        """The instants at which the price or the discount of an item changes for a customer, and the VAT of one of its prices."""
        prices = (*self._prices.get((item_id, customer_id, 1), ()), *self._prices.get((item_id, None, 1), ()))
        discounts = self._discounts.get((customer_id, self.items[item_id].product_id), ())
        commitments = self._commitments.get(customer_id, ())
        validities: tuple[Validity[Price] | Validity[Decimal], ...] = (*prices, *discounts, *commitments)
        priced = {instant for validity in validities for instant in (validity.starts_at, validity.ends_at)}
        categories = {str(validity.value.tax_category_id) for validity in prices}
        return priced, {instant for category in categories for instant in self.taxes.changes(category)}


def _taxed_as_a_whole(cut: Iterable[tuple[Component, Period]]) -> Iterator[tuple[Component, Period]]:
    """Parts that differ in their VAT alone are one again, taxed as the last of them."""
    held: tuple[Component, Period] | None = None
    for component, period in cut:
        if held and _differ_in_vat_alone(held[0], component):
            held = component, Period(held[1].starts_at, period.ends_at)
            continue
        if held:
            yield held
        held = component, period
    if held:
        yield held


def _differ_in_vat_alone(one: Component, other: Component) -> bool:
    vat = other.rate.vat_rate
    return one.rate.vat_rate != vat and replace(one, rate=replace(one.rate, vat_rate=vat)) == other


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
