"""Months of commitments as they were decided: what was counted, and what is billed of them."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import LookOnlyAdmin
from invoices.models import CommittedMonth


@admin.register(CommittedMonth)
class CommittedMonthAdmin(LookOnlyAdmin):
    about = ("commitment", "customer", "invoice")
    list_display = ("customer", "month", "amount", "counted", "shortfall", "invoice", "decided_at")
    list_select_related = ("customer", "invoice")
    list_filter = ("month",)
    search_fields = ("customer__name", "month", "=invoice__number")
