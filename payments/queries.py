"""Reading payments and the wallet: lists, what paid an invoice, every movement of credit, which gateways are open."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, Expression, F, OuterRef, Prefetch, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import Customer
from invoices.models import Invoice
from kernel.periods import Period, local_day
from kernel.shapes import Wording
from ledger.models import Account, Entry, Grant, Transaction
from lifecycle.models import CreditWarning, Resource
from payments.gateways import GATEWAYS, open_codes
from payments.gateways import gateway as gateway_named
from payments.models import Allocation, ExpectedTransfer, Payment, Refund, Shortage, UsageHold
from payments.models.payables import PaidFor, payable_of
from store.search import search

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

CHUNK = 2000
BY_TRANSFER = "bank_transfer"
"""Among the ways to pay, beside the codes of gateways."""
Fact = Transaction.Kind

ACTIONS: dict[str, tuple[Wording, tuple[str, ...]]] = {
    "top-up": (gettext_lazy("Top-up"), (Fact.TOP_UP, Fact.BANK_TRANSFER)),
    "purchase": (gettext_lazy("Purchase"), (Fact.ORDER_PAYMENT, Fact.RENEWAL)),
    "bill": (gettext_lazy("Invoice paid"), (Fact.INVOICE_PAYMENT,)),
    "refund": (gettext_lazy("Refund"), (Fact.ORDER_REFUND, Fact.CREDIT_NOTE_REFUND)),
    "grant": (gettext_lazy("Promotional credit"), (Fact.GRANT, Fact.GRANT_EXPIRY)),
    "adjustment": (gettext_lazy("Adjustment"), (Fact.ADJUSTMENT,)),
    "taken-back": (gettext_lazy("Taken back"), (Fact.REVERSAL, Fact.GIVEN_BACK, Fact.DEBT)),
    "returned": (gettext_lazy("Returned to its source"), (Fact.REFUND, Fact.REFUND_FAILED)),
}
"""What a customer asks for among the movements: what it is called, and the kinds of ledger transaction."""


@dataclass(frozen=True, slots=True)
class OpenGateway:
    """
    A way in which money can come from outside now, with the limits of one payment in VND.

    :ivar account: of a linked account, how it is known
    """

    code: str
    minimum: int
    maximum: int
    account: str = ""

    @property
    def name(self) -> str:
        return account_words(self.account) if self.account else gateway_name(self.code)

    @property
    def note(self) -> str:
        """How one pays this way."""
        if self.account:
            return _("your linked account is charged at once; you stay here")
        if self.code == BY_TRANSFER:
            return _("you scan a code in your bank's app; it counts as soon as your bank has transferred it")
        how = GATEWAYS[self.code].how if self.code in GATEWAYS else _("on its page")
        return _("%(how)s; you come back here afterwards") % {"how": how}

    def takes(self, amount: int) -> bool:
        return self.minimum <= amount <= self.maximum


def gateway_name(code: str) -> str:
    """How customers know a gateway, or the way beside all gateways."""
    if code == BY_TRANSFER:
        return _("Bank transfer by QR code")
    return str(GATEWAYS[code].name) if code in GATEWAYS else code


def account_words(known_as: str) -> str:
    """A linked account as customers know it, of `LinkedAccount.known_as`: "ZaloPay ****567"."""
    gateway, _bar, display = known_as.partition("|")
    return f"{gateway_name(gateway)} {display}".strip()


def means_words(payment: Payment) -> str:
    """How it was paid, in words: the account or the gateway's name says more than "gateway"."""
    if payment.linked:
        return account_words(payment.linked.known_as)
    return gateway_name(payment.gateway) or payment.get_means_display()


def open_gateways() -> list[OpenGateway]:
    """The gateways that are set up here, without calling any, with their own limits."""
    found = ((code, gateway_named(code).caps) for code in open_codes())
    return [OpenGateway(code, caps.min_amount, caps.max_amount) for code, caps in found]


# --- Payments ---

STATES: list[tuple[str, Wording]] = [
    (value, pgettext_lazy("state", "Created") if value == Payment.State.CREATED else label)
    for value, label in Payment.State.choices
]
"""As choices; "created" alone would be read as a date."""


@dataclass(frozen=True, slots=True)
class WantedPayments:
    means: str = ""
    kind: str = ""
    state: str = ""
    text: str = ""
    period: Period | None = None


def payments_of(customer: Customer, wanted: WantedPayments) -> QuerySet[Payment]:
    """The customer's payments; see the index `payments_of_a_customer` for their order."""
    found = Payment.objects.filter(customer=customer)
    if wanted.means:
        found = found.filter(means=wanted.means)
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    if wanted.state:
        found = found.filter(state=wanted.state)
    if wanted.text:
        found = search(found, wanted.text, ("reference", "description", "gateway_txn_id"))
    if wanted.period:
        found = found.filter(created_at__gte=wanted.period.starts_at, created_at__lt=wanted.period.ends_at)
    return found


