"""What staff may do with orders, and with what becomes of a customer's resources."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from accounts.staff import Staff, declare, show

show("orders", Staff.SUPPORT, Staff.FINANCE, Staff.AUDITOR)

SWITCH_BILLING_MODE = declare(
    "accounts.customer",
    "switch_billing_mode",
    _("Can switch the billing mode of a customer"),
    Staff.SUPPORT,
    Staff.FINANCE,
)
REPORT_GONE = declare("lifecycle.resource", "report_gone", _("Can report a resource as lost"), Staff.SUPPORT)
FAIL_PROVISIONING = declare(
    "lifecycle.provisioningrequest", "fail_provisioning", _("Can fail a stuck provisioning"), Staff.SUPPORT
)
