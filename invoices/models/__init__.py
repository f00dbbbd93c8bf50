"""What is owed: invoices, credit notes, numbers, billing runs, months of commitments; debts on their ladder, on hold, and questioned."""

from invoices.models.committed import CommittedMonth, ShortfallInvoice
from invoices.models.corrections import CreditedPart, CreditNote, UseTakenBack
from invoices.models.documents import IN_PAID_TIME, ORDER_OF_PAYMENT, Invoice, NumberSeries
from invoices.models.dunning import Act, DunningStep, Rung
from invoices.models.holds import Hold
from invoices.models.lines import InvoiceLine
from invoices.models.questions import Question
from invoices.models.runs import BillingChunk, BillingRun, ParkedBilling
from invoices.models.taxed import RateInUse
from invoices.models.totals import MonthlyTotal

__all__ = [
    "IN_PAID_TIME",
    "ORDER_OF_PAYMENT",
    "Act",
    "BillingChunk",
    "BillingRun",
    "CommittedMonth",
    "CreditNote",
    "CreditedPart",
    "DunningStep",
    "Hold",
    "Invoice",
    "InvoiceLine",
    "MonthlyTotal",
    "NumberSeries",
    "ParkedBilling",
    "Question",
    "RateInUse",
    "Rung",
    "ShortfallInvoice",
    "UseTakenBack",
]