def with_paid_invoices(payments: QuerySet[Payment]) -> QuerySet[Payment]:
    """Load with each payment what of it went to which invoice, as `payment.paid_invoices`, in one more query."""
    allocations = Allocation.objects.filter(reversal=None).select_related("invoice").order_by("invoice__number")
    return payments.prefetch_related(Prefetch("allocations", queryset=allocations, to_attr="paid_invoices"))


def in_and_spent(payments: QuerySet[Payment]) -> tuple[int, int]:
    """
    What of these payments came in from outside, and what was spent, in VND: two sums, for a top-up and what is bought with it
    are the same money.

    Spent is what went to orders and invoices, was not returned to the wallet, and is not due again.
    """
    received = Coalesce(F("captured"), F("amount"))
    settled = payments.order_by().filter(state__in=[Payment.State.SUCCEEDED, Payment.State.REFUNDED])
    sums = settled.aggregate(
        came=Sum(received - F("taken_back") - F("to_source"), filter=~Q(means=Payment.Means.WALLET)),
        spent=Sum(received - F("refunded"), filter=~Q(kind=Payment.Kind.TOP_UP)),
    )
    opened = Allocation.objects.filter(reversal__isnull=False, payment__in=settled.exclude(kind=Payment.Kind.TOP_UP))
    due_again = -(opened.aggregate(sum=Sum("amount"))["sum"] or 0)
    return sums["came"] or 0, (sums["spent"] or 0) - due_again


def allocations_to(invoice: Invoice) -> QuerySet[Allocation]:
    """What paid an invoice, the earliest first."""
    return invoice.allocations.select_related("payment", "credit_note").order_by("at", "pk")


def open_invoice_payment(customer: Customer) -> Payment | None:
    """The attempt to pay invoices through a gateway that is still open, if there is one."""
    return Payment.objects.open().filter(customer=customer, payable=payable_of(PaidFor.INVOICES, customer.pk)).first()


def waiting_transfers(customer: Customer, at: datetime) -> QuerySet[ExpectedTransfer]:
    """What the customer wants to transfer and may still be on its way, the latest first, with what has come. What mails ask for is not."""
    waiting = ExpectedTransfer.objects.waiting().filter(customer=customer, expires_at__gt=at)
    waiting = waiting.exclude(actor__startswith="job:")
    return waiting.with_received().order_by("-created_at", "-id")


# --- The wallet's movements ---


@dataclass(frozen=True, slots=True)
class WantedMovements:
    action: str = ""
    bucket: str = ""
    text: str = ""
    period: Period | None = None


def movements_of(customer: Customer, wanted: WantedMovements) -> QuerySet[Entry]:
    """
    Every entry in the customer's wallet with its transaction and bucket; see the index `entries_of_a_customer`. POC credit has a
    statement of its own.

    `balance_after` is the balance of the entry's own bucket.
    """
    found = of_the_wallet(Entry.objects.filter(customer=customer), customer.pk)
    found = found.select_related("transaction", "account")
    if wanted.action:
        _words, kinds = ACTIONS[wanted.action]
        found = found.filter(transaction__kind__in=kinds)
    if wanted.bucket:
        found = found.filter(account__kind=wanted.bucket)
    if wanted.text:
        found = search(found, wanted.text, ("transaction__reference",))
    if wanted.period:
        found = found.filter(transaction__at__gte=wanted.period.starts_at, transaction__at__lt=wanted.period.ends_at)
    return found


def holds_of(customer: Customer) -> QuerySet[UsageHold]:
    """What is held of the customer's credit now, with the resource that it is held for."""
    return UsageHold.objects.open().filter(customer=customer).select_related("hold", "resource__product")


def of_the_wallet(entries: QuerySet[Entry], customer_id: UUID) -> QuerySet[Entry]:
    """Those that moved credit which pays for anything. Said by what is left out: the few keep the sums in their index."""
    poc = Entry.objects.filter(account__customer=customer_id, account__kind=Account.Kind.POC)
    return entries.exclude(pk__in=poc.values("pk"))


class Stopping(TypedDict):
    next_stop: datetime | None
    has_stopped: bool


def shortages_of(customer: Customer) -> QuerySet[WithAnnotations[Shortage, Stopping]]:
    """What the customer's credit does not cover now, by product: `next_stop` is when resources stop next, `has_stopped` some stand still."""
    stopped = Resource.objects.filter(
        customer=OuterRef("customer"), product=OuterRef("product"), stopped_for_credit=True
    )
    next_stop = Subquery(_warned().order_by("stops_at").values("stops_at")[:1])
    found: QuerySet[Shortage] = Shortage.objects.standing().filter(customer=customer).select_related("product")
    return found.annotate(next_stop=next_stop, has_stopped=Exists(stopped)).order_by("next_stop", "at")


def _warned() -> QuerySet[CreditWarning]:
    """Of the shortage outside: what was told and has not come."""
    waiting = CreditWarning.objects.waiting().filter(resource__product=OuterRef("product"))
    return waiting.filter(customer=OuterRef("customer"))


