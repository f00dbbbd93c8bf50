"""What the auditor found: to be looked at, with what to do about it."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin
from billing_portal.models import AuditLook, Close, Finding
from kernel.shapes import Wording


@admin.register(Finding)
class FindingAdmin(LookOnlyAdmin):
    about = ("customer",)
    list_display = ("found_at", "claim", "label", "customer", "seen_at", "gone_at", "what_to_do")
    list_filter = (("gone_at", admin.EmptyFieldListFilter), "claim")
    list_select_related = ("customer",)
    search_fields = ("=label", "claim")

    @admin.display(description=_("what to do"))
    def what_to_do(self, row: Finding) -> Wording:
        if row.gone_at:
            return _("Nothing: it is true again. End the customer's hold if it is still there.")
        if row.customer_id:
            return _("Compare the row with its documents, have it put right, then end the customer's hold.")
        return _("Tell whoever runs the portal: it is a row of the house.")


@admin.register(Close)
class CloseAdmin(LookOnlyAdmin):
    list_display = ("at", "claims", "found", "figures")


@admin.register(AuditLook)
class AuditLookAdmin(LookOnlyAdmin):
    list_display = ("at", "customers", "found")
