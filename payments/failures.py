"""Why a gateway payment failed, or could not pay what it was meant for, in words that a customer can act on."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

REFUSED_BY_BANK = _("The bank refused the payment. Ask it, or pay by other means.")
NOT_TAKEN = _("The gateway could not take the payment at that time. Please try again later.")
NEVER_PAID, UNSETTLED, HELD, REVERSED = "never_paid", "unsettled", "held", "reversed"
OFTEN, REVOKED, LEFT_UNSPENT, DISPUTED = "often", "revoked", "left_unspent", "disputed"
NOT_SENT, TAKEN_MEANWHILE = "not_sent", "taken_meanwhile"
"""Our own reasons, beside those of the gateways."""

LOOKED_INTO = _("The gateway gave no clear answer. Our staff find out what became of it; you need not wait for that.")
NOT_RETURNED = _("The gateway refused to return the money. Our staff look for another way with you.")
WORDS = {
    "cancelled": _("The payment was cancelled at the gateway."),
    "not_paid": _("The payment was not completed at the gateway. You can try again, or pay by other means."),
    "expired": _("The time to pay was over. Please start again."),
    NEVER_PAID: _("The payment was not made in time. Please start again."),
    UNSETTLED: LOOKED_INTO,
    HELD: LOOKED_INTO,
    REVERSED: _("The bank took the payment back, so it did not reach us. The money goes back to where it came from."),
    "insufficient_funds": _("The bank account or e-wallet held too little. Add to it, or pay by other means."),
    "declined": REFUSED_BY_BANK,
    "bank_error": REFUSED_BY_BANK,
    "promotion_error": _("The gateway's promotion could not be used. Pay without it."),
    "daily_limit": _("The bank's or e-wallet's limit for a day is reached. Try again tomorrow, or pay by other means."),
    "monthly_limit": _("The bank's or e-wallet's limit for a month is reached. Pay by other means."),
    REVOKED: _("The link to this account has ended. Link it again, or pay by other means."),
    "over_limit": _("It is more than the linked account may be charged at once. Pay by other means."),
    "needs_customer": _("The bank wants you to confirm this yourself. Pay it on the gateway's page."),
    "account-limit": _(
        "It would exceed the limits that you set for the linked account. Raise them, or pay by other means."
    ),
    OFTEN: _(
        "The automatic top-up was used as often as it may be in a day. It goes on tomorrow; you can top up yourself."
    ),
    LEFT_UNSPENT: _(
        "Money left the wallet without paying for anything, and is not charged again by itself. Switch it on again if you want that."
    ),
    DISPUTED: _(
        "A payment from this account was taken back by the bank, so it is not charged by itself any more. Switch it on again if you want that."
    ),
    "refund_failed": NOT_RETURNED,
    "not_refundable": NOT_RETURNED,
    "no_such_payment": NOT_RETURNED,
    "invalid_amount": NOT_RETURNED,
    "invalid_request": NOT_RETURNED,
    "invalid_credentials": NOT_RETURNED,
    "refund_expired": _("The gateway does not return payments that are so old."),
    NOT_SENT: _("Nothing had left us."),
    TAKEN_MEANWHILE: _("Your bank had taken the payment back before."),
    "rate_limited": NOT_TAKEN,
    "maintenance": NOT_TAKEN,
    "refused": NOT_TAKEN,
    **dict.fromkeys(("invalid_request", "invalid_credentials", "invalid_amount"), NOT_TAKEN),
}

FELL_SHORT, TAX_CHANGED = "fell_short", "tax_changed"
KEPT = {
    "order_cancelled": _("The order was cancelled before the money arrived."),
    "order_expired": _("The time to pay the order was over before the money arrived."),
    "order_paid": _("The order had been paid otherwise before the money arrived."),
    TAX_CHANGED: _("The rate of VAT had changed before the money arrived, so the order has ended. Please order again."),
    FELL_SHORT: _("It is less than the order costs, and the order still waits for its payment."),
}
"""Why money that arrived for an order stays credit in the wallet."""


def kept_because_order(state: str) -> str:
    """The code of `KEPT` for an order that was in this state when its money arrived."""
    return f"order_{state}" if f"order_{state}" in KEPT else "order_paid"


def failure_words(failure: str) -> str:
    """
    A failure as it is kept ("code: what the gateway said") in the reader's language.

    Of a code that is not known, what the gateway said is all there is.
    """
    code, _colon, said = failure.partition(": ")
    return str({**WORDS, **KEPT}.get(code, said or failure))
