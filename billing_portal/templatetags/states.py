"""How states look: a tone, an icon and a word each. Unknown states show their own name in grey."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


@dataclass(frozen=True, slots=True)
class Badge:
    tone: str
    icon: str
    word: str | Promise
    struck: bool = False


STATES: dict[str, Badge] = {
    # resources
    "new": Badge("grey", "new", _("New")),
    "active": Badge("green", "play", _("Active")),
    "stop": Badge("slate", "pause", pgettext_lazy("state", "Stop")),
    "suspense": Badge("amber", "trash", _("In trash")),
    "deleted": Badge("grey", "gone", _("Deleted"), struck=True),
    # invoices
    "unpaid": Badge("amber", "clock", _("Unpaid")),
    "overdue": Badge("red", "warning", _("Overdue")),
    "partially_paid": Badge("amber", "half", _("Partially paid")),
    "paid": Badge("green", "ok", _("Paid")),
    "void": Badge("grey", "void", _("Void"), struck=True),
    # orders
    "awaiting_payment": Badge("amber", "clock", _("Awaiting payment")),
    "provisioning": Badge("blue", "hourglass", _("Provisioning")),
    "completed": Badge("green", "ok", _("Completed")),
    "partly_refunded": Badge("slate", "refund", _("Partly refunded")),
    "refunded": Badge("slate", "refund", _("Refunded")),
    "cancelled": Badge("grey", "void", _("Cancelled")),
    "expired": Badge("grey", "clock", _("Expired")),
    # payments, and what is handed to somebody else
    "created": Badge("grey", "new", pgettext_lazy("state", "Created")),
    "pending": Badge("grey", "new", _("Waiting")),
    "processing": Badge("blue", "hourglass", _("Processing")),
    "succeeded": Badge("green", "ok", _("Succeeded")),
    "failed": Badge("red", "error", _("Failed")),
    "unknown": Badge("amber", "question", _("Being checked")),
    "overtaken": Badge("grey", "void", _("No longer so")),
    "unwanted": Badge("grey", "void", _("Not mailed")),
    "sent": Badge("green", "mail", _("Sent")),
}

HEALTH: dict[str, Badge] = {
    "good": Badge("green", "ok", _("Good")),
    "warning": Badge("amber", "clock", _("Ends soon")),
    "alert": Badge("red", "warning", _("Ends very soon")),
    "expired": Badge("red", "error", _("Expired")),
}

SWITCHED: dict[bool, Badge] = {
    True: Badge("green", "ok", _("switched on")),
    False: Badge("grey", "pause", _("switched off")),
}

TONE_ICONS = {"green": "ok", "amber": "warning", "red": "error", "blue": "info", "slate": "info", "grey": "info"}


def badge_of(state: object, table: dict[str, Badge] = STATES) -> Badge:
    """The badge of a state given as its value ("partially_paid", "Partially-paid") or as a member of TextChoices."""
    value = str(getattr(state, "value", state))
    known = table.get(value.strip().lower().replace("-", "_").replace(" ", "_"))
    return known or Badge("grey", "info", getattr(state, "label", value))
