"""What staff may do with notices."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from accounts.staff import Staff, declare, show

show("notifications", Staff.SUPPORT, Staff.FINANCE, Staff.AUDITOR)

RETRY_NOTICE = declare(
    "notifications.notice", "retry_notice", _("Can retry a parked notice"), Staff.SUPPORT, Staff.FINANCE
)
RETRY_LETTER = declare("notifications.letter", "retry_letter", _("Can retry a parked letter"), Staff.SUPPORT)
MEND_ADDRESS = declare(
    "notifications.mailtrouble", "mend_address", _("Can say that an address takes mail again"), Staff.SUPPORT
)
