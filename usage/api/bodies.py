"""The body of a report: our own form, a CloudEvent, or a batch of them. Records are answered one by one, so none is looked at here."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers

from accounts.api.fields import Input
from accounts.api.parsing import BoundedJSONParser
from usage.reading import EVENT_TYPE, LONGEST
from usage.services.intake import MOST


class BatchParser(BoundedJSONParser):
    """Ten thousand records take more than other bodies."""

    maximum_bytes = 8_000_000


class EventParser(BatchParser):
    media_type = "application/cloudevents+json"


class EventsParser(BatchParser):
    media_type = "application/cloudevents-batch+json"


class RecordShape(serializers.Serializer[object]):
    """So much was used of a metered item of a resource, at an instant; of levels: from then on."""

    resource = serializers.UUIDField()
    item = serializers.CharField(max_length=LONGEST, help_text="The code of the metered item.")
    key = serializers.CharField(
        max_length=LONGEST,
        help_text="Yours: a record of the same resource, item and key is taken once, for good. Send it again as often as you like.",
    )
    used_at = serializers.DateTimeField(help_text="RFC 3339 with its zone.")
    quantity = serializers.DecimalField(
        18,
        6,
        required=False,
        coerce_to_string=False,
        help_text="A number or a decimal as a string, to the nearest millionth. Only a correction may leave it out: it takes back.",
    )
    subject = serializers.CharField(
        max_length=LONGEST, required=False, help_text="Of items that count different ones: which. Only of these."
    )
    corrects = serializers.CharField(
        max_length=LONGEST,
        required=False,
        help_text="The key of the record in whose place this one stands; both have the same `used_at`.",
    )


class Records(serializers.Serializer[object]):
    """Our own form."""

    records = serializers.ListField(child=RecordShape(), min_length=1, max_length=MOST)


class EventData(serializers.Serializer[object]):
    item = serializers.CharField(max_length=LONGEST)
    quantity = serializers.DecimalField(18, 6, required=False, coerce_to_string=False)
    of = serializers.CharField(max_length=LONGEST, required=False, help_text="As `subject` of our own form.")
    corrects = serializers.CharField(max_length=LONGEST, required=False)


class Event(serializers.Serializer[object]):
    """CloudEvents 1.0: `id` is the key, `subject` the resource, `time` the instant."""

    specversion = serializers.ChoiceField(choices=["1.0"])
    type = serializers.ChoiceField(choices=[EVENT_TYPE])
    source = serializers.CharField()  # type: ignore[assignment]  # what a CloudEvent calls it
    id = serializers.CharField(max_length=LONGEST)
    subject = serializers.UUIDField()
    time = serializers.DateTimeField()
    data = EventData()  # type: ignore[assignment]  # what a CloudEvent calls it


class Report(Input):
    """`{"records": [...]}`, one CloudEvent, or a list of them."""

    @classmethod
    def described(cls) -> object:
        return PolymorphicProxySerializer(
            component_name="Report",
            serializers=[Records, Event, Event(many=True)],
            resource_type_field_name=None,
            many=False,
        )

    @classmethod
    def says_something(cls) -> bool:
        return True

    def to_internal_value(self, data: object) -> object:
        if isinstance(data, list):
            return {"records": data}
        if isinstance(data, dict) and "specversion" in data:
            return {"records": [data]}
        if isinstance(data, dict) and set(data) == {"records"} and isinstance(data["records"], list):
            return data
        raise serializers.ValidationError(
            {"records": [_("Send a list of records, a CloudEvent, or a batch of them.")]}, code="invalid"
        )

    def run_validation(self, data: object = serializers.empty) -> object:
        return self.to_internal_value(data)
