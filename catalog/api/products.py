"""Products with their items and prices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.api.fields import Rate
from accounts.may import LOOK
from catalog import pricing
from catalog.meters import Aggregation, Tiering
from catalog.models import Item, Price, Product
from catalog.price_words import meter_words
from catalog.queries import NoPrice, PriceBook

NOBODY = UUID(int=0)
"""Has negotiated nothing: stands for a product team, which sees list prices."""


class OfferedTier(serializers.Serializer[object]):
    above = Rate(help_text="Units of the month, beyond those included.")
    unit_price = Rate()


class OfferedMeter(serializers.Serializer[object]):
    """How the units of a calendar month become an amount."""

    aggregation = serializers.ChoiceField(
        choices=Aggregation.choices, help_text="How what was used in a month becomes one quantity."
    )
    included = Rate(help_text="Units of each month that cost nothing; tiers are counted beyond them.")
    tiering = serializers.ChoiceField(choices=Tiering.choices)
    tiers = OfferedTier(many=True)
    package_size = Rate(
        allow_null=True, help_text="Units in a package, of which each that is begun costs the unit price."
    )
    minimum = serializers.IntegerField(help_text="VND of a month in which more was used than is included.")
    cap = serializers.IntegerField(allow_null=True, help_text="VND of a month at most.")
    in_words = serializers.ListField(child=serializers.CharField(), help_text="The price in phrases, for people.")


class OfferedTerm(serializers.Serializer[object]):
    """A lower price for whoever pays for longer."""

    months = serializers.IntegerField(help_text="For at least so many months ahead.")
    unit_price = Rate()
    per = serializers.ChoiceField(choices=["month", "hour"])
    includes_vat = serializers.BooleanField()


class ComingRate(serializers.Serializer[object]):
    """A rate of VAT that begins on a later day."""

    since = serializers.DateField(help_text="From the beginning of this day on, in the billing zone.")
    rate = Rate()


class OfferedItem(serializers.Serializer[object]):
    """An item and the price in force for who asks."""

    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Item.Kind.choices)
    unit = serializers.CharField()
    maximum = serializers.IntegerField(help_text="Most of it in one resource.")
    unit_price = Rate(help_text="VND for one unit, as a decimal.")
    per = serializers.ChoiceField(
        choices=["month", "hour", "unit"], help_text="A month is 30 days. Unit: metered, each unit that is used."
    )
    meter = OfferedMeter(allow_null=True, help_text="Of metered items; null for all others.")
    includes_vat = serializers.BooleanField()
    tax_category = serializers.CharField(help_text="Its rate is the one of the tax point: when it is paid, or used.")
    vat_rate = Rate(help_text="Today's.")
    vat_changes = ComingRate(many=True, help_text="The rates that are known to come.")
    discount = Rate(help_text="Negotiated share off, 0 to 1.")
    terms = OfferedTerm(many=True, help_text="Lower prices for longer terms, the shortest first.")


class OfferedProduct(serializers.Serializer[object]):
    code = serializers.CharField()
    name = serializers.CharField(source="__str__")
    is_on_sale = serializers.BooleanField()
    is_refundable = serializers.BooleanField(help_text="Whether unused paid time comes back on deletion.")
    grace_days = serializers.IntegerField(help_text="From the end of paid time to the trash.")
    days_in_trash_after_expiry = serializers.IntegerField()
    days_in_trash_after_deletion = serializers.IntegerField(help_text="0: deleted at once, for good.")
    days_without_credit = serializers.IntegerField(
        allow_null=True,
        help_text="After the notice that credit does not cover what prepaid resources use they stop; null: they run on.",
    )
    items = serializers.SerializerMethodField()

    @extend_schema_field(OfferedItem(many=True))
    def get_items(self, product: Product) -> object:
        return OfferedItem(self.context["offered"][product.pk], many=True).data


class ProductViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """What is sold, with the prices of today. Product teams see their own product."""

    queryset = Product.objects.none()
    serializer_class = OfferedProduct
    sees = LOOK
    for_products = ("list", "retrieve")
    lookup_field = "code"
    lookup_value_converter = "slug"
    keyset = ("code",)

    def visible(self) -> QuerySet[Product]:
        own = self.principal.product_id
        return Product.objects.filter(pk=own) if own else Product.objects.all()

    def list(self, request: Request, *args: object, **kwargs: object) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        assert page is not None
        return self.get_paginated_response(self._offer(page))

    def retrieve(self, request: Request, *args: object, **kwargs: object) -> Response:
        product = self.get_object()
        return Response(self._offer([product])[0])

    def _offer(self, products: Sequence[Product]) -> Sequence[object]:
        customer = self.principal.customer
        offered = offers(products, customer_id=customer.pk if customer else NOBODY, at=self.at)
        return [OfferedProduct(product, context={"offered": offered}).data for product in products]


def offers(products: Sequence[Product], *, customer_id: UUID, at: datetime) -> dict[UUID, list[dict[str, object]]]:
    """The items of each product that have a price for this customer at `at`; the same few queries for any number."""
    items = list(Item.objects.filter(product__in=products).order_by("position", "code"))
    book = PriceBook([customer_id], [item.pk for item in items])
    found: dict[UUID, list[dict[str, object]]] = {product.pk: [] for product in products}
    for item in items:
        try:
            component = book.component(item.pk, Decimal(1), customer_id, at, get_language() or "vi")
        except NoPrice:
            continue
        rate, category = component.rate, book.category_of(component.rate)
        found[item.product_id].append(
            {
                "code": item.code,
                "name": component.name,
                "kind": item.kind,
                "unit": item.unit,
                "maximum": item.maximum,
                "unit_price": rate.unit_price,
                "per": Price.Per(rate.per_minutes).name.lower(),
                "meter": _meter(item, rate),
                "includes_vat": rate.includes_vat,
                "tax_category": category,
                "vat_rate": rate.vat_rate,
                "vat_changes": book.taxes.coming(category, at),
                "discount": component.discount,
                "terms": [_term(term) for term in book.rates(item.pk, customer_id, at)[1:]],
            }
        )
    return found


def _term(rate: pricing.Rate) -> dict[str, object]:
    return {
        "months": rate.months,
        "unit_price": rate.unit_price,
        "per": Price.Per(rate.per_minutes).name.lower(),
        "includes_vat": rate.includes_vat,
    }


def _meter(item: Item, rate: pricing.Rate) -> dict[str, object] | None:
    meter = rate.meter
    if meter is None:
        return None
    return {
        "aggregation": item.aggregation,
        "included": meter.included,
        "tiering": meter.tiering,
        "tiers": meter.tiers,
        "package_size": meter.package,
        "minimum": meter.minimum,
        "cap": meter.cap,
        "in_words": meter_words(meter, item.unit),
    }
