"""What staff may see of teams, and do there."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from accounts.staff import Staff, declare, show

show("team", Staff.SUPPORT, Staff.AUDITOR)

CLOSE_ACCOUNT = declare("team.closing", "close_account", _("Can close an account, and cancel that"), Staff.SUPPORT)
