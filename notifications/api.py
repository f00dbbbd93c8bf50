"""Notices: what the portal told a customer."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Flag, Instant
from accounts.api.query import Paged, one_of_many
from accounts.may import LOOK
from notifications.kinds import TOPIC_WORDS, Topic, kinds_of, topic_of
from notifications.models import Notice
from notifications.services import mark_all_read


class NoticeShape(serializers.Serializer[object]):
    """A message to the customer; `facts` are its figures, by `kind`. Those with the same `together` went out in one mail."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Notice.Kind.choices)
    title = serializers.CharField(source="get_kind_display")
    topic = serializers.SerializerMethodField()
    together = serializers.CharField()
    at = Instant()
    read_at = Instant(allow_null=True)
    facts = serializers.DictField()

    @extend_schema_field(serializers.ChoiceField(choices=list(TOPIC_WORDS.items())))
    def get_topic(self, notice: Notice) -> str:
        return topic_of(notice.kind)


class NoticeQuery(Paged):
    kind = one_of_many(Notice.Kind.choices)
    unread = Flag(required=False)
    topic = serializers.ChoiceField(choices=list(TOPIC_WORDS.items()), required=False)
    together = serializers.CharField(required=False, max_length=80)
    lookups: ClassVar = {"kind": "kind__in", "unread": "read_at__isnull", "together": "together"}

    def narrow(self, rows: QuerySet[Notice]) -> QuerySet[Notice]:
        rows, topic = super().narrow(rows), self.validated_data.get("topic")
        return rows.filter(kind__in=kinds_of(Topic(topic))) if topic else rows


class AllRead(serializers.Serializer[object]):
    """After all were marked."""

    unread = serializers.IntegerField()


class NoticeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Notices of a customer, newest first."""

    queryset = Notice.objects.none()
    serializer_class = NoticeShape
    sees = LOOK
    does = LOOK
    queries: ClassVar = {"list": NoticeQuery}
    lookup_value_converter = "int"

    def visible(self) -> QuerySet[Notice]:
        return Notice.objects.to_customers().filter(self.principal.scope())

    @extend_schema(operation_id="notices_read_all", responses={200: AllRead})
    @action(detail=False, methods=["post"], url_path="read", serializer_class=AllRead)
    @idempotent()
    def read_all(self, request: Request) -> Response:
        """Mark all notices as read."""
        mark_all_read(self.customer, at=self.at)
        return self.show({"unread": self.visible().filter(read_at=None).count()})

    @action(detail=True, methods=["post"])
    @idempotent()
    def read(self, request: Request, pk: int) -> Response:
        """Mark a notice as read."""
        self.visible().filter(pk=pk, read_at=None).update(read_at=self.at)
        return self.show(self.get_object())
