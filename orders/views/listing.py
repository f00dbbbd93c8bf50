"""What the lists of resources ask for: filters and orders that stand in the address, and prices beside the rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Unpack

from django import forms
from django.db.models import BigIntegerField, Case, Count, JSONField, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy

from accounts.models import Customer
from catalog.configuration import Chosen
from catalog.models import Item, Product
from catalog.queries import PriceBook
from invoices.forms import TagField
from kernel.fields import field_of
from kernel.shapes import Cleaned, FormOptions, Json, Sent
from kernel.tags import wanted
from lifecycle.models import RUNNING, Health, Renewal, Resource, State, tagged
from lifecycle.models.terms import RENEWALS, has_health
from orders.queries import month_price
from store.search import SearchForm, search

ALL = ("", gettext_lazy("All"))
IN_USE = [State.NEW, *sorted(RUNNING)]
FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)
MOST_ADDED_UP = 5_000
"""The monthly prices of more resources than this are not added up for a page, nor is it sorted by them."""


class SearchField(forms.CharField):
    def __init__(self, placeholder: object) -> None:
        widget = forms.SearchInput(attrs={"placeholder": placeholder})
        super().__init__(label=gettext_lazy("Search"), required=False, max_length=100, widget=widget)


class ListFilters(forms.Form):
    """Product and text; a value that makes no sense asks for nothing in particular."""

    q = SearchField(gettext_lazy("Name or id"))
    product = forms.ChoiceField(label=gettext_lazy("Product"), required=False)
    tag = TagField()

    def __init__(self, data: Sent = None, *, products: Sequence[Product], **options: Unpack[FormOptions]) -> None:
        super().__init__(data, **options)
        shown = [ALL, *((product.code, str(product)) for product in products)]
        field_of(self, forms.ChoiceField, "product").choices = shown

    @property
    def given(self) -> Cleaned:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def conditions(self, at: datetime) -> list[Q]:
        given = self.given
        found = [Q(product__code=given["product"])] if "product" in given else []
        tag = wanted(given.get("tag", ""))
        return [*found, tagged(tag)] if tag else found

    def apply(self, resources: QuerySet[Resource], *, at: datetime) -> QuerySet[Resource]:
        """The resources that are asked for."""
        return search(resources.filter(*self.conditions(at)), self.given.get("q", ""), ("name",))


class TrashFilters(ListFilters):
    reason = forms.ChoiceField(
        label=gettext_lazy("Why"), required=False, choices=[ALL, *Resource.SuspenseReason.choices]
    )

    def conditions(self, at: datetime) -> list[Q]:
        given = self.given
        return super().conditions(at) + ([Q(suspense_reason=given["reason"])] if "reason" in given else [])


class ResourceFilters(ListFilters):
    """What the list shows, and in which order."""

    type = forms.ChoiceField(label=gettext_lazy("Type"), required=False)
    renewal = forms.ChoiceField(
        label=gettext_lazy("Renewal"),
        required=False,
        choices=[ALL, *Renewal.choices],
    )
    health = forms.ChoiceField(label=gettext_lazy("Health"), required=False, choices=[ALL, *Health.choices])
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[("", gettext_lazy("In use")), *State.choices, ("all", gettext_lazy("All"))],
    )
    sort = forms.ChoiceField(
        label=gettext_lazy("Sort"),
        required=False,
        choices=[
            ("", gettext_lazy("The newest first")),
            ("end", gettext_lazy("What ends soonest")),
            ("price", gettext_lazy("The dearest first")),
            ("name", gettext_lazy("By name")),
        ],
    )

    def __init__(
        self, data: Sent = None, *, products: Sequence[Product], types: Sequence[Item], **options: Unpack[FormOptions]
    ) -> None:
        super().__init__(data, products=products, **options)
        field_of(self, forms.ChoiceField, "type").choices = [ALL, *((str(item.pk), str(item)) for item in types)]

    def conditions(self, at: datetime) -> list[Q]:
        given = self.given
        found = [*super().conditions(at), _of_state(given.get("state", ""))]
        if "type" in given:
            found.append(Q(configuration__contains=[{"item": given["type"]}]))
        if "renewal" in given:
            found.append(RENEWALS[Renewal(given["renewal"])])
        if "health" in given:
            found.append(has_health(Health(given["health"]), at=at))
        return found

    def sorted(self, found: QuerySet[Resource], prices: Prices) -> Json:
        """How `keyset_page` is to be asked: the rows with what they are sorted by, the key, the direction."""
        match self.given.get("sort"):
            case "end":
                ends = found.annotate(sorted_by=Coalesce("paid_until", Value(FOR_EVER)))
                return {"rows": ends, "key": ("sorted_by", "id"), "ascending": True}
            case "name":
                return {
                    "rows": found.annotate(sorted_by=SearchForm("name")),
                    "key": ("sorted_by", "id"),
                    "ascending": True,
                }
            case "price" if prices.all_known:
                return {"rows": found.annotate(sorted_by=prices.as_column()), "key": ("sorted_by", "id")}
        return {"rows": found, "key": ("id",)}


def _of_state(value: str) -> Q:
    if value == "all":
        return Q()
    return Q(state=value) if value else Q(state__in=IN_USE)


class Prices:
    """What each of a customer's configurations costs for 30 days at today's price, tax included."""

    def __init__(self, customer: Customer, found: QuerySet[Resource], *, at: datetime) -> None:
        self._customer, self._at = customer, at
        self.book = PriceBook([customer.pk])
        self._known: dict[str, int | None] = {}
        some = list(found.order_by().values_list("pk", flat=True)[: MOST_ADDED_UP + 1])
        self.all_known = len(some) <= MOST_ADDED_UP
        self._counted: list[tuple[list[Chosen], int]] = []
        if self.all_known:
            groups = Resource.objects.filter(pk__in=found.order_by().values("pk")).values("configuration")
            self._counted = list(groups.annotate(count=Count("pk")).values_list("configuration", "count"))

    def of(self, configuration: Sequence[Chosen]) -> int | None:
        key = repr(configuration)
        if key not in self._known:
            ahead = 1 if self._customer.is_prepaid else None
            self._known[key] = month_price(list(configuration), self.book, self._customer, at=self._at, months=ahead)
        return self._known[key]

    @property
    def total(self) -> int | None:
        """All of the list together; None when there are too many to add up."""
        return sum((self.of(one) or 0) * count for one, count in self._counted) if self.all_known else None

    def as_column(self) -> Case:
        cases = [
            When(configuration=Value(one, JSONField()), then=Value(self.of(one) or 0)) for one, _count in self._counted
        ]
        return Case(*cases, default=Value(0), output_field=BigIntegerField())
