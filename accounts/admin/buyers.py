"""As whom customers are named on invoices: theirs to change, staff look."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin
from accounts.models import BuyerProfile


@admin.register(BuyerProfile)
class BuyerAdmin(LookOnlyAdmin):
    about = ("customer",)
    list_display = ("name", "kind", "tax_code", "identity", "customer", "is_default", "archived_at")
    list_select_related = ("customer",)
    list_filter = ("kind", "is_default")
    search_fields = ("name", "tax_code", "customer__name")
    fieldsets = (
        (None, {"fields": ("customer", "kind", "name", "tax_code", "identity", "address")}),
        (_("Use"), {"fields": ("is_default", "created_at", "archived_at")}),
    )

    @admin.display(description=_("identity number"))
    def identity(self, buyer: BuyerProfile) -> str:
        return buyer.identity or "–"
