"""Where a customer stands with what is overdue."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint
from accounts.api.fields import Instant
from accounts.may import May
from invoices.models import Act, DunningStep
from invoices.services.standing import standing_of


class StepShape(serializers.Serializer[object]):
    """What was done about a debt."""

    act = serializers.ChoiceField(choices=Act.choices)
    done_at = Instant()
    lifted_at = Instant(allow_null=True, help_text="When what it blocked or stopped was let go.")
    invoice = serializers.UUIDField(source="invoice_id", allow_null=True, help_text="None: about the customer.")


class AheadShape(serializers.Serializer[object]):
    """What comes unless it is paid before."""

    act = serializers.ChoiceField(choices=Act.choices)
    day = serializers.DateField()
    is_announced = serializers.BooleanField()


class StandingShape(serializers.Serializer[object]):
    """Where the customer stands on the dunning ladder."""

    overdue = serializers.IntegerField()
    orders_blocked = serializers.BooleanField(source="is_blocked")
    resources_stopped = serializers.BooleanField(source="is_stopped")
    rests_until = Instant(source="rests.until", default=None, allow_null=True, help_text="Nothing comes before that.")
    done = StepShape(many=True, help_text="The latest first.")
    ahead = AheadShape(many=True, help_text="In the order of days; the first comes next.")


class StandingViewSet(Endpoint):
    """What follows from what is overdue."""

    serializer_class = StandingShape
    sees = May.VIEW_BILLING
    queryset = DunningStep.objects.none()

    @extend_schema(operation_id="dunning_retrieve")
    def retrieve(self, request: Request) -> Response:
        """What was done about overdue invoices, and what comes next and when."""
        return self.show(standing_of(self.customer, at=self.at))
