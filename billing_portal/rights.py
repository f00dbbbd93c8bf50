"""What staff of a demo may do."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from accounts.staff import Staff, declare

MOVE_CLOCK = declare("accounts.customer", "move_clock", _("Can move the demo clock"), Staff.SUPPORT)
