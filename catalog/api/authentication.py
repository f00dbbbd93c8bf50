"""Product teams' programs."""

from __future__ import annotations

from accounts.api.authentication import KeyAuthentication
from accounts.principals import Principal
from catalog.models import ProductKey


class ProductKeyAuthentication(KeyAuthentication[ProductKey]):
    """Acts for one product."""

    model = ProductKey
    scheme = "product_key"
    related = ("product",)

    def principal_of(self, key: ProductKey) -> Principal:
        return Principal(f"product-key:{key.pk}", key.actor, product_id=key.product_id)