def warnings_of(customer: Customer) -> dict[UUID, list[CreditWarning]]:
    """Which resources of each product lack credit now, what was told of them and when."""
    found: dict[UUID, list[CreditWarning]] = defaultdict(list)
    rows = CreditWarning.objects.standing().filter(customer=customer).select_related("resource").order_by("pk")
    for warning in rows:
        found[warning.resource.product_id].append(warning)
    return found


class Missing(TypedDict):
    missing: int


def announced_stop_of(resource: Resource) -> WithAnnotations[CreditWarning, Missing] | None:
    """That it lacks credit, as was told and has not come; `missing` is how much its product lacks now."""
    if not (resource.is_prepaid and resource.is_running):
        return None
    shortage = Shortage.objects.standing().filter(customer=resource.customer_id, product=resource.product_id)
    waiting: QuerySet[CreditWarning] = CreditWarning.objects.waiting().filter(resource=resource)
    return waiting.annotate(missing=Subquery(shortage.values("missing_now"))).first()


def facts_of_shortages(pks: set[UUID]) -> dict[UUID, dict[str, object]]:
    """
    What notices about shortages of credit are held against: on which `days` something is to stop, empty for what runs on;
    `again`: something has stopped since.
    """
    found: QuerySet[Shortage] = Shortage.objects.filter(pk__in=pks).only("done_at", "lifted_at", "customer", "product")
    same = Shortage.objects.standing().filter(customer=OuterRef("customer"), product=OuterRef("product"))
    rows = found.annotate(waiting=ArraySubquery(_warned().values("stops_at")), again=Exists(same.exclude(done_at=None)))
    return {
        row.pk: {
            "days": [] if row.lifted_at else sorted({_day_of(stops_at) for stops_at in row.waiting}),
            "in_force": row.lifted_at is None and row.done_at is not None,
            "again": row.again,
        }
        for row in rows
    }


def _day_of(stops_at: datetime | None) -> str:
    return local_day(stops_at).isoformat() if stops_at else ""


def with_totals_after(customer: Customer, movements: QuerySet[Entry]) -> QuerySet[Entry]:
    """Each of `movements` with `total_after`: what both buckets held together after it. Two steps into an index a row."""
    return movements.annotate(total_after=sum((_bucket_then(customer, kind) for kind in Account.WALLET), Value(0)))


def _bucket_then(customer: Customer, kind: Account.Kind) -> Expression:
    """What that bucket held after the movement; see the index `entries_of_an_account`."""
    bucket = Account.objects.filter(customer=customer, kind=kind).values("pk")
    latest = Entry.objects.filter(account=Subquery(bucket), pk__lte=OuterRef("pk")).order_by("-pk")
    return Coalesce(Subquery(latest.values("balance_after")[:1]), 0)


def in_and_out(movements: QuerySet[Entry]) -> tuple[int, int]:
    """What came in and what went out (both >= 0), in VND."""
    sums = movements.order_by().aggregate(
        came=Sum("amount", filter=Q(amount__gt=0)), went=Sum("amount", filter=Q(amount__lt=0))
    )
    return sums["came"] or 0, -(sums["went"] or 0)


def facts_of_payments(pks: set[UUID]) -> dict[UUID, dict[str, object]]:
    """What notices about payments are held against, see `notifications.truth`."""
    failed = Refund.objects.filter(payment=OuterRef("pk"), state=Refund.State.FAILED)
    found: QuerySet[Payment] = Payment.objects.filter(pk__in=pks)
    payments = found.annotate(failed_refunds=ArraySubquery(failed.values("reference")))
    return {
        payment.pk: {
            "state": payment.state,
            "kept": payment.kept,
            "kept_because": payment.failure if payment.kept else "",
            "failed_refunds": payment.failed_refunds,
        }
        for payment in payments
    }


@dataclass(frozen=True, slots=True)
class Expiring:
    """Promotional credit that is left and ends at `expires_at`."""

    amount: int
    expires_at: datetime
    reason: str


def promotional_by_expiry(customer_id: UUID, *, at: datetime) -> list[Expiring]:
    """What is left of the grants still running, in the order in which it is spent."""
    promotional = Grant.objects.filter(customer=customer_id, kind=Grant.Kind.PROMOTIONAL)
    running = promotional.filter(expires_at__gt=at, rest__gt=0).order_by("expires_at", "pk")
    return [Expiring(grant.rest, grant.expires_at, grant.reason) for grant in running]


def closed_with_credit(customers: QuerySet[Customer]) -> QuerySet[Customer]:
    """Accounts that have closed and still have credit: given up, or come in since."""
    with_credit = Account.objects.filter(kind=Account.Kind.CREDIT, balance__gt=0, customer__closed_at__isnull=False)
    return customers.filter(closed_at__isnull=False, pk__in=with_credit.values("customer"))
