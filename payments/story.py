"""What became of the money of a payment, step by step, as its customer and staff read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Sum, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from kernel import display
from kernel.actors import who
from kernel.reasons import in_words
from ledger.models import Account, Transaction
from payments.failures import failure_words
from payments.models import SETTLED, Allocation, Payment, Refund, Reversal
from payments.queries import account_words
from payments.services.refunds import arrives_by, source_of
from store.places import address_of

FailedItems = Callable[[UUID], Mapping[str, str]]
_told: list[FailedItems] = []


def knows_orders(failed_items: FailedItems) -> None:
    """An app above tells why which items of an order were not provided: reasons, by the source of their refund."""
    _told[:] = [failed_items]


class Code(TextChoices):
    STARTED = "started", gettext_lazy("Started")
    FAILED = "failed", gettext_lazy("Did not go through")
    CANCELLED = "cancelled", gettext_lazy("Given up")
    PAID = "paid", pgettext_lazy("step", "Paid")
    CREDIT = "credit", gettext_lazy("Credit in the wallet")
    INVOICE_PAID = "invoice_paid", gettext_lazy("Invoice paid")
    TO_WALLET = "to_wallet", gettext_lazy("Returned to the wallet")
    REFUND_BEGUN = "refund_begun", gettext_lazy("On its way back to its source")
    REFUND_DONE = "refund_done", gettext_lazy("Returned to its source")
    REFUND_FAILED = "refund_failed", gettext_lazy("Could not be returned")
    TAKEN_BACK = "taken_back", gettext_lazy("Taken back by the bank or gateway")
    GIVEN_BACK = "given_back", gettext_lazy("Given back by the bank or gateway")
    INVOICE_REOPENED = "invoice_reopened", gettext_lazy("Invoice open again")


LOOKS = {
    Code.FAILED: ("red", "error"),
    Code.CANCELLED: ("grey", "void"),
    Code.PAID: ("green", "ok"),
    Code.CREDIT: ("green", "wallet"),
    Code.INVOICE_PAID: ("green", "ok"),
    Code.TO_WALLET: ("blue", "wallet"),
    Code.REFUND_BEGUN: ("blue", "hourglass"),
    Code.REFUND_DONE: ("green", "ok"),
    Code.REFUND_FAILED: ("red", "error"),
    Code.TAKEN_BACK: ("amber", "warning"),
    Code.GIVEN_BACK: ("green", "wallet"),
    Code.INVOICE_REOPENED: ("amber", "warning"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """
    One thing that happened to the money of a payment.

    :ivar reason: why it failed, in words; of a refund where the money goes
    :ivar expected_by: the day until which returned money is seen
    """

    code: Code
    at: datetime
    amount: int
    reason: str = ""
    account: str = ""
    expected_by: date | None = None
    invoice: UUID | None = None
    number: str = ""

    @property
    def title(self) -> str:
        name = f"{self.code.label} {self.number}".strip()
        return f"{name} · {display.money(self.amount)}" if self.amount else name

    @property
    def text(self) -> str:
        to = _("To %(account)s.") % {"account": self.account} if self.account else ""
        by = _("Expected there by %(day)s.") % {"day": display.day(self.expected_by)} if self.expected_by else ""
        return " ".join(part for part in (self.reason, to, by) if part)

    @property
    def tone(self) -> str:
        return LOOKS.get(self.code, ("grey", "info"))[0]

    @property
    def icon(self) -> str:
        return LOOKS.get(self.code, ("grey", "info"))[1]

    @property
    def url(self) -> str:
        return address_of("invoice", self.invoice) if self.invoice else ""


def story_of(payment: Payment) -> list[Step]:
    """All of it, the latest first; the number of queries does not depend on its length."""
    steps = [*_attempt(payment), *_invoices(payment), *_to_wallet(payment), *_to_source(payment), *_taken_back(payment)]
    return sorted(steps, key=lambda step: step.at)[::-1]


def _attempt(payment: Payment) -> Iterator[Step]:
    began = _("By %(who)s.") % {"who": who(payment.actor)}
    yield Step(Code.STARTED, payment.created_at, payment.amount, began)
    ended = payment.settled_at
    if ended is None:
        return
    if payment.state == Payment.State.FAILED:
        yield Step(Code.FAILED, ended, 0, payment.failure_words)
    elif payment.state == Payment.State.CANCELLED:
        yield Step(Code.CANCELLED, ended, 0)
    else:
        yield Step(Code.PAID, ended, payment.received)
        if credit := _credit_posted(payment):
            yield Step(Code.CREDIT, ended, credit, payment.failure_words if payment.kept else "")


def _credit_posted(payment: Payment) -> int:
    """What came in from outside and nothing took at once."""
    if payment.means == Payment.Means.WALLET:
        return 0
    if payment.kind == Payment.Kind.TOP_UP:
        return payment.received
    return payment.kept or max(payment.received - payment.amount, 0)


def _invoices(payment: Payment) -> Iterator[Step]:
    for one in Allocation.objects.filter(payment=payment).select_related("invoice").order_by("pk"):
        code = Code.INVOICE_REOPENED if one.reversal_id else Code.INVOICE_PAID
        yield Step(code, one.at, abs(one.amount), invoice=one.invoice_id, number=one.invoice.number)


def _to_wallet(payment: Payment) -> Iterator[Step]:
    """What an order gave back because it could not be provided."""
    if payment.order_id is None or payment.kind != Payment.Kind.ORDER or payment.state not in SETTLED:
        return
    reasons = {source: why for tell in _told for source, why in tell(payment.order_id).items()}
    facts = Transaction.objects.filter(
        kind=Transaction.Kind.ORDER_REFUND,
        source__in=reasons,
        customer=payment.customer_id,
        entries__account__kind__in=Account.WALLET,
    )
    for fact in facts.annotate(back=Sum("entries__amount")):
        why = _("%(resource)s could not be provided: %(reason)s")
        words = why % {"resource": fact.reference, "reason": in_words(reasons[fact.source])}
        yield Step(Code.TO_WALLET, fact.at, fact.back, words)


def _to_source(payment: Payment) -> Iterator[Step]:
    account = account_words(source_of(payment))
    for refund in Refund.objects.filter(payment=payment).order_by("approved_at"):
        day = arrives_by(refund)
        yield Step(
            Code.REFUND_BEGUN,
            refund.approved_at,
            refund.amount,
            account=account,
            expected_by=day if refund.is_undecided else None,
        )
        if refund.gateway_txn_id and refund.settled_at:
            yield Step(
                Code.REFUND_DONE,
                refund.settled_at,
                refund.amount,
                account=account,
                expected_by=None if refund.came_back_at else day,
            )
        ended = refund.came_back_at or refund.settled_at
        if refund.state == Refund.State.FAILED and ended:
            words = f"{failure_words(refund.failure)} {_('It is credit in the wallet again.')}"
            yield Step(Code.REFUND_FAILED, ended, refund.amount, words)


def _taken_back(payment: Payment) -> Iterator[Step]:
    for reversal in Reversal.objects.filter(payment=payment).order_by("pk"):
        parts = (
            (reversal.from_credit, _("%(amount)s came out of the wallet.")),
            (reversal.reopened, _("Invoices of %(amount)s are open again.")),
            (reversal.debt - reversal.collected, _("%(amount)s are owed.")),
        )
        words = " ".join(text % {"amount": display.money(amount)} for amount, text in parts if amount)
        yield Step(Code.TAKEN_BACK, reversal.at, reversal.amount, words)
        if reversal.given_back_at:
            yield Step(Code.GIVEN_BACK, reversal.given_back_at, reversal.given_back)
