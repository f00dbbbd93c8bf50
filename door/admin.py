"""What staff see of the front door. What allauth keeps for itself is not theirs to edit."""

from __future__ import annotations

import allauth.account.admin  # registers what is taken away below
import allauth.usersessions.admin  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib import admin

from accounts.admin.base import LookOnlyAdmin
from door.models import AddressChange, Agreement, SignUp

admin.site.unregister((EmailAddress, UserSession))


@admin.register(AddressChange)
class AddressChangeAdmin(LookOnlyAdmin):
    list_display = ("asked_at", "user", "former", "address", "former_at", "new_at", "done_at", "ended_at")
    list_select_related = ("user",)
    search_fields = ("former", "address", "user__email")
    date_hierarchy = "asked_at"


@admin.register(SignUp)
class SignUpAdmin(LookOnlyAdmin):
    """Who has not come in yet, and may ask support why no mail comes."""

    list_display = ("asked_at", "name", "kind", "email", "tax_code", "done_at")
    list_filter = ("kind",)
    search_fields = ("name", "email", "tax_code")
    date_hierarchy = "asked_at"


@admin.register(Agreement)
class AgreementAdmin(LookOnlyAdmin):
    about = ("customer",)
    list_display = ("at", "customer", "user", "document", "version", "language")
    list_select_related = ("customer", "user")
    list_filter = ("document",)
    search_fields = ("customer__name", "user__email")
    date_hierarchy = "at"
