"""POC credit, and what it has paid."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import mixins, serializers

from accounts.api.endpoints import Endpoint
from accounts.api.fields import Instant
from accounts.may import May
from catalog.api.configurations import ProductCode
from ledger.models import Grant
from payments.models import PocTime
from payments.poc import STATES, state_of


class PocTimeShape(serializers.Serializer[object]):
    """Time of a resource that POC credit has paid: there is no invoice for it."""

    id = serializers.UUIDField()
    resource = serializers.UUIDField(source="resource_id")
    name = serializers.CharField(source="resource_name")
    product = ProductCode(source="product_id")
    starts_at = Instant()
    ends_at = Instant()
    covered_until = Instant(help_text="Earlier than ends_at when it was cut short.")
    amount = serializers.IntegerField()
    returned = serializers.IntegerField(help_text="Went back into the POC credit when it was cut short.")


class PocCreditShape(serializers.Serializer[object]):
    """Credit for a proof of concept: for some products and some time, and nothing else."""

    id = serializers.UUIDField(source="key")
    state = serializers.SerializerMethodField()
    products = serializers.ListField(child=ProductCode(), help_text="What it pays, by code.")
    amount = serializers.IntegerField(help_text="What was granted.")
    left = serializers.IntegerField(source="rest")
    starts_at = Instant(help_text="Can be spent from then on.")
    expires_at = Instant(help_text="It ends, and what it pays ends with it at the latest.")
    stopped_at = Instant(allow_null=True, help_text="Our staff ended it earlier.")
    reason = serializers.CharField()
    stop_reason = serializers.CharField()
    times = PocTimeShape(many=True, help_text="What it has paid, the latest first.")

    @extend_schema_field(serializers.ChoiceField(choices=list(STATES)))
    def get_state(self, grant: Grant) -> str:
        return state_of(grant, at=self.context["view"].at)


class PocCreditViewSet(mixins.ListModelMixin, Endpoint):
    """POC credit of a customer, the latest first."""

    serializer_class = PocCreditShape
    sees = May.VIEW_BILLING
    queryset = Grant.objects.none()

    def visible(self) -> QuerySet[Grant]:
        times = PocTime.objects.order_by("-starts_at", "-id")
        grants = Grant.objects.filter(self.principal.scope(), kind=Grant.Kind.POC)
        return grants.prefetch_related(Prefetch("times", times))
