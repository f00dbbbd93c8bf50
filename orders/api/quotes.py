"""Quotes: what a paid action would do and cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import (
    Choice,
    Flag,
    Identifier,
    Input,
    Instant,
    OneShapeOf,
    Rate,
    Remark,
    Several,
    TagSet,
    Text,
    Whole,
)
from accounts.may import LOOK, May
from catalog.api.configurations import Configuration, ProductCode, once, wanted_items, wanted_product
from catalog.models import Product
from kernel.errors import InvalidInput
from kernel.shapes import Cleaned
from lifecycle.api import Months
from orders.deal import Part
from orders.models import Action, Quote
from orders.services.quotes import make_quote
from orders.services.stories.inputs import MAXIMUM_QUANTITY


def with_poc() -> Flag:
    """Whether POC credit may pay it, which comes first."""
    return Flag(
        required=False, help_text="False: pay with money, although there is POC credit that could pay all of it."
    )


class CreateWish(Input):
    """New resources. Postpaid customers leave the periods and the coupon out."""

    action = Choice(choices=["create"])
    product = Text(max_length=60, help_text="The product's code.")
    name = Text(max_length=90)
    items = wanted_items()
    tags = TagSet(required=False, help_text="What each is tagged with; who ordered it is added.")
    quantity = Whole(min_value=1, max_value=MAXIMUM_QUANTITY, default=1, help_text="How many resources.")
    months = Months(default=1)
    auto_renew_months = Months(required=False, allow_null=True, help_text="Auto-renew by this period.")
    coupon = Remark(max_length=40)
    poc = with_poc()

    def validate_product(self, code: str) -> str:
        return str(wanted_product(code, self.context["view"].principal).pk)


class ResizeWish(Input):
    """Another configuration, from now to the unchanged end."""

    action = Choice(choices=["resize"])
    resource = Identifier()
    items = wanted_items()


class RenewWish(Input):
    """More paid time: by `months`, or for all to the common end `match_end`."""

    action = Choice(choices=["renew"])
    resources = Several(child=Identifier(), most=MAXIMUM_QUANTITY)
    months = Months(required=False)
    match_end = Instant(required=False)
    coupon = Remark(max_length=40)
    poc = with_poc()

    def validate(self, wish: Cleaned) -> Cleaned:
        if ("months" in wish) == ("match_end" in wish):
            raise InvalidInput(_("Choose either a period or a common end."), field="months")
        return wish


class RecoverWish(Input):
    """Back from the trash, for a newly paid period."""

    action = Choice(choices=["recover"])
    resource = Identifier()
    months = Months(default=1)
    auto_renew_months = Months(required=False, allow_null=True, help_text="Auto-renew by this period.")
    coupon = Remark(max_length=40)
    poc = with_poc()


class QuoteWish(OneShapeOf):
    """What an action would do and cost: one of these shapes, by its `action`."""

    shapes: ClassVar = {
        Action.CREATE: CreateWish,
        Action.RESIZE: ResizeWish,
        Action.RENEW: RenewWish,
        Action.RECOVER: RecoverWish,
    }


class QuotedLine(serializers.Serializer[object]):
    """amount = unit_price x quantity x (1 - discount) x minutes / per_minutes, rounded half-up to whole đồng."""

    name = serializers.CharField(
        source="component.name", help_text="As the invoice will say it: in the language of the customer's documents."
    )
    unit = serializers.CharField(source="component.unit")
    price = serializers.UUIDField(source="component.rate.price_id", help_text="The version of the price.")
    unit_price = Rate(source="component.rate.unit_price")
    quantity = Rate(source="component.quantity")
    discount = Rate(source="component.discount")
    minutes = serializers.IntegerField()
    per_minutes = serializers.IntegerField(source="component.rate.per_minutes")
    includes_vat = serializers.BooleanField(source="component.rate.includes_vat")
    vat_rate = Rate(source="component.rate.vat_rate")
    amount = serializers.IntegerField()
    tax = serializers.IntegerField()
    total = serializers.IntegerField()
    term_months = serializers.IntegerField(
        source="component.rate.months", help_text="1, or for how many months one has to pay ahead for this price."
    )
    unit_price_without_term = Rate(
        source="component.rate.without_term.unit_price", default=None, allow_null=True, help_text="Of a term price."
    )
    saved = serializers.IntegerField(help_text="What more the line would be without its term, VAT included.")


class LeftEarly(serializers.Serializer[object]):
    """What deleting the resource before the end of its term gives back."""

    months = serializers.IntegerField(help_text="After so many months of it.")
    refund = serializers.IntegerField()


class UnusedPart(serializers.Serializer[object]):
    """Paid time that is given back."""

    invoice = serializers.UUIDField(source="invoice_id")
    minutes = serializers.IntegerField()
    amount = serializers.IntegerField()


class QuotedItem(serializers.Serializer[object]):
    """One resource's part of a quote."""

    resource = serializers.UUIDField(source="resource_id", allow_null=True)
    product = ProductCode(source="product_id")
    name = serializers.CharField()
    configuration = Configuration()
    tags = TagSet(help_text="Of something new.")
    months = serializers.IntegerField(allow_null=True)
    starts_at = Instant(source="period.starts_at")
    ends_at = Instant(source="period.ends_at")
    auto_renew_months = serializers.IntegerField(allow_null=True)
    postpaid = serializers.BooleanField(help_text="Nothing to pay now; the lines show 30 days of usage.")
    lines = QuotedLine(source="charge.lines", many=True)
    subtotal = serializers.IntegerField(source="charge.subtotal")
    coupon = serializers.IntegerField(source="charge.coupon")
    tax = serializers.IntegerField(source="charge.tax")
    total = serializers.IntegerField(source="charge.total")
    unused = UnusedPart(many=True)
    unused_total = serializers.IntegerField()
    paid_with_poc = serializers.IntegerField(help_text="What POC credit pays: all of it, or nothing.")
    due = serializers.IntegerField(help_text="To pay now; negative: comes back.")
    saved_by_term = serializers.IntegerField(
        help_text="What its term saves in all, and what leaving it early takes off."
    )
    left_early = serializers.SerializerMethodField(
        help_text="What comes back when the term is left early: time that was used costs what it costs without it."
    )

    @extend_schema_field(LeftEarly(many=True))
    def get_left_early(self, part: Part) -> object:
        if not part.saved_by_term:
            return []
        products = once(self, "refundable", lambda: dict(Product.objects.values_list("pk", "is_refundable")))
        return LeftEarly(part.left_early if products[part.product_id] else [], many=True).data


