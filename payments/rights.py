"""What staff may do with money."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from accounts.staff import Staff, declare, show

show("payments", Staff.SUPPORT, Staff.FINANCE, Staff.AUDITOR)

CHECK_PAYMENT = declare(
    "payments.payment", "check_payment", _("Can ask the gateway about a payment"), Staff.SUPPORT, Staff.FINANCE
)
RECORD_BANK_TRANSFER = declare(
    "payments.payment", "record_bank_transfer", _("Can record a bank transfer"), Staff.FINANCE
)
TAKE_BACK_PAYMENT = declare(
    "payments.payment", "take_back_payment", _("Can book that a payment was taken back"), Staff.FINANCE
)
REFUND_TOP_UP = declare(
    "payments.payment", "refund_top_up", _("Can ask for the return of a top-up to its source"), Staff.FINANCE
)
DECIDE_PAYMENT = declare(
    "payments.payment", "settle_payment", _("Can decide what became of a payment that is held"), Staff.FINANCE
)
RECONCILE = declare(
    "payments.reconciliationcase", "reconcile", _("Can end differences between statements and our books"), Staff.FINANCE
)
REQUEST_ADJUSTMENT = declare(
    "payments.payment", "request_adjustment", _("Can ask for a credit adjustment"), Staff.FINANCE
)
GRANT_CREDIT = declare("payments.payment", "grant_credit", _("Can grant promotional credit"), Staff.FINANCE)
GRANT_POC = declare("payments.poctime", "grant_poc", _("Can grant and stop POC credit"), Staff.FINANCE)
CORRECT_INVOICE = declare("invoices.invoice", "correct_invoice", _("Can issue a credit note"), Staff.FINANCE)
