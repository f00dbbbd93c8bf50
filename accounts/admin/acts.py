"""Acts of the audit trail in words. The trail keeps them in one language, so that it can be searched and counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

ACTS = {
    "adjust credit": _("adjusted credit"),
    "approve act": _("approved what somebody asked for"),
    "ask for approval": _("asked for approval"),
    "ask for credit adjustment": _("asked for a credit adjustment"),
    "ask gateway": _("asked the gateway"),
    "back-date price": _("gave time that has passed a price"),
    "correct invoice": _("corrected an invoice"),
    "expire act": _("let expire what nobody approved"),
    "give up provisioning": _("gave up provisioning"),
    "grant promotional credit": _("granted promotional credit"),
    "issue API key": _("issued an API key"),
    "issue credit note": _("issued a credit note"),
    "move clock": _("moved the clock"),
    "record bank transfer": _("recorded a bank transfer"),
    "refuse act": _("refused what somebody asked for"),
    "release parked bill": _("released a parked bill"),
    "restore resource": _("restored a resource"),
    "retry notice": _("sent a notice again"),
    "retry request": _("tried a request again"),
    "review act": _("reviewed what somebody did"),
    "revoke API key": _("revoked an API key"),
    "revoke key": _("revoked an API key"),
    "run month-end": _("ran the month-end"),
    "set user aside": _("set a second user of an address aside"),
    "switch automatic payment": _("switched automatic payment"),
    "switch billing mode": _("switched the billing mode"),
    "take over API key": _("took over an API key"),
    "view portal as customer": _("viewed the portal as the customer"),
    "withdraw act": _("withdrew what they asked for"),
}
CHANGES = {"add": _("added"), "change": _("changed")}


def act_words(verb: str) -> str:
    """ "move clock" -> "moved the clock", "add user" -> "added: user"; an act that is not known stands as it is."""
    if verb in ACTS:
        return str(ACTS[verb])
    change, _space, kind = verb.partition(" ")
    return f"{CHANGES[change]}: {gettext(kind)}" if change in CHANGES and kind else verb


class ActFilter(admin.AllValuesFieldListFilter):
    """The acts that occur."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": act_words(str(choice["display"]))}
