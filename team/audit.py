"""What members do with one another, beside coming and going, that is kept."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.audit import Verb, tell_customers


class Did(Verb):
    INVITE = "invite member", _("invited somebody to the team")
    INVITE_AGAIN = "invite member again", _("sent an invitation again")
    WITHDRAW_INVITATION = "withdraw invitation", _("withdrew an invitation")
    PASS_OWNERSHIP = "pass ownership", _("passed the ownership on")
    ASK_CLOSING = "ask to close account", _("asked to have the account closed")
    CANCEL_CLOSING = "cancel closing", _("cancelled the closing of the account")
    CLOSE = "close account", _("closed the account")


tell_customers(*Did)
