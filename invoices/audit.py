"""What staff do with bills and debts."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.audit import Verb, tell_customers


class Did(Verb):
    RUN_MONTH_END = "run month-end", _("ran the month-end")
    RELEASE_PARKED = "release parked bill", _("released a parked bill")
    CALL = "call about debts", _("called a customer about debts")
    EXPLAIN_LINE = "explain questioned line", _("explained a line that a customer questioned")
    PLACE_HOLD = "place hold", _("put a customer on hold")
    END_HOLD = "end hold", _("ended a hold of a customer")
    BILL_AGAIN = "bill again", _("billed the period of a voided invoice again")


tell_customers(Did.EXPLAIN_LINE, Did.BILL_AGAIN)
