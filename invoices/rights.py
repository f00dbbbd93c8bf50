"""What staff may do with the month-end and with debts."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

from accounts.staff import Staff, declare, give, show

show("invoices", Staff.SUPPORT, Staff.FINANCE, Staff.AUDITOR)

RUN_BILLING = declare("invoices.billingrun", "run_billing", _("Can run and rehearse the month-end"), Staff.FINANCE)
RELEASE_BILLING = declare("invoices.parkedbilling", "release_billing", _("Can release a parked billing"), Staff.FINANCE)
HOLD = declare(
    "invoices.hold",
    "hold_customer",
    _("Can hold a customer's dunning or automatic payment"),
    Staff.SUPPORT,
    Staff.FINANCE,
)
CALL = declare(
    "invoices.dunningstep", "call_customer", _("Can call customers about debts"), Staff.SUPPORT, Staff.FINANCE
)
give(
    ["invoices.add_rung", "invoices.change_rung", "accounts.add_customergroup", "accounts.change_customergroup"],
    Staff.FINANCE,
)
ANSWER_QUESTION = declare(
    "invoices.question", "answer_question", _("Can answer questions about invoice lines"), Staff.SUPPORT, Staff.FINANCE
)
