"""What staff may see of the front door, and do there."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from accounts.staff import Staff, declare, show

show("door", Staff.SUPPORT, Staff.AUDITOR)

ANSWER_PRIVACY = declare("door.privacyrequest", "answer_privacy", _("Can answer a privacy request"), Staff.SUPPORT)
OPEN_PASSWORDS = declare(
    "accounts.provider",
    "open_passwords",
    _("Can let a customer's people in by password beside their company sign-in"),
    Staff.SUPPORT,
)
TAKE_DOMAIN = declare(
    "accounts.providerdomain", "take_domain", _("Can take a domain from a company sign-in"), Staff.SUPPORT
)
TAKE_SECOND_FACTOR = declare(
    "door.secondfactor", "take_second_factor", _("Can take a user's second factor away"), Staff.SUPPORT
)
