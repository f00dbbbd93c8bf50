"""What is told about invoices: issued, due, questioned, paid, and what is done with a debt."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from notifications.events import Subject
from notifications.kinds.base import (
    SEE_INVOICE,
    If,
    NoticeKind,
    Row,
    Unless,
    above_zero,
    everything,
    is_,
    is_not,
    is_zero,
    not_among,
    not_past,
)
from notifications.kinds.groups import INVOICES_DUE, INVOICES_OF_A_RUN, INVOICES_OVERDUE, OF_A_PAYMENT
from notifications.kinds.together import PAY_INVOICES, SEE_RESOURCES
from notifications.models import Notice

Kind = Notice.Kind

STILL_TO_PAY = _("%(due)s are still to pay.")
HOW_TO_TRANSFER = (
    Row(_("Amount of the transfer"), "%(to_transfer)s"),
    Row(_("Bank account"), "%(bank_account)s"),
    Row(_("Text of the transfer"), "%(transfer_text)s"),
)
BY_BANK = (Row(_("Still to pay"), "%(due)s"), Row(_("Due"), "%(due_date)s"), *HOW_TO_TRANSFER)

BILLS: dict[str, NoticeKind] = {
    Kind.INVOICE_CORRECTED: NoticeKind(
        Subject.INVOICE,
        (_("Invoice %(number)s was corrected: %(amount)s credited"),),
        (
            If("reason", _("Our staff corrected invoice %(number)s for %(resource)s: %(amount)s are credited.")),
            _(
                "For %(month)s less was used than had been reported: %(amount)s of invoice %(number)s for %(resource)s are credited."
            ),
            _("Reason: %(reason)s"),
            _("%(refund)s of it were paid and are back in your wallet."),
            _("Invoice %(invoice)s over %(total)s takes its place; what you have paid counts for it."),
            STILL_TO_PAY,
        ),
        SEE_INVOICE,
        (Row(_("Credit note"), "%(credit_note)s"), Row(_("New invoice"), "%(invoice)s")),
        current=("due",),
    ),
    Kind.INVOICE_ISSUED: NoticeKind(
        Subject.INVOICE,
        (_("Invoice %(number)s for %(resource)s: %(total)s"), _("Invoice for %(resource)s: %(total)s")),
        (
            _("There is a new invoice for %(resource)s."),
            _("It covers the time from %(from)s to %(until)s."),
            _("It comes to %(total)s."),
            _("%(due)s are to pay by %(due_date)s."),
        ),
        SEE_INVOICE,
        BY_BANK,
        is_not("void"),
        ("number", "due", "due_date", "bank_account", "transfer_text"),
        together=(INVOICES_OF_A_RUN,),
        with_files=True,
        asks_for_transfer=True,
    ),
    Kind.INVOICE_DUE: NoticeKind(
        Subject.INVOICE,
        (_("Invoice %(number)s is due on %(due_date)s"),),
        (
            _("Invoice %(number)s for %(resource)s is due on %(due_date)s."),
            STILL_TO_PAY,
        ),
        SEE_INVOICE,
        BY_BANK,
        everything(above_zero("due"), not_past("due_date")),
        ("due", "bank_account", "transfer_text"),
        together=(INVOICES_DUE,),
        with_files=True,
        is_owed=True,
        asks_for_transfer=True,
    ),
    Kind.INVOICE_OVERDUE: NoticeKind(
        Subject.INVOICE,
        (_("Invoice %(number)s is overdue"),),
        (
            _("Invoice %(number)s for %(resource)s was due on %(due_date)s."),
            _("%(due)s are still to pay. Please pay it now."),
        ),
        SEE_INVOICE,
        BY_BANK,
        above_zero("due"),
        ("due", "bank_account", "transfer_text"),
        together=(INVOICES_OVERDUE,),
        with_files=True,
        is_owed=True,
        asks_for_transfer=True,
    ),
    Kind.DUNNING_ANNOUNCED: NoticeKind(
        Subject.DUNNING,
        (
            If("act", _("From %(on)s you cannot order, unless %(amount)s are paid"), ("block",)),
            If("act", _("On %(on)s your resources are stopped, unless %(amount)s are paid"), ("stop",)),
        ),
        (
            If(
                "act",
                _("From %(on)s no new order of yours is taken, unless your overdue invoices are paid."),
                ("block",),
            ),
            If(
                "act",
                _("On %(on)s your resources that are not paid for are stopped, unless your overdue invoices are paid."),
                ("stop",),
            ),
            _("%(amount)s are to pay: %(amount_spelt)s."),
            _("If you cannot pay by then, or something is not right, please talk to us: %(support)s."),
        ),
        PAY_INVOICES,
        HOW_TO_TRANSFER,
        holds=is_("waiting"),
        is_owed=True,
        asks_for_transfer=True,
    ),
    Kind.DUNNING_DONE: NoticeKind(
        Subject.DUNNING,
        (
            If("act", _("New orders are blocked until %(amount)s are paid"), ("block",)),
            If("act", _("Your resources are stopped until %(amount)s are paid"), ("stop",)),
        ),
        (
            If("act", _("No new order of yours is taken, for invoices are overdue."), ("block",)),
            If(
                "act",
                _(
                    "Your resources that are not paid for were stopped, for invoices are overdue. Nothing on them was deleted."
                ),
                ("stop",),
            ),
            _("%(amount)s are to pay: %(amount_spelt)s."),
            If("act", _("Once they are paid, you can order again at once."), ("block",)),
            If(
                "act",
                _(
                    "Once they are paid, they start again at once, unless something else keeps them stopped or you want to start them yourself."
                ),
                ("stop",),
            ),
        ),
        PAY_INVOICES,
        HOW_TO_TRANSFER,
        holds=is_("in_force"),
        is_owed=True,
        asks_for_transfer=True,
    ),
    Kind.DUNNING_LIFTED: NoticeKind(
        Subject.DUNNING,
        (
            If("act", _("You can order again"), ("block",)),
            If("act", _("Your resources start again"), ("stop",)),
        ),
        (
            If("act", _("New orders are taken again."), ("block",)),
            If(
                "act",
                _(
                    "What was stopped for overdue invoices alone starts again. What you had stopped, or want to start yourself, stays stopped."
                ),
                ("stop",),
            ),
        ),
        SEE_RESOURCES,
        holds=is_not("again"),
        only_informs=True,
    ),
    Kind.LINE_QUESTIONED: NoticeKind(
        Subject.INVOICE,
        (_("We look into your question about invoice %(number)s"),),
        (
            _("You have questioned “%(line)s” on invoice %(number)s: “%(question)s”"),
            _("Until we have answered, %(amount)s of it are neither dunned nor paid automatically."),
        ),
        SEE_INVOICE,
        holds=not_among("asked", "answered"),
    ),
    Kind.QUESTION_ANSWERED: NoticeKind(
        Subject.INVOICE,
        (
            If("credit_note", _("You were right about invoice %(number)s: %(credited)s are credited")),
            _("Our answer to your question about invoice %(number)s"),
        ),
        (
            _("We have looked into “%(line)s” on invoice %(number)s."),
            _("%(credited)s are credited by credit note %(credit_note)s."),
            _("Our answer: %(answer)s"),
            Unless("credit_note", _("What is still due of it is to be paid as before.")),
        ),
        SEE_INVOICE,
    ),
    Kind.INVOICE_PAID: NoticeKind(
        Subject.INVOICE,
        (_("Invoice %(number)s is paid"),),
        (_("%(amount)s were paid on invoice %(number)s. Nothing remains to pay."),),
        SEE_INVOICE,
        holds=is_zero("due"),
        together=(OF_A_PAYMENT,),
        only_informs=True,
    ),
    Kind.INVOICE_PARTIALLY_PAID: NoticeKind(
        Subject.INVOICE,
        (_("Invoice %(number)s is partially paid"),),
        (_("%(amount)s were paid on invoice %(number)s."), STILL_TO_PAY),
        SEE_INVOICE,
        BY_BANK,
        current=("due", "due_date", "bank_account", "transfer_text"),
        together=(OF_A_PAYMENT,),
    ),
}
