"""How debts are settled: attempts to pay, what of each went to which invoice, what gateways and staff did."""

from payments.models.allocations import Allocation, InvoiceBornPaid
from payments.models.attempts import OPEN, SETTLED, TO_ASK_ABOUT, Payment, PaymentState
from payments.models.automatic import AutomaticCharge
from payments.models.behalf import PaymentRequest
from payments.models.holds import Shortage, UsageHold
from payments.models.links import Consent, LinkedAccount
from payments.models.notices import GatewayNotice
from payments.models.paid_time import PaidTime
from payments.models.poc import InvoicedTime, PocTime
from payments.models.reconciliation import ReconciliationCase, StatementDay, StatementLine
from payments.models.refunds import TO_RETURN, Refund
from payments.models.reversals import Reversal
from payments.models.transfers import BankTransfer, ExpectedTransfer, SentBack, TransferClaim

__all__ = [
    "OPEN",
    "SETTLED",
    "TO_ASK_ABOUT",
    "TO_RETURN",
    "Allocation",
    "AutomaticCharge",
    "BankTransfer",
    "Consent",
    "ExpectedTransfer",
    "GatewayNotice",
    "InvoiceBornPaid",
    "InvoicedTime",
    "LinkedAccount",
    "PaidTime",
    "Payment",
    "PaymentRequest",
    "PaymentState",
    "PocTime",
    "ReconciliationCase",
    "Refund",
    "Reversal",
    "SentBack",
    "Shortage",
    "StatementDay",
    "StatementLine",
    "TransferClaim",
    "UsageHold",
]
