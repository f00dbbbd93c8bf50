"""Notices: what the portal told a customer."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Flag, Instant
from accounts.api.query import Paged, one_of_many
from notifications.models import Notice
from notifications.services import mark_all_read


class NoticeShape(serializers.Serializer[object]):
    """A message to the customer; `facts` are its figures, by `kind`."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Notice.Kind.choices)
    title = serializers.CharField(source="get_kind_display")
    at = Instant()
    read_at = Instant(allow_null=True)
    facts = serializers.DictField()


class NoticeQuery(Paged):
    kind = one_of_many(Notice.Kind.choices)
    unread = Flag(required=False)
    lookups: ClassVar = {"kind": "kind__in", "unread": "read_at__isnull"}


class AllRead(serializers.Serializer[object]):
    """After all were marked."""

    unread = serializers.IntegerField()


class NoticeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Notices of a customer, newest first."""

    queryset = Notice.objects.none()
    serializer_class = NoticeShape
    queries: ClassVar = {"list": NoticeQuery}
    right = "pay"
    lookup_value_converter = "int"

    def visible(self) -> QuerySet[Notice]:
        return Notice.objects.filter(self.principal.scope())

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
