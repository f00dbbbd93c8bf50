"""The door of the API: its root, its schema, its documentation."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

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
    "top-ups": "top-up-list",
    "notices": "notice-list",
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


class SchemaView(SpectacularAPIView):
    """The OpenAPI document."""


@method_decorator(csp_update({"style-src": ["'self'", "'unsafe-inline'"]}), name="dispatch")
class Docs(SpectacularSwaggerSplitView):
    """Swagger UI from our own static files; it writes inline styles, so this page alone allows them."""

    url_name = "api:schema"

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().dispatch(request, *args, **kwargs)
