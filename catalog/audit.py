"""What staff do with prices and coupons."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.audit import Verb


class Did(Verb):
    MAKE_COUPONS = "make coupons", _("made a batch of coupons")
    BACK_DATE_PRICE = "back-date price", _("gave time that has passed a price")
    ENTER_TAX_RATE = "enter tax rate", _("entered a rate of VAT")
    REOPEN_PRICE = "reopen price", _("reopened a price that had ended")
