"""Notices: what the portal told a customer."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.endpoints import Endpoint, idempotent
from accounts.api.fields import Instant
from notifications.models import Notice


class NoticeShape(serializers.Serializer[Any]):
    """A message to the customer; `facts` are its figures, by `kind`."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Notice.Kind.choices)
    title = serializers.CharField(source="get_kind_display")
    at = Instant()
    read_at = Instant(allow_null=True)
    facts = serializers.DictField()


class NoticeFilter(django_filters.FilterSet):
    kind = django_filters.MultipleChoiceFilter(choices=Notice.Kind.choices, help_text="May be repeated.")
    unread = django_filters.BooleanFilter(field_name="read_at", lookup_expr="isnull")


class NoticeViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Notices of a customer, newest first."""

    queryset = Notice.objects.none()
    serializer_class = NoticeShape
    filterset_class = NoticeFilter
    right = "pay"
    lookup_value_converter = "int"

    def visible(self) -> QuerySet[Notice]:
        return Notice.objects.filter(self.principal.scope())

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], filterset_class=None)
    @idempotent()
    def read(self, request: Request, pk: int) -> Response:
        """Mark a notice as read."""
        self.visible().filter(pk=pk, read_at=None).update(read_at=self.at)
        return self.show(self.get_object())
