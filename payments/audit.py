"""What staff do with money."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.audit import Verb, formerly, tell_customers


class Did(Verb):
    ADJUST_CREDIT = "adjust credit", _("adjusted credit")
    GRANT_CREDIT = "grant promotional credit", _("granted promotional credit")
    GRANT_POC = "grant POC credit", _("granted POC credit")
    STOP_POC = "stop POC credit", _("stopped POC credit")
    RECORD_TRANSFER = "record bank transfer", _("recorded a bank transfer")
    SEND_BACK = "send back bank transfer", _("recorded that a bank transfer was sent back")
    TELL_ANOTHER_AMOUNT = "tell another amount", _("told another amount of a bank transfer that is on record")
    FIND_CLAIM = "find claimed transfer", _("found a transfer that a customer had claimed")
    REFUSE_CLAIM = "refuse claimed transfer", _("answered that a claimed transfer is not found")
    CORRECT_INVOICE = "correct invoice", _("corrected an invoice")
    TAX_ANEW = "tax invoice anew", _("taxed an invoice anew")
    BOOK_RECEIVED = "book what was received", _("booked what a gateway had received")
    ASK_GATEWAY = "ask gateway", _("asked the gateway")
    CLOSE_HELD = "close held payment", _("closed a payment that was held")
    TAKE_BACK = "take back payment", _("booked a payment that was taken back")
    GIVE_BACK = "give back payment", _("booked that a payment that was taken back was given back")
    NAME_REVERSAL = "name payment taken back", _("said which line of the statement a payment that was taken back is")
    REFUND = "refund top-up", _("began to return a top-up to its source")
    DECIDE_REFUND = "decide refund", _("decided what became of a refund to its source")
    EXPLAIN_DIFFERENCE = "explain difference", _("explained a difference between a statement and our books")
    TAKE_INTO_SUSPENSE = "take into suspense", _("took money of a statement into suspense")
    READ_STATEMENT = "read statement", _("read a statement of a gateway or bank")
    CLOSE_CASE = "close case of payment taken back", _("closed the case of a payment that was taken back")
    LINK = "link account", _("began to link an account")
    UNLINK = "unlink account", _("unlinked an account")
    ASK_TO_END = "ask to end link", _("had the gateway asked again to end a link")
    NOTE_ENDED = "note end of link", _("noted that a link is ended at the gateway")
    SET_LIMITS = "set limits of linked account", _("changed the limits of a linked account")
    SET_DEFAULT = "set default account", _("chose the default account")
    ASK_TO_PAY = "ask somebody to pay", _("asked somebody else to pay")
    WITHDRAW_REQUEST = "withdraw payment request", _("withdrew what somebody else was asked to pay")
    SWITCH_ON = "switch automatic charge on", _("switched an automatic charge on")
    SWITCH_OFF = "switch automatic charges off", _("switched automatic charges off")


formerly(Did.BOOK_RECEIVED, "settle payment by hand")
formerly(Did.CORRECT_INVOICE, "issue credit note")
formerly(Did.DECIDE_REFUND, "settle refund")
tell_customers(
    Did.ADJUST_CREDIT,
    Did.GRANT_CREDIT,
    Did.GRANT_POC,
    Did.STOP_POC,
    Did.RECORD_TRANSFER,
    Did.SEND_BACK,
    Did.FIND_CLAIM,
    Did.REFUSE_CLAIM,
    Did.CORRECT_INVOICE,
    Did.BOOK_RECEIVED,
    Did.TAKE_BACK,
    Did.GIVE_BACK,
    Did.REFUND,
    Did.UNLINK,
    Did.SWITCH_OFF,
)
