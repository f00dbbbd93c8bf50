"""What the usage report by the values of a tag looks like."""

from __future__ import annotations

from rest_framework import serializers

from accounts.api.fields import AnyField
from invoices.api.shapes import with_columns
from invoices.reports import BY_TAG
from invoices.spend import Spend


class TagSpendShape(serializers.Serializer[object]):
    """What a month costs, of the resources with one value of a tag: as they were tagged when they were invoiced."""

    value = serializers.SerializerMethodField("value_or_null", help_text="Null: of what lacks the tag.")

    def get_fields(self) -> dict[str, AnyField]:
        return with_columns(super().get_fields(), BY_TAG)

    def value_or_null(self, spend: Spend) -> str | None:
        return spend.value or None


class SpendByTagShape(serializers.Serializer[object]):
    """The usage report of a month by the values of a tag; its sums are those of the report."""

    month = serializers.CharField(help_text="Of the billing zone: 2026-08.")
    key = serializers.CharField()
    values = TagSpendShape(many=True, help_text="The dearest first, what lacks the tag last.")
    tax = serializers.IntegerField()
    coupon = serializers.IntegerField()
    total = serializers.IntegerField()
