"""What staff may do with customers, their users and keys, and by two."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from accounts.staff import Staff, declare, give, show

show("accounts", Staff.SUPPORT, Staff.FINANCE, Staff.AUDITOR)
give(
    [f"accounts.{verb}" for verb in ("add_customer", "change_customer", "add_user", "change_user", "add_customerkey")],
    Staff.SUPPORT,
)
give(["accounts.view_customer"], Staff.CATALOGUE)

VIEW_AS_CUSTOMER = declare(
    "accounts.customer", "view_as_customer", _("Can view the portal as a customer does"), Staff.SUPPORT
)
REVOKE_CUSTOMER_KEY = declare(
    "accounts.customerkey", "revoke_customer_key", _("Can revoke a customer's API key"), Staff.SUPPORT
)
APPROVE_MONEY = declare(
    "accounts.staffact", "approve_money", _("Can approve what moves money above a limit"), Staff.FINANCE
)
REVIEW_ACCESS = declare("accounts.staffact", "review_access", _("Can review what opened a customer's account"))
