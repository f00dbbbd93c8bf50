"""May this principal do that here: the same decision as for pages."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.principals import Principal, demand_of


class MayUse(BasePermission):
    """
    Customers' users and keys do what their rights allow; product teams use what the view opens to them.

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
        demand_of(principal, view.need)
        return True
