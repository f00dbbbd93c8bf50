"""`POST /usage/` by product teams, and the list of what was refused. The address belongs to the usage report, see `invoices.api`."""

from __future__ import annotations

from typing import ClassVar

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Choice, Instant
from accounts.api.query import Paged
from catalog.models import Product
from usage.api.bodies import BatchParser, EventParser, EventsParser, Report
from usage.models import Batch, Outcome, RefusedRecord
from usage.models.intake import REFUSED
from usage.services.intake import Taken, take_records


class OutcomeShape(serializers.Serializer[object]):
    """What became of one record."""

    key = serializers.CharField(allow_null=True, help_text="As it was sent.")
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    detail = serializers.CharField(required=False, help_text="Why it was refused, in a sentence.")


class TakenShape(serializers.Serializer[object]):
    """What became of a batch: each record by itself, in the order in which they were sent."""

    batch = serializers.UUIDField()
    records = serializers.IntegerField()
    accepted = serializers.IntegerField()
    late = serializers.IntegerField(help_text="Of those accepted.")
    duplicates = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = OutcomeShape(many=True)


class RefusedShape(serializers.Serializer[object]):
    """A record that was not taken, as it was sent; kept for 90 days."""

    id = serializers.IntegerField()
    batch = serializers.UUIDField(source="batch_id")
    position = serializers.IntegerField(help_text="In its batch, from 0.")
    outcome = serializers.ChoiceField(
        choices=[(outcome.value, outcome.label) for outcome in Outcome if outcome in REFUSED]
    )
    record = serializers.JSONField()
    at = Instant()


class RefusedQuery(Paged):
    outcome = Choice(choices=sorted(outcome.value for outcome in REFUSED), required=False)
    since = Instant(required=False)
    lookups: ClassVar = {"outcome": "outcome", "since": "at__gte"}


class Intake(Endpoint):
    """What the team of a product reports as used."""

    parser_classes = (BatchParser, EventParser, EventsParser)

    @extend_schema(responses={200: TakenShape})
    @idempotent(Report)
    def create(self, request: Request) -> Response:
        """
        Report uses of metered items, up to 10,000 at once.

        Each record is answered by itself: accepted, late (accepted after its month was closed), duplicate (known already), or why it
        is refused. Sending a batch again is always safe, with or without an Idempotency-Key.
        """
        product = get_object_or_404(Product, pk=self.principal.product_id)
        sent = self.wish["records"]
        taken = take_records(product, sent, source=Batch.Source.API, actor=self.actor, at=self.at)
        return Response(_told(taken, sent))

    @extend_schema(responses=RefusedShape(many=True))
    @action(detail=False, serializer_class=RefusedShape, keyset=("id",))
    def refused(self, request: Request) -> Response:
        """What was refused lately of the own product, newest first."""
        own = RefusedRecord.objects.filter(product=self.principal.product_id)
        return self.page(self.query.narrow(own))


def _told(taken: Taken, sent: list[object]) -> dict[str, object]:
    batch = taken.batch
    details = {outcome: str(outcome.label) for outcome in REFUSED}
    return {
        "batch": str(batch.pk),
        **{name: getattr(batch, name) for name in ("records", "accepted", "late", "duplicates", "refused")},
        "results": [
            {
                "key": _key(record),
                "outcome": outcome.value,
                **({"detail": details[outcome]} if outcome in details else {}),
            }
            for record, outcome in zip(sent, taken.outcomes, strict=True)
        ],
    }


def _key(record: object) -> str | None:
    key = record.get("id" if "specversion" in record else "key") if isinstance(record, dict) else None
    return key[:100] if isinstance(key, str) else None
