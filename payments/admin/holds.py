"""What credit is held for, and where it does not suffice: for staff to look at."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin
from accounts.admin.shown import column, instant, money
from payments.models import Shortage, UsageHold


@admin.register(UsageHold)
class UsageHoldAdmin(LookOnlyAdmin):
    held_at = column("held_at", _("since"), instant)
    amount = column("amount", _("held"), money)
    ended_at = column("ended_at", _("until"), instant)
    list_display = (held_at, "customer", "resource", "month", "so_far", "ahead", amount, ended_at)
    fields = ("customer", "resource", "month", "so_far", "ahead", amount, held_at, ended_at)
    list_select_related = ("customer", "resource", "hold")
    list_filter = ("hold__ended_as",)
    search_fields = ("customer__name", "resource__name", "month")
    ordering = ("-pk",)


@admin.register(Shortage)
class ShortageAdmin(LookOnlyAdmin):
    list_display = ("at", "customer", "product", "missing", "missing_now", "stops_at", "done_at", "lifted_at")
    list_select_related = ("customer", "product")
    list_filter = (("lifted_at", admin.EmptyFieldListFilter), "product")
    search_fields = ("customer__name",)
    ordering = ("-at", "-pk")
