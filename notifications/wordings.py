"""
What each notice says: one table for mails and the portal.

A sentence stands only when every fact that it names is there and is not nothing or zero, so that one wording serves
prepaid and postpaid, paid and free. `If` and `Unless` ask for a flag besides.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from notifications.models import Notice

Kind = Notice.Kind


class If(NamedTuple):
    fact: str
    sentence: Any


class Unless(NamedTuple):
    fact: str
    sentence: Any


class Wording(NamedTuple):
    """`page`: the URL name of what the notice leads to; `button`: the label of that link."""

    subject: Any
    sentences: tuple[Any, ...]
    page: str
    button: Any


SEE_RESOURCE = ("resource", _("See the resource"))
SEE_INVOICE = ("invoice", _("See the invoice"))
SEE_PAYMENT = ("payment", _("See the payment"))
SEE_WALLET = ("wallet", _("See your wallet"))
SEE_CREDIT = ("credit-history", _("See your credit history"))
SEE_RESOURCES = ("resources", _("See your resources"))

WORDINGS: dict[str, Wording] = {
    Kind.RESOURCE_CREATED: Wording(
        _("%(resource)s is ready"),
        (
            _("%(resource)s has been set up and is running."),
            _("It is paid until %(paid_until)s."),
            _("Its invoice comes to %(total)s."),
        ),
        *SEE_RESOURCE,
    ),
    Kind.PROVISIONING_FAILED: Wording(
        _("Your order for %(resource)s could not be carried out"),
        (
            _("Your order for %(resource)s could not be carried out."),
            _("Reason: %(reason)s"),
            _("%(amount)s are back in your wallet as credit."),
            _("Everything else is as before, and you can order again at any time."),
        ),
        *SEE_WALLET,
    ),
    Kind.RESOURCE_RESIZED: Wording(
        _("%(resource)s has its new size"),
        (
            _("%(resource)s runs with its new configuration."),
            _("It is paid until %(paid_until)s."),
            _("The invoice for the rest of the time comes to %(total)s."),
        ),
        *SEE_RESOURCE,
    ),
    Kind.RESOURCE_RENEWED: Wording(
        _("%(resource)s is renewed"),
        (
            _("%(resource)s is renewed."),
            _("It is paid until %(paid_until)s."),
            _("The invoice comes to %(total)s."),
        ),
        *SEE_RESOURCE,
    ),
    Kind.RESOURCE_RECOVERED: Wording(
        _("%(resource)s is back"),
        (
            _("%(resource)s was taken out of the trash and runs again."),
            _("It is paid until %(paid_until)s."),
            _("The invoice comes to %(total)s."),
        ),
        *SEE_RESOURCE,
    ),
    Kind.RESOURCE_DELETED: Wording(
        _("%(resource)s was deleted"),
        (
            _("%(resource)s was deleted."),
            _("%(refund)s for unused time are back in your wallet."),
            _("It can be taken back until %(undoable_until)s. After that its data are gone for good."),
        ),
        *SEE_RESOURCE,
    ),
    Kind.RESOURCE_TRASHED: Wording(
        _("%(resource)s has ended and is in the trash"),
        (
            _("The paid time of %(resource)s is over: it was stopped and moved to the trash."),
            _("Its data are kept until %(purge_at)s. Recover it before then if you still need it."),
        ),
        *SEE_RESOURCE,
    ),
    Kind.RESOURCE_PURGED: Wording(
        _("%(resource)s is deleted for good"),
        (_("%(resource)s was deleted for good. Its data are gone and cannot be brought back."),),
        *SEE_RESOURCE,
    ),
    Kind.RESOURCE_GONE: Wording(
        _("%(resource)s has been lost"),
        (
            _("We are sorry: %(resource)s was lost and cannot be brought back. Nothing is charged for it from now on."),
            _("%(refund)s for unused time are back in your wallet."),
        ),
        *SEE_RESOURCE,
    ),
    Kind.RESOURCE_EXPIRING: Wording(
        _("%(resource)s ends on %(paid_until)s"),
        (
            _("The paid time of %(resource)s ends on %(paid_until)s."),
            If(
                "auto_renew", _("It is renewed automatically from your wallet. Please see that there is enough credit.")
            ),
            Unless("auto_renew", _("Renew it before then, or it is stopped and moved to the trash.")),
        ),
        *SEE_RESOURCE,
    ),
    Kind.RESOURCE_IN_GRACE: Wording(
        _("%(resource)s has expired and still runs"),
        (
            _("The paid time of %(resource)s is over. It runs on for a while."),
            _("Renew it before %(suspend_at)s, or it is stopped and moved to the trash."),
        ),
        *SEE_RESOURCE,
    ),
    Kind.PURGE_COMING: Wording(
        _("%(resource)s will soon be deleted for good"),
        (
            _("%(resource)s is in the trash and will be deleted for good on %(purge_at)s."),
            _("Recover it before then if you still need it."),
        ),
        *SEE_RESOURCE,
    ),
    Kind.RESOURCE_ROLLED_OVER: Wording(
        _("%(resource)s continues as postpaid"),
        (
            _("The paid time of %(resource)s has ended, and it runs on without a break."),
            _("Since %(from)s its usage is billed at the end of each month."),
        ),
        *SEE_RESOURCE,
    ),
    Kind.AUTO_RENEW_ANNOUNCED: Wording(
        _("%(resource)s will be renewed automatically"),
        (
            _("%(resource)s ends on %(paid_until)s and will be renewed automatically from your wallet."),
            _("The renewal costs %(total)s."),
        ),
        *SEE_RESOURCE,
    ),
    Kind.AUTO_RENEW_DONE: Wording(
        _("%(resource)s was renewed automatically"),
        (
            _("%(resource)s was renewed automatically."),
            _("%(total)s were taken from your wallet."),
            _("The new period begins on %(paid_until)s, where the last one ends."),
        ),
        *SEE_RESOURCE,
    ),
    Kind.AUTO_RENEW_FAILED: Wording(
        _("%(resource)s could not be renewed automatically"),
        (
            _("%(resource)s could not be renewed automatically."),
            _("Your wallet lacks %(shortfall)s."),
            _("Its paid time ends on %(paid_until)s. Top up, or renew it yourself, before then."),
        ),
        *SEE_RESOURCE,
    ),
    Kind.PAYMENT_RECEIVED: Wording(
        _("Payment received: %(amount)s"),
        (
            _("We have received %(amount)s. Thank you."),
            _("That is %(more)s more than was asked for. What it was not needed for is credit in your wallet."),
            _("That is %(less)s less than was asked for."),
        ),
        *SEE_PAYMENT,
    ),
    Kind.PAYMENT_TAKEN_BACK: Wording(
        _("A payment was taken back: %(amount)s"),
        (
            _("The bank or payment gateway has taken back %(amount)s that you had paid."),
            _("%(from_credit)s of it came out of the credit in your wallet."),
            _("%(reopened)s had been spent on invoices, which are open again: %(numbers)s."),
            _("%(debt)s are still owed and will be taken from credit that comes in."),
            _("If you did not ask for this, please talk to your bank, and to us."),
        ),
        *SEE_PAYMENT,
    ),
    Kind.PAYMENT_FAILED: Wording(
        _("Payment failed: %(amount)s"),
        (
            _("Your payment of %(amount)s did not go through."),
            _("Reason: %(reason)s"),
            _("You can pay again, or choose another means."),
        ),
        *SEE_PAYMENT,
    ),
    Kind.REFUND: Wording(
        _("%(amount)s are back in your wallet"),
        (
            _("%(amount)s for unused time of %(resource)s are back in your wallet."),
            _("They are credited by credit note %(number)s."),
        ),
        *SEE_CREDIT,
    ),
    Kind.INVOICE_ISSUED: Wording(
        _("Invoice for %(resource)s: %(total)s"),
        (
            _("There is a new invoice for %(resource)s."),
            _("It covers the time from %(from)s to %(until)s."),
            _("It comes to %(total)s."),
        ),
        *SEE_INVOICE,
    ),
    Kind.INVOICE_DUE: Wording(
        _("Invoice %(number)s is due on %(due_at)s"),
        (
            _("Invoice %(number)s is due on %(due_at)s."),
            _("%(due)s are still to pay."),
        ),
        *SEE_INVOICE,
    ),
    Kind.INVOICE_OVERDUE: Wording(
        _("Invoice %(number)s is overdue"),
        (
            _("Invoice %(number)s was due on %(due_at)s."),
            _("%(due)s are still to pay. Please pay it now."),
        ),
        *SEE_INVOICE,
    ),
    Kind.INVOICE_PAID: Wording(
        _("Invoice %(number)s is paid"),
        (_("%(amount)s were paid on invoice %(number)s. Nothing remains to pay."),),
        *SEE_INVOICE,
    ),
    Kind.INVOICE_PARTIALLY_PAID: Wording(
        _("Invoice %(number)s is partially paid"),
        (
            _("%(amount)s were paid on invoice %(number)s."),
            _("%(due)s are still to pay."),
        ),
        *SEE_INVOICE,
    ),
    Kind.AUTOMATIC_PAYMENT: Wording(
        _("Invoices paid from your wallet: %(amount)s"),
        (
            _("Open invoices were paid automatically from your wallet: %(amount)s."),
            _("It reached %(numbers)s."),
            _("%(left)s are still open on your invoices. Top up, and they are paid by themselves."),
        ),
        *SEE_PAYMENT,
    ),
    Kind.CREDIT_ADJUSTED: Wording(
        _("Your credit has changed: %(change)s"),
        (
            _("Our staff changed your credit by %(change)s."),
            _("Reason: %(reason)s"),
        ),
        *SEE_CREDIT,
    ),
    Kind.BILLING_MODE_SWITCHED: Wording(
        _("Your billing mode is now %(to_mode)s"),
        (
            _("Our staff switched your billing mode to %(to_mode)s."),
            _("Buy a paid period for each running resource by %(renewal_window_until)s, or it moves to the trash."),
        ),
        *SEE_RESOURCES,
    ),
}