class QuoteShape(serializers.Serializer[object]):
    """An offer: what will happen and what it costs, good until `expires_at`."""

    id = serializers.UUIDField()
    action = serializers.ChoiceField(choices=Action.choices)
    total = serializers.IntegerField(help_text="To pay now; negative: comes back.")
    paid_with_poc = serializers.IntegerField(source="deal.paid_with_poc", help_text="POC credit pays so much of it.")
    coupon_code = serializers.CharField(source="deal.coupon_code")
    items = QuotedItem(source="deal.parts", many=True)
    quoted_at = Instant()
    expires_at = Instant()


class QuoteViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Offers made to a customer."""

    queryset = Quote.objects.none()
    serializer_class = QuoteShape
    sees = LOOK
    does = May.ORDER

    def visible(self) -> QuerySet[Quote]:
        return Quote.objects.filter(self.principal.scope())

    @extend_schema(responses={201: QuoteShape})
    @idempotent(QuoteWish)
    def create(self, request: Request) -> Response:
        """Ask what an action would do and cost. Nothing is bought: order the quote before it expires."""
        inputs = {name: _json(value) for name, value in self.wish.items() if name != "action"}
        quote = make_quote(self.customer, Action(self.wish["action"]), inputs, at=self.at)
        return self.show(quote, status=201)


def _json(value: object) -> object:
    """The inputs as the quote keeps them."""
    match value:
        case list():
            return [_json(part) for part in value]
        case Mapping():
            return {name: _json(part) for name, part in value.items()}
        case None | bool() | int() | str():
            return value
        case _ if hasattr(value, "isoformat"):
            return value.isoformat()
        case _:
            return str(value)
