"""What staff see of the front door. What allauth keeps for itself is not theirs to edit."""

from __future__ import annotations

import allauth.account.admin  # noqa: F401  # registers what is taken away below
from allauth.account.models import EmailAddress
from django.contrib import admin

from accounts.admin.base import LookOnlyAdmin
from door.models import AddressChange

admin.site.unregister(EmailAddress)


@admin.register(AddressChange)
class AddressChangeAdmin(LookOnlyAdmin):
    list_display = ("asked_at", "user", "former", "address", "former_at", "new_at", "done_at", "ended_at")
    list_select_related = ("user",)
    search_fields = ("former", "address", "user__email")
    date_hierarchy = "asked_at"
