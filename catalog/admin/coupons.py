"""Coupons, and their uses."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin.base import LookOnlyAdmin, StaffAdmin
from catalog.admin.validity import InForce
from catalog.models import Coupon, Redemption


@admin.register(Coupon)
class CouponAdmin(StaffAdmin):
    """Terms of a coupon that was used stay; its end and its number of uses may change."""

    asks_why = True
    list_display = (
        "code",
        "amount",
        "share",
        "minimum_order",
        "uses",
        "maximum_uses",
        "maximum_uses_per_customer",
        "valid_from",
        "valid_until",
    )
    list_filter = (InForce,)
    search_fields = ("code",)
    readonly_fields = ("uses",)

    def get_readonly_fields(self, request: HttpRequest, obj: Coupon | None = None) -> list[str] | tuple[str, ...]:
        if obj is None or not obj.uses:
            return self.readonly_fields
        fixed = ("code", "amount", "share", "minimum_order", "valid_from", "products")
        return [*self.readonly_fields, *self._looks(fixed)]


@admin.register(Redemption)
class RedemptionAdmin(LookOnlyAdmin):
    about = ("coupon",)
    list_display = ("at", "coupon", "customer", "amount", "state", "order_id")
    list_select_related = ("coupon", "customer")
    list_filter = ("state",)
    search_fields = ("coupon__code", "customer__name", "order_id")
