"""The usage report by REST, and what the present month has cost so far."""

from __future__ import annotations

from operator import itemgetter
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.fields import AnyField, Identifier, Instant, Month, Rate, Text
from accounts.api.query import Paged
from accounts.may import May
from catalog.models import Product
from invoices.api.shapes import with_columns
from invoices.api.spend import SpendByTagShape
from invoices.models import Invoice, InvoiceLine
from invoices.reports import USAGE
from invoices.services.running import running_costs
from invoices.services.unbilled import Key
from invoices.spend import DEFAULT_KEY, spend_by_tag
from invoices.usage import for_rows, lines_of_month, sums_of_month, usages
from kernel.periods import CalendarMonth
from kernel.tags import LONGEST_KEY, Wanted, wanted
from lifecycle.api import tag_wanted
from lifecycle.models import tagged
from usage.api.intake import Intake, RefusedQuery


class UsageShape(serializers.Serializer[object]):
    """
    What of one invoiced line lies in the month: the columns of the usage report.

    `tax` and `amount` are the month's share, the shares of all months add up to the line; `coupon` is its part of the
    coupon, in equal parts over the months, and `total` is net of it and of what credit notes took back.
    """

    invoice = serializers.UUIDField()
    resource = serializers.UUIDField(allow_null=True, help_text="null: it bills what lacks to a commitment.")

    def get_fields(self) -> dict[str, AnyField]:
        return with_columns(super().get_fields(), USAGE)


class UsageQuery(Paged):
    month = Month(required=False, help_text="Of the billing zone: 2026-08. Without it: the present month.")
    product = Text(max_length=60, required=False, help_text="Product code.")
    resource = Identifier(required=False)
    tag = tag_wanted()
    lookups: ClassVar = {"product": "invoice__product__code", "resource": "invoice__resource_id"}

    def narrow(self, rows: QuerySet[InvoiceLine]) -> QuerySet[InvoiceLine]:
        return for_rows(lines_of_month(self.asked(rows), self.month_wanted))

    def asked(self, rows: QuerySet[InvoiceLine]) -> QuerySet[InvoiceLine]:
        """Those that are asked for, of any month."""
        rows = super().narrow(rows)
        tag = wanted(self.validated_data.get("tag", ""))
        return rows.filter(tagged(tag)) if tag else rows

    @property
    def month_wanted(self) -> CalendarMonth:
        month: CalendarMonth | None = self.validated_data.get("month")
        return month or CalendarMonth.of(self.context["view"].at)


class TagSpendQuery(UsageQuery):
    key = Text(max_length=LONGEST_KEY, required=False, help_text="Of the tag; without it: Environment.")


class RunningProductShape(serializers.Serializer[object]):
    """VND with VAT of one product's usage in the month that is billed afterwards."""

    product = serializers.CharField(help_text="Product code.")
    so_far = serializers.IntegerField()
    expected = serializers.IntegerField()


class RunningUseShape(serializers.Serializer[object]):
    """What of a metered item was reported and is on no bill yet: provisional, for more may be reported, and less."""

    product = serializers.CharField(help_text="Product code.")
    item = serializers.CharField(source="item.code", help_text="Item code.")
    unit = serializers.CharField(source="item.unit")
    quantity = Rate()
    so_far = serializers.IntegerField(source="cost.so_far")
    expected = serializers.IntegerField(source="cost.expected")


class RunningShape(serializers.Serializer[object]):
    """
    What postpaid usage costs in the present month, VND with VAT: `so_far` until `at`, `expected` by the month's end if
    nothing is changed, added or deleted any more. What is invoiced of the month already counts as invoiced. What is metered counts
    as reported until now, as `uses` say.
    """

    month = serializers.CharField(help_text="Of the billing zone: 2026-08.")
    at = Instant()
    so_far = serializers.IntegerField(source="total.so_far")
    expected = serializers.IntegerField(source="total.expected")
    unpriced = serializers.IntegerField(help_text="Stretches of usage that are left out, for they have no price yet.")
    products = RunningProductShape(many=True)
    uses = RunningUseShape(many=True, help_text="Metered items; contained in the sums.")


class UsageViewSet(mixins.ListModelMixin, Intake):
    """The usage report: what was used in a month, line by line. Product teams report here what was used of metered items."""

    query: UsageQuery
    queryset = InvoiceLine.objects.none()
    serializer_class = UsageShape
    sees = May.VIEW_BILLING
    queries: ClassVar = {"list": UsageQuery, "by_tag": TagSpendQuery, "refused": RefusedQuery}
    for_products = only_for_products = ("create", "refused")
    keyset = ("starts_at", "id")

    def visible(self) -> QuerySet[InvoiceLine]:
        return InvoiceLine.objects.filter(self.principal.scope())

    def paginate_queryset(self, queryset: Any) -> list[Any]:
        rows = super().paginate_queryset(queryset) or []
        return list(usages(rows, self.query.month_wanted)) if self.action == "list" else rows

    @extend_schema(responses=SpendByTagShape, filters=False)
    @action(detail=False, url_path="by-tag", pagination_class=None)
    def by_tag(self, request: Request) -> Response:
        """What a month costs by the values of a tag."""
        month = self.query.month_wanted
        asked = wanted(self.query.validated_data.get("key", "")) or Wanted(DEFAULT_KEY)
        lines = self.query.asked(InvoiceLine.objects.filter(self.principal.scope()))
        invoices = Invoice.objects.filter(Exists(lines.filter(invoice=OuterRef("pk"))))
        sums = sums_of_month(lines, invoices, month)
        found = {
            "month": month.key,
            "key": asked.key,
            "values": spend_by_tag(lines, invoices, asked.key, month),
            "tax": sums.tax,
            "coupon": sums.coupon,
            "total": sums.total,
        }
        return Response(SpendByTagShape(found).data)

    @extend_schema(responses=RunningShape, filters=False)
    @action(detail=False, pagination_class=None)
    def running(self, request: Request) -> Response:
        """What postpaid usage has cost in the present month, which is not invoiced before it has ended."""
        found = running_costs(self.customer, at=self.at)
        codes: dict[Key, str] = dict(Product.objects.filter(pk__in=found.of).values_list("pk", "code"))
        products = [
            {"product": codes[pk], "so_far": cost.so_far, "expected": cost.expected} for pk, cost in found.of.items()
        ]
        products.sort(key=itemgetter("product"))
        shown = {"month": found.month.key, "at": found.at, "total": found.total, "unpriced": found.unpriced}
        uses = [
            {"product": codes[use.key], "item": use.item, "quantity": use.quantity, "cost": use.cost}
            for use in found.uses
        ]
        return Response(RunningShape({**shown, "products": products, "uses": uses}).data)
