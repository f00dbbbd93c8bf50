"""Credit that is held for the use of prepaid resources."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from rest_framework import mixins, serializers

from accounts.api.endpoints import Endpoint
from accounts.api.fields import Choice, Identifier, Instant, Month
from accounts.api.query import Paged
from accounts.may import May
from ledger.models import CreditHold
from payments.models import UsageHold

OPEN = "open"


class HoldShape(serializers.Serializer[object]):
    """Credit that is kept for the bill of a resource's use of a month."""

    id = serializers.IntegerField()
    resource = serializers.UUIDField(source="resource_id")
    resource_name = serializers.CharField(source="resource.name")
    product = serializers.CharField(source="resource.product.code")
    month = serializers.CharField(help_text="Of the billing zone: 2026-08.")
    so_far = serializers.IntegerField(help_text="What the use of the month costs so far and is not paid.")
    ahead = serializers.IntegerField(help_text="What the next days are expected to cost.")
    amount = serializers.IntegerField(help_text="What is held: both together, or what there was of credit.")
    held_at = Instant()
    state = serializers.SerializerMethodField(
        help_text="released: another amount is held from then on, or nothing. captured: the bill has taken it."
    )
    ended_at = Instant(allow_null=True)

    def get_state(self, use: UsageHold) -> str:
        return use.hold.ended_as or OPEN


class HoldQuery(Paged):
    resource = Identifier(required=False)
    month = Month(required=False, help_text="Held for what is used in this month of the billing zone: 2026-08.")
    state = Choice(choices=[(OPEN, OPEN), *CreditHold.End.choices], required=False)
    lookups: ClassVar = {"resource": "resource"}

    def narrow(self, rows: QuerySet[UsageHold]) -> QuerySet[UsageHold]:
        rows = super().narrow(rows)
        if "month" in self.validated_data:
            rows = rows.filter(month=self.validated_data["month"].key)
        if state := self.validated_data.get("state"):
            rows = rows.filter(hold__ended_as="" if state == OPEN else state)
        return rows


class HoldViewSet(mixins.ListModelMixin, Endpoint):
    """Credit that is held for what prepaid resources use, and was: the latest first. A hold is released and made anew as its amount changes."""

    queryset = UsageHold.objects.none()
    serializer_class = HoldShape
    sees = May.VIEW_BILLING
    queries: ClassVar = {"list": HoldQuery}

    def visible(self) -> QuerySet[UsageHold]:
        return UsageHold.objects.filter(self.principal.scope()).select_related("hold", "resource__product")
