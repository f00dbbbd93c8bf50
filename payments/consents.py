"""
What customers agree to about linked accounts, in words: shown before they press the button, and kept as they were shown.

Other words are another version: change both.
"""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from kernel.display import money
from kernel.seller import seller

VERSION = "2026-11"
CHARGES, TOP_UP, INVOICES = "charges", "top_up", "invoices"
WORDS = {
    CHARGES: _(
        "I allow %(seller)s to charge this account for orders, invoices and top-ups that I pay with it here, without my"
        " confirming each at the gateway, up to the limits that I set. I can unlink it at any time."
    ),
    TOP_UP: _(
        "I allow %(seller)s to charge this account by itself, by the amount that I set here, whenever less than the"
        " threshold that I set here is available in my wallet, at most %(times)s times a day and within the limits of the"
        " account. I can switch this off at any time."
    ),
    INVOICES: _(
        "I allow %(seller)s to charge this account by itself with what is due on my open invoices and not covered by my"
        " wallet, within the limits of the account. I can switch this off at any time."
    ),
}


def words_of(scope: str) -> str:
    """In the active language, as the page shows them."""
    return str(WORDS[scope]) % {
        "seller": seller().get("name") or text("the seller"),
        "times": settings.AUTOMATIC_TOP_UPS_A_DAY,
    }


def words_with(scope: str, *, below: int | None = None, amount: int | None = None) -> str:
    """The same with what was set beside them."""
    if below is None or amount is None:
        return words_of(scope)
    set_beside = text("Less than %(below)s: %(amount)s.") % {"below": money(below), "amount": money(amount)}
    return f"{words_of(scope)} {set_beside}"
