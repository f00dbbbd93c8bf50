"""Linked accounts with what their customers agreed to, and what is charged by itself: for staff to look at."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import LookOnlyAdmin, LookOnlyInline
from payments.models import AutomaticCharge, Consent, LinkedAccount


class ConsentInline(LookOnlyInline):
    model = Consent
    fields = ("at", "scope", "text", "version", "language", "actor", "address")
    ordering = ("at",)


class AutomaticInline(LookOnlyInline):
    model = AutomaticCharge
    fields = ("purpose", "is_on", "below", "amount", "tries", "next_at", "failure")
    ordering = ("pk",)


@admin.register(LinkedAccount)
class LinkedAccountAdmin(LookOnlyAdmin):
    """Neither the token nor the page to confirm on: they are the customer's and the gateway's."""

    exclude = ("token", "proof", "redirect_url")
    inlines = (ConsentInline, AutomaticInline)
    list_display = ("created_at", "customer", "gateway", "display", "state", "charge_limit", "month_limit", "ask_at")
    list_select_related = ("customer",)
    list_filter = ("state", "gateway")
    search_fields = ("customer__name", "=reference")
    date_hierarchy = "created_at"
