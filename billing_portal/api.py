"""The door of the API: its root, its schema, its documentation."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.decorators import method_decorator
from django.utils.translation import get_language, override
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from accounts.api.fields import Choice
from accounts.api.query import Query

PLACES = {
    "products": "product-list",
    "quotes": "quote-list",
    "orders": "order-list",
    "resources": "resource-list",
    "invoices": "invoice-list",
    "invoice-payments": "invoice-pay",
    "credit-notes": "credit-note-list",
    "payments": "payment-list",
    "wallet": "wallet",
    "wallet-entries": "wallet-entry-list",
    "wallet-holds": "wallet-hold-list",
    "budgets": "budget-list",
    "commitments": "commitment-list",
    "top-ups": "top-up-list",
    "usage": "usage-list",
    "notices": "notice-list",
    "recipients": "recipient-list",
    "privacy-requests": "privacy-request-list",
    "customer": "customer",
    "buyers": "buyer-list",
    "users": "user-list",
    "activity": "activity-list",
    "invitations": "invitation-list",
    "keys": "key-list",
    "checkout-sessions": "checkout-session-list",
    "provisioning-requests": "provisioning-request-list",
    "schema": "schema",
    "docs": "docs",
}


class Root(APIView):
    """Where things are."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response({name: reverse(f"api:{place}", request=request) for name, place in PLACES.items()})


class SchemaView(APIView):
    """The OpenAPI document, made once per process and language: it is the same for everybody."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    schema = None

    def get(self, request: Request) -> HttpResponse:
        wanted = SchemaQuery(data=request.query_params)
        wanted.is_valid(raise_exception=True)
        media_type, body = document(get_language() or settings.LANGUAGE_CODE, wanted.validated_data["format"])
        return HttpResponse(body, content_type=media_type, headers={"Cache-Control": "public, max-age=300"})


class SchemaQuery(Query):
    format = Choice(choices=["json", "yaml"], default="json")


@lru_cache
def document(language: str, form: str) -> tuple[str, bytes]:
    """Its media type and its bytes."""
    renderer = {"json": OpenApiJsonRenderer, "yaml": OpenApiYamlRenderer}[form]()
    with override(language):
        schema = SchemaGenerator().get_schema(request=None, public=True)
        return str(renderer.media_type), cast(bytes, renderer.render(schema, renderer_context={}))


@method_decorator(csp_update({"style-src": ["'self'", "'unsafe-inline'"]}), name="dispatch")
class Docs(SpectacularSwaggerSplitView):
    """Swagger UI from our own static files; it writes inline styles, so this page alone allows them."""

    url_name = "api:schema"

    def dispatch(self, request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        return super().dispatch(request, *args, **kwargs)
