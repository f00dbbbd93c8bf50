"""What is done with prices, coupons and commitments."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.audit import Verb, tell_customers


class Did(Verb):
    MAKE_COUPONS = "make coupons", _("made a batch of coupons")
    BACK_DATE_PRICE = "back-date price", _("gave time that has passed a price")
    ENTER_TAX_RATE = "enter tax rate", _("entered a rate of VAT")
    REOPEN_PRICE = "reopen price", _("reopened a price that had ended")
    AGREE_COMMITMENT = "agree commitment", _("agreed on a commitment")
    TAKE_COMMITMENT = "take commitment", _("committed to a spend a month")
    SET_COMMITMENT_RENEWAL = "set commitment renewal", _("changed whether a commitment is followed by another")
    END_COMMITMENT = "end commitment", _("ended a commitment early")


tell_customers(Did.AGREE_COMMITMENT, Did.END_COMMITMENT)
