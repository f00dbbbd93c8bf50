"""What things cost, for programs: the explorer, the month ahead, and why months differ."""

from __future__ import annotations

import re
from datetime import date
from typing import ClassVar

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.api.fields import Choice, Instant, Month, Text, Whole
from accounts.api.query import Query
from accounts.may import May
from catalog.models import Product
from foresight.causes import CAUSES
from foresight.difference import difference
from foresight.dimensions import DIMENSIONS, TAG, Dimension, by_tag
from foresight.explorer import explore
from foresight.spans import Span, Step
from invoices.models import Invoice
from invoices.services.outlook import Ahead, outlook
from invoices.services.unbilled import Key
from invoices.spend import DEFAULT_KEY
from kernel.errors import InvalidInput
from kernel.periods import CalendarMonth, local_day
from kernel.tags import LONGEST_KEY, Wanted, wanted

USUAL_MONTHS = 6
MOST_ROWS = 1000
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@extend_schema_field({"type": "string", "format": "date", "example": "2026-08-01"})
class Day(serializers.Field[date, object, str, object]):
    """A day of the billing zone, of this century."""

    default_error_messages = {"invalid": _("Write the day as 2026-08-01.")}

    def to_internal_value(self, data: object) -> date:
        if not (isinstance(data, str) and DAY.fullmatch(data)):
            self.fail("invalid")
        try:
            day = date.fromisoformat(data)
        except ValueError:
            self.fail("invalid")
        if not 2000 <= day.year < 2100:
            raise InvalidInput(_("Choose a day of this century."), field=self.field_name or "")
        return day

    def to_representation(self, value: date) -> str:
        return value.isoformat()


class CostQuery(Query):
    by = Choice(
        choices=[*((one.code, one.title) for one in DIMENSIONS.values()), (TAG, _("Tag"))],
        required=False,
        default="product",
    )
    key = Text(max_length=LONGEST_KEY, required=False, help_text="Of the tag; without it: Environment.")
    step = Choice(
        choices=Step.choices, required=False, default=Step.MONTH, help_text="hour: of the present month alone."
    )
    first = Day(
        required=False, help_text="Of the billing zone: 2026-08-01. Without it: five months before the present one."
    )
    last = Day(required=False, help_text="The last day, included. Without it: today.")
    product = Text(max_length=60, required=False, help_text="Product code.")
    most = Whole(
        min_value=1,
        max_value=MOST_ROWS,
        default=100,
        help_text="Rows; the last of them is all that is beyond, without a code.",
    )


class AmountsShape(serializers.Serializer[object]):
    """VND with VAT, after coupons and credit notes. `provisional` is on no bill yet; `before` is of the preceding period."""

    billed = serializers.IntegerField()
    provisional = serializers.IntegerField()
    total = serializers.IntegerField()
    before = serializers.IntegerField()


class CostStepShape(AmountsShape):
    starts_at = Instant()
    ends_at = Instant()


class CostRowShape(serializers.Serializer[object]):
    """A product, resource, item or value of a tag; `steps` in the order of those of the answer."""

    code = serializers.CharField(
        help_text="Product code, resource id, product/item code, or what finds the tag: Environment=production, !Environment; none: what is"
        " billed for no resource."
    )
    name = serializers.CharField()
    sums = AmountsShape()
    steps = AmountsShape(many=True)


class CostsShape(serializers.Serializer[object]):
    """
    What was spent in a period and in the preceding one of the same length. A bill stands in the time that it is for, with its
    share: all periods together come to what invoices charge, net of credit notes.
    """

    at = Instant(help_text="What is on no bill yet counts until then.")
    starts_at = Instant()
    ends_at = Instant()
    before_starts_at = Instant(help_text="Where the preceding period begins; it ends at `starts_at`.")
    unpriced = serializers.IntegerField(help_text="Stretches of usage that are left out, for they have no price yet.")
    sums = AmountsShape()
    steps = CostStepShape(many=True)
    rows = CostRowShape(many=True, help_text="The dearest first.")


