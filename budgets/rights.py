"""What staff may do with budgets."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from accounts.staff import Staff, declare, show

show("budgets", Staff.SUPPORT, Staff.FINANCE, Staff.AUDITOR)

LIFT_CAP = declare("budgets.budget", "lift_cap", _("Can lift a cap until the end of the month"), Staff.SUPPORT)
