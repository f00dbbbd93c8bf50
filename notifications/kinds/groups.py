"""What is said of notices that belong together; `together=` in the entry of a kind names one of these."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from notifications.kinds.base import Unless
from notifications.kinds.together import (
    PAY_INVOICES,
    RESOURCE,
    SEE_PAYMENTS,
    SEE_RESOURCES,
    TOLD,
    By,
    Column,
    Figure,
    Together,
    of_resources,
)
from notifications.models import Notice

Kind = Notice.Kind
SETTLED = (Kind.INVOICE_PAID.value, Kind.INVOICE_PARTIALLY_PAID.value)
TO_PAY = Column(_("Still to pay"), "due", is_amount=True)
TOTAL = Figure("total", "total")
DUE = Figure("due", "due")
NUMBER = Column(_("Invoice"), "number")
ALL_BY_BANK = _("To pay all of it by bank: %(to_transfer)s to %(bank_account)s, with the text %(transfer_text)s.")
"""Said when a mail leaves."""

INVOICES_OF_A_RUN = Together(
    By.RUN,
    (
        _("%(month)s: %(count)s invoices, %(total)s, due %(due_date)s"),
        _("%(count)s invoices: %(total)s"),
    ),
    (NUMBER, RESOURCE, Column(_("Total"), "total", is_amount=True), TO_PAY),
    PAY_INVOICES,
    (
        _("There are %(count)s new invoices for what you used in %(month)s. They come to %(total)s."),
        _("%(due)s are to pay by %(due_date)s."),
        ALL_BY_BANK,
        Unless(
            "to_transfer",
            _("To pay by bank: account %(bank_account)s. The text of the transfer is the number of an invoice; one transfer may pay for many."),
        ),
    ),
    (TOTAL, DUE),
)  # fmt: skip
INVOICES_DUE = Together(
    By.DAY,
    (_("%(count)s invoices are due on %(due_date)s: %(due)s"), _("%(count)s invoices are due soon: %(due)s")),
    (NUMBER, RESOURCE, Column(_("Due"), "due_date"), TO_PAY),
    PAY_INVOICES,
    (_("%(due)s are still to pay."), ALL_BY_BANK),
    (DUE,),
)
INVOICES_OVERDUE = Together(
    By.DAY,
    (_("%(count)s invoices are overdue: %(due)s"),),
    (NUMBER, RESOURCE, Column(_("Due"), "due_date"), TO_PAY),
    PAY_INVOICES,
    (_("%(due)s are still to pay. Please pay it now."), ALL_BY_BANK),
    (DUE,),
)
OF_A_PAYMENT = Together(
    By.PAYMENT,
    (
        _("%(received)s received, %(invoices)s invoices settled"),
        _("%(invoices)s invoices settled: %(settled)s"),
        _("Payment received: %(received)s"),
    ),
    (
        TOLD,
        NUMBER,
        Column(_("Paid"), "settled", is_amount=True),
        TO_PAY,
    ),
    SEE_PAYMENTS,
    (
        _("We have received %(received)s. Thank you."),
        _("%(settled)s went to your invoices."),
        _("%(due)s are still to pay on them."),
        Unless("due", _("Nothing remains to pay on them.")),
    ),
    (
        Figure("received", "amount", (Kind.PAYMENT_RECEIVED.value,)),
        Figure("settled", "amount", SETTLED),
        Figure("invoices", kinds=SETTLED),
        Figure("due", "due", SETTLED),
    ),
)
OF_AN_ORDER = Together(
    By.ORDER,
    (
        _("Your order: %(done)s done, %(failed)s could not be carried out"),
        _("Your order: %(done)s done, %(paid)s paid"),
        _("Your order is done"),
    ),
    (
        TOLD,
        Column(_("Paid until"), "until"),
        Column(_("Invoice"), "invoice"),
        Column(_("Paid"), "paid", is_amount=True),
        Column(_("Returned"), "back", is_amount=True),
    ),
    SEE_RESOURCES,
    (
        _("We have received %(received)s. Thank you."),
        _("%(paid)s paid for what was done; the table says what came of each."),
        _("%(back)s are back in your wallet as credit."),
    ),
    (
        Figure("received", "amount", (Kind.PAYMENT_RECEIVED.value,)),
        Figure(
            "done",
            kinds=(
                Kind.RESOURCE_CREATED.value,
                Kind.RESOURCE_RESIZED.value,
                Kind.RESOURCE_RENEWED.value,
                Kind.RESOURCE_RECOVERED.value,
            ),
        ),
        Figure("failed", kinds=(Kind.PROVISIONING_FAILED.value,)),
        Figure("paid", "paid"),
        Figure("back", "amount", (Kind.PROVISIONING_FAILED.value,)),
    ),
)

EXPIRING = of_resources(
    _("%(count)s resources end soon"),
    Column(_("Ends"), "paid_until"),
    sentences=(_("Renew them before they end, or they are stopped and moved to the trash."),),
)
IN_GRACE = of_resources(
    _("%(count)s resources have expired and still run"),
    Column(_("Stops"), "suspend_at"),
    sentences=(_("Renew them before they are stopped and moved to the trash."),),
)
TRASHED = of_resources(
    _("%(count)s resources have ended and are in the trash"),
    Column(_("Deleted for good"), "purge_at"),
    sentences=(_("Their data are kept for a while. Recover them before then if you still need them."),),
)
PURGE_COMING = of_resources(
    _("%(count)s resources will soon be deleted for good"),
    Column(_("Deleted for good"), "purge_at"),
    sentences=(_("Recover them before then if you still need them."),),
)
PURGED = of_resources(
    _("%(count)s resources are deleted for good"), sentences=(_("Their data are gone and cannot be brought back."),)
)
ROLLED_OVER = of_resources(
    _("%(count)s resources continue as postpaid"),
    Column(_("Since"), "from"),
    sentences=(_("They run on without a break. Their usage is billed at the end of each month."),),
)
RENEWAL_ANNOUNCED = of_resources(
    _("%(count)s resources are to be renewed automatically: %(total)s"),
    Column(_("Ends"), "paid_until"),
    Column(_("First try"), "first_try"),
    Column(_("Price"), "total", is_amount=True),
    Column(_("Missing in the wallet"), "shortfall", is_amount=True),
    sentences=(
        _("They are renewed from your wallet, the earliest end first, if the credit is there then. Together they cost %(total)s."),
    ),
    figures=(TOTAL,),
)  # fmt: skip
RENEWED = of_resources(
    _("%(count)s resources were renewed automatically: %(total)s"),
    Column(_("Paid until"), "until"),
    NUMBER,
    Column(_("Paid"), "total", is_amount=True),
    sentences=(_("%(total)s were taken from your wallet."),),
    figures=(TOTAL,),
)
NOT_RENEWED = of_resources(
    _("%(count)s resources could not be renewed automatically"),
    Column(_("Ends"), "paid_until"),
    Column(_("Price"), "total", is_amount=True),
    sentences=(_("Top up, or renew them yourself, before they end. Each notice in the portal says its reason."),),
    figures=(TOTAL,),
)