class CostViewSet(Endpoint):
    """What a customer's services cost."""

    queryset = Invoice.objects.none()
    serializer_class = CostsShape
    sees = May.VIEW_BILLING
    queries: ClassVar = {"explored": CostQuery}

    def visible(self) -> QuerySet[Invoice]:
        return Invoice.objects.filter(self.principal.scope())

    @extend_schema(operation_id="costs_explored", responses=CostsShape, filters=False)
    def explored(self, request: Request) -> Response:
        """What was spent, step by step, by product, resource, item, or the values of a tag."""
        asked = self.query.validated_data
        usual = Span.of_months_before(USUAL_MONTHS, at=self.at)
        first, last = asked.get("first", local_day(usual.edges[0])), asked.get("last", local_day(self.at))
        span = Span.of(Step(asked["step"]), first, last)
        found = explore(
            self.customer,
            span,
            self._dimension(asked["by"], asked.get("key", "")),
            product=asked.get("product", ""),
            most=asked["most"],
            at=self.at,
        )
        steps = [
            {
                "starts_at": step.starts_at,
                "ends_at": step.ends_at,
                **{name: getattr(amounts, name) for name in ("billed", "provisional", "total", "before")},
            }
            for step, amounts in zip(span.steps, found.steps, strict=True)
        ]
        rows = [
            {"code": row.named.code, "name": row.named.name, "sums": row.sums, "steps": row.steps} for row in found.rows
        ]
        shown = {
            "at": found.at,
            "starts_at": span.edges[0],
            "ends_at": span.edges[-1],
            "before_starts_at": found.preceding.starts_at,
            "unpriced": found.unpriced,
            "sums": found.sums,
            "steps": steps,
            "rows": rows,
        }
        return Response(CostsShape(shown).data)

    def _dimension(self, by: str, key: str) -> Dimension:
        asked = wanted(key) or Wanted(DEFAULT_KEY)
        return by_tag(asked.key) if by == TAG else DIMENSIONS[by]


class AheadShape(serializers.Serializer[object]):
    """VND with VAT: `fixed` goes by time or is billed and is exact if nothing changes, `metered` is what use will come to."""

    so_far = serializers.IntegerField()
    fixed = serializers.IntegerField()
    metered = serializers.IntegerField()
    expected = serializers.IntegerField()


class ProductAheadShape(AheadShape):
    product = serializers.CharField(help_text="Product code.")


class OutlookShape(AheadShape):
    """
    What postpaid usage will have cost by the end of the present month. What is metered goes on as in the last whole days, of at most
    seven; `low` and `high` come from how far these lie apart, so that 8 of 10 months lie between them.
    """

    month = serializers.CharField(help_text="Of the billing zone: 2026-08.")
    at = Instant()
    low = serializers.IntegerField(allow_null=True, help_text="null: fewer than three whole days of use are known.")
    high = serializers.IntegerField(allow_null=True)
    days = serializers.IntegerField(help_text="Whole days of use that were looked at.")
    unpriced = serializers.IntegerField(help_text="Stretches of usage that are left out, for they have no price yet.")
    shortfall = serializers.IntegerField(
        help_text="What will lack to a commitment and is billed as well: `expected` has it, the products have not."
    )
    products = ProductAheadShape(many=True)


class OutlookViewSet(Endpoint):
    """The end of the present month."""

    queryset = Invoice.objects.none()
    serializer_class = OutlookShape
    sees = May.VIEW_BILLING

    @extend_schema(operation_id="costs_outlook", filters=False)
    def ahead(self, request: Request) -> Response:
        """What postpaid usage will have cost by the end of the present month, and how sure that is."""
        found = outlook(self.customer, at=self.at)
        codes: dict[Key, str] = dict(Product.objects.filter(pk__in=found.of).values_list("pk", "code"))
        products = [{"product": codes[pk], **_figures(ahead)} for pk, ahead in found.of.items()]
        low, high = found.band or (None, None)
        shown = {
            "month": found.month.key,
            "at": found.at,
            "low": low,
            "high": high,
            "days": found.days,
            "unpriced": found.unpriced,
            "products": sorted(products, key=lambda one: str(one["product"])),
        }
        whole = {**_figures(found.total), "expected": found.expected, "shortfall": found.shortfall}
        return self.show({**shown, **whole})


