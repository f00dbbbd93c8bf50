"""Who is invited to teams, as staff see it."""

from __future__ import annotations

from django.contrib import admin

from accounts.admin.base import LookOnlyAdmin
from team.models import Invitation


@admin.register(Invitation)
class InvitationAdmin(LookOnlyAdmin):
    """The link stands in the mail alone."""

    about = ("customer",)
    list_display = ("email", "customer", "role", "invited_by", "sent_at", "times", "accepted_at", "withdrawn_at")
    list_select_related = ("customer",)
    search_fields = ("email", "customer__name")
    date_hierarchy = "sent_at"
