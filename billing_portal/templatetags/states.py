"""How states look: a tone, an icon and a word each. Unknown states show their own name in grey."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True, slots=True)
class Look:
    tone: str
    icon: str
    word: str | Promise
    struck: bool = False


STATES: dict[str, Look] = {
    # resources
    "new": Look("grey", "new", _("New")),
    "active": Look("green", "play", _("Active")),
    "stop": Look("slate", "pause", pgettext_lazy("state", "Stop")),
    "suspense": Look("amber", "trash", _("In trash")),
    "deleted": Look("grey", "gone", _("Deleted"), struck=True),
    # invoices
    "unpaid": Look("amber", "clock", _("Unpaid")),
    "overdue": Look("red", "warning", _("Overdue")),
    "partially_paid": Look("amber", "half", _("Partially paid")),
    "paid": Look("green", "ok", _("Paid")),
    "void": Look("grey", "void", _("Void"), struck=True),
    # orders
    "awaiting_payment": Look("amber", "clock", _("Awaiting payment")),
    "provisioning": Look("blue", "hourglass", _("Provisioning")),
    "completed": Look("green", "ok", _("Completed")),
    "partly_refunded": Look("slate", "refund", _("Partly refunded")),
    "refunded": Look("slate", "refund", _("Refunded")),
    "cancelled": Look("grey", "void", _("Cancelled")),
    "expired": Look("grey", "clock", _("Expired")),
    # payments, and what is handed to somebody else
    "created": Look("grey", "new", pgettext_lazy("state", "Created")),
    "pending": Look("grey", "new", _("Waiting")),
    "processing": Look("blue", "hourglass", _("Processing")),
    "succeeded": Look("green", "ok", _("Succeeded")),
    "failed": Look("red", "error", _("Failed")),
    "unknown": Look("amber", "question", _("Being checked")),
    "overtaken": Look("grey", "void", _("No longer so")),
    "sent": Look("green", "mail", _("Sent")),
}

HEALTH: dict[str, Look] = {
    "good": Look("green", "ok", _("Good")),
    "warning": Look("amber", "clock", _("Ends soon")),
    "alert": Look("red", "warning", _("Ends very soon")),
    "expired": Look("red", "error", _("Expired")),
}

SWITCHED: dict[bool, Look] = {
    True: Look("green", "ok", _("switched on")),
    False: Look("grey", "pause", _("switched off")),
}

TONE_ICONS = {"green": "ok", "amber": "warning", "red": "error", "blue": "info", "slate": "info", "grey": "info"}


def look_of(state: object, table: dict[str, Look] = STATES) -> Look:
    """The look of a state given as its value ("partially_paid", "Partially-paid") or as a member of TextChoices."""
    value = str(getattr(state, "value", state))
    known = table.get(value.strip().lower().replace("-", "_").replace(" ", "_"))
    return known or Look("grey", "info", getattr(state, "label", value))