class DifferenceQuery(Query):
    month = Month(required=False, help_text="Of the billing zone: 2026-08. Without it: the last that is over.")
    with_month = Month(required=False, help_text="The month that it is compared with. Without it: the one before.")
    most = Whole(min_value=1, max_value=MOST_ROWS, default=100, help_text="Resources, the largest changes first.")


class ShareShape(serializers.Serializer[object]):
    """VND that a cause makes of a difference."""

    cause = serializers.ChoiceField(choices=[(one.code, one.title) for one in CAUSES], source="cause.code")
    amount = serializers.IntegerField()


class SaidShape(serializers.Serializer[object]):
    cause = serializers.ChoiceField(choices=[(one.code, one.title) for one in CAUSES])
    amount = serializers.IntegerField()
    facts = serializers.ListField(child=serializers.CharField(), help_text="What happened, in words.")


class ChangedShape(serializers.Serializer[object]):
    """A resource that cost something else, or for another reason; its causes are its difference."""

    resource = serializers.UUIDField(allow_null=True, help_text="null: what lacks to a commitment.")
    name = serializers.CharField()
    before = serializers.IntegerField()
    after = serializers.IntegerField()
    difference = serializers.IntegerField()
    causes = SaidShape(many=True)


class DifferenceShape(serializers.Serializer[object]):
    """
    Why a month cost more or less than another one. `causes` make `difference`, to the đồng. Of a month that is not over, what is on no
    bill yet counts as if nothing were changed any more until its end, and use as reported until now.
    """

    month = serializers.CharField()
    with_month = serializers.CharField()
    before = serializers.IntegerField(help_text="VND of `with_month`.")
    after = serializers.IntegerField(help_text="VND of `month`.")
    difference = serializers.IntegerField()
    is_over = serializers.BooleanField(help_text="Both months are: no figure is provisional.")
    causes = ShareShape(many=True)
    changed = serializers.IntegerField(help_text="How many resources changed; `resources` has at most `most` of them.")
    unchanged = serializers.IntegerField()
    resources = ChangedShape(many=True)


class DifferenceViewSet(Endpoint):
    """Two months side by side."""

    queryset = Invoice.objects.none()
    serializer_class = DifferenceShape
    sees = May.VIEW_BILLING
    queries: ClassVar = {"compared": DifferenceQuery}

    @extend_schema(operation_id="costs_difference", filters=False)
    def compared(self, request: Request) -> Response:
        """Why a month cost more or less than another one, cause by cause and resource by resource."""
        asked = self.query.validated_data
        after = asked.get("month") or CalendarMonth.of(self.at).previous
        found = difference(self.customer, asked.get("with_month") or after.previous, after, at=self.at)
        resources = [
            {
                "resource": one.pair.resource,
                "name": one.pair.name,
                "before": one.pair.before.total,
                "after": one.pair.after.total,
                "difference": one.pair.difference,
                "causes": [
                    {"cause": cause.code, "amount": amount, "facts": facts} for cause, amount, facts in one.said()
                ],
            }
            for one in found.resources[: asked["most"]]
        ]
        shown = {
            "month": found.after.key,
            "with_month": found.before.key,
            "before": found.cost_before,
            "after": found.cost_after,
            "difference": found.amount,
            "is_over": found.is_over,
            "causes": found.causes,
            "changed": len(found.resources),
            "unchanged": found.unchanged,
            "resources": resources,
        }
        return self.show(shown)


def _figures(ahead: Ahead) -> dict[str, int]:
    return {"so_far": ahead.so_far, "fixed": ahead.fixed, "metered": ahead.metered, "expected": ahead.expected}
