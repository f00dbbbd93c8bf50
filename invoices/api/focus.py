"""The costs of a month in FOCUS, as a file."""

from __future__ import annotations

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from accounts.api.endpoints import Endpoint
from accounts.api.fields import Choice, Month
from accounts.api.files import CsvRenderer
from accounts.api.query import Query
from invoices.focus.answers import focus_response
from invoices.focus.files import FILES, metadata


class ParquetRenderer(JSONRenderer):
    """Lets a client accept Parquet; what it renders itself are problems."""

    media_type = "application/vnd.apache.parquet"
    format = "parquet"


class FocusQuery(Query):
    month = Month(help_text="Of issue, in the billing zone: 2026-08.")
    file = Choice(choices=[*FILES], default="csv")


class FocusColumnShape(serializers.Serializer[object]):
    ColumnName = serializers.CharField()
    DataType = serializers.CharField()
    NumericPrecision = serializers.IntegerField(required=False)
    NumberScale = serializers.IntegerField(required=False)
    StringEncoding = serializers.CharField(required=False)
    ProviderTagPrefixes = serializers.ListField(child=serializers.CharField(), required=False)


class FocusSchemaShape(serializers.Serializer[object]):
    SchemaId = serializers.UUIDField(help_text="Another one when the columns are others.")
    CreationDate = serializers.CharField()
    FocusVersion = serializers.CharField()
    ColumnDefinition = FocusColumnShape(many=True)


class FocusMetadataShape(serializers.Serializer[object]):
    """FOCUS metadata: who makes the data, and what the columns are."""

    DataGenerator = serializers.CharField()
    Schema = FocusSchemaShape()


class Focus(Endpoint):
    """What was invoiced and credited, in the columns of the FinOps Open Cost and Usage Specification."""

    query: FocusQuery

    @extend_schema(responses={(200, "text/csv"): str, (200, "application/vnd.apache.parquet"): OpenApiTypes.BINARY})
    @action(detail=False, renderer_classes=[CsvRenderer, ParquetRenderer, JSONRenderer], pagination_class=None)
    def focus(self, request: Request) -> StreamingHttpResponse:
        """A month in FOCUS 1.2, as CSV or Parquet: what is billed adds up to its invoices less its credit notes."""
        wanted = self.query.validated_data
        schema = reverse("api:invoice-focus-schema", request=request)
        return focus_response(wanted["month"], wanted["file"], customer=self.customer, schema=schema)

    @extend_schema(responses=FocusMetadataShape, filters=False)
    @action(detail=False, url_path="focus-schema", pagination_class=None)
    def focus_schema(self, request: Request) -> Response:
        """FOCUS metadata of these files."""
        return Response(metadata())
