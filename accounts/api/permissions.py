"""May this principal do that here."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.principals import Principal


class MayUse(BasePermission):
    """
    Customers read and, by their role, write; product teams use what the view opens to them.

    What is not meant for a kind of principal does not exist for it: 404.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        principal: object = request.user
        if not isinstance(principal, Principal):
            return False
        if principal.product_id is not None:
            if view.action not in view.for_products:
                raise NotFound
            return True
        if principal.customer is None:
            return False
        if not view.for_customers or view.action in view.only_for_products:
            raise NotFound
        return request.method in SAFE_METHODS or bool(getattr(principal, f"may_{view.right}"))
