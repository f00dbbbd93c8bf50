"""What is done with what is told, and with who is told it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.audit import Verb


class Did(Verb):
    ASK_RECIPIENT = "ask recipient", _("asked an address to receive notices")
    CHANGE_RECIPIENT = "change recipient", _("changed what an address receives")
    REMOVE_RECIPIENT = "remove recipient", _("removed an address that received notices")
    CONFIRM_RECIPIENT = "confirm recipient", _("confirmed to receive notices")
    STOP_NOTICES = "stop notices", _("stopped notices by a link of a mail")
    MEND_ADDRESS = "mend address", _("said that an address works again")
    WITHDRAW_MAILS = "withdraw mails", _("withdrew the consent to mails that only inform")
    WANT_MAILS = "want mails", _("agreed to mails that only inform again")
    RETRY = "retry notice", _("sent a notice again")
    RETRY_LETTER = "retry letter", _("sent a letter again")
