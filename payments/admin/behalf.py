"""What customers asked others to pay: for staff to look at."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import LookOnlyAdmin
from payments.models import PaymentRequest


@admin.register(PaymentRequest)
class PaymentRequestAdmin(LookOnlyAdmin):
    exclude = ("digest",)
    list_display = ("created_at", "customer", "email", "amount", "state", "expires_at", "opened_at")
    list_select_related = ("customer",)
    list_filter = ("state", "kind")
    search_fields = ("customer__name", "email")
    date_hierarchy = "created_at"
