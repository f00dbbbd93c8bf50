"""
The books kept by hand: what every wallet, every paid stretch and every bill must be.

Everything is worked out again from the history of the resources (their events, in order) and from what went in and out,
with fractions and with a price list of its own, then compared with what the portal says. Nothing here calls a service.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Sum

from accounts.models import Customer
from catalog.models import Discount, Price, Product, TaxRate
from invoices.models import Invoice, ParkedBilling
from kernel.periods import CalendarMonth
from lifecycle.models import Resource, ResourceEvent, ServicePeriod
from orders.models import Order, OrderItem
from payments.models import Payment
from payments.services.wallet import wallet_of

Configuration = list[dict[str, Any]]
MINUTE = timedelta(minutes=1)
MONTH = timedelta(days=30)

TURNED = """
SELECT i.number FROM invoices_invoice i
JOIN LATERAL (SELECT coalesce(sum(amount - promotional), 0) AS bought FROM payments_allocation WHERE invoice_id = i.id) paid ON TRUE
JOIN LATERAL (SELECT coalesce(sum(e.amount), 0) AS bought FROM invoices_creditnote c
              JOIN ledger_transaction t ON t.kind = 'credit_note_refund' AND t.source = c.id::text
              JOIN ledger_entry e ON e.transaction_id = t.id JOIN ledger_account a ON a.id = e.account_id AND a.kind = 'credit'
              WHERE c.invoice_id = i.id) refunded ON TRUE
JOIN LATERAL (SELECT coalesce(sum(p.amount - p.promotional), 0) AS bought FROM payments_allocation p
              JOIN invoices_creditnote c ON c.id = p.credit_note_id WHERE c.invoice_id = i.id) passed_on ON TRUE
WHERE refunded.bought + passed_on.bought > paid.bought
"""
"""Invoices that gave back more bought credit than had paid them."""


def minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)


def half_up(exact: Fraction) -> int:
    """For amounts of zero and more."""
    return int(exact + Fraction(1, 2))


@dataclass
class PriceList:
    """All prices and discounts, read once; they never change, they only begin and end."""

    prices: list[Price] = field(default_factory=lambda: list(Price.objects.all()))
    discounts: list[Discount] = field(default_factory=lambda: list(Discount.objects.all()))
    vat: dict[str, Fraction] = field(
        default_factory=lambda: {rate.category_id: Fraction(rate.rate) for rate in TaxRate.objects.all()}
    )
    products: dict[str, UUID] = field(
        default_factory=lambda: {str(p.item_id): p.item.product_id for p in Price.objects.select_related("item")}
    )

    def line(self, customer: UUID, entry: dict[str, Any], length: timedelta, at: datetime) -> int:
        """One item over `length`, at the price of the instant `at`, with VAT."""
        in_force = [p for p in self.prices if str(p.item_id) == entry["item"] and _valid(p, at)]
        price = min(in_force, key=lambda p: p.customer_id != customer)
        off = [d.share for d in self.discounts if d.customer_id == customer and _valid(d, at)
               and d.product_id == self.products[entry["item"]]]  # fmt: skip
        share = 1 - Fraction(off[0]) if off else Fraction(1)
        amount = half_up(
            Fraction(price.unit_price) * entry["quantity"] * share * int(length / MINUTE) / price.per_minutes
        )
        return amount if price.includes_vat else amount + half_up(amount * self.vat[str(price.tax_category_id)])

    def paid(self, customer: UUID, configuration: Configuration, length: timedelta, *, at: datetime) -> int:
        """Paid ahead: one price for the whole time, that of the purchase."""
        return sum(self.line(customer, entry, length, at) for entry in configuration)

    def used(self, customer: UUID, configuration: Configuration, start: datetime, end: datetime) -> int:
        """Used: each minute at its own price, a line per stretch of one price."""
        total = 0
        for entry in configuration:
            rows: list[Price | Discount] = [*(p for p in self.prices if str(p.item_id) == entry["item"] and p.customer_id in {None, customer}),
                    *(d for d in self.discounts if d.customer_id == customer and d.product_id == self.products[entry["item"]])]  # fmt: skip
            changes = {
                minute(i) for row in rows for i in (row.valid_from, row.valid_until) if i and start < minute(i) < end
            }
            for left, right in pairwise(sorted({start, end, *changes})):
                total += self.line(customer, entry, right - left, left)
        return total


def _valid(row: Price | Discount, at: datetime) -> bool:
    """Prices change on whole minutes."""
    return minute(row.valid_from) <= at and (row.valid_until is None or at < minute(row.valid_until))


@dataclass
class Paid:
    """Time paid ahead: [start, end), and what of its price the customer has not been given back."""

    start: datetime
    end: datetime
    net: int
    invoice: UUID

    def unused(self, at: datetime) -> int:
        left, whole = self.end - max(at, self.start), self.end - self.start
        return half_up(Fraction(self.net * int(left / MINUTE), int(whole / MINUTE))) if left > timedelta() else 0

    def end_at(self, at: datetime) -> None:
        self.end = min(self.end, max(at, self.start))


@dataclass
class Used:
    """Time used first and billed later: [start, end), without end while it goes on."""

    start: datetime
    end: datetime | None
    configuration: Configuration


@dataclass
class Life:
    """A resource, as its history tells."""

    customer: UUID
    product: Product
    mode: str
    configuration: Configuration
    state: str = "new"
    paid_until: datetime | None = None
    rolls_over: bool = False
    flips: list[tuple[datetime, str]] = field(default_factory=list)
    paid: list[Paid] = field(default_factory=list)
    used: list[Used] = field(default_factory=list)
    billed: list[tuple[datetime, datetime]] = field(default_factory=list)

    def is_metered(self, state: str) -> bool:
        return state != "stop" or not self.product.stopped_time_is_free

    def begin_use(self, at: datetime, state: str = "") -> None:
        if self.is_metered(state or self.state):
            self.used.append(Used(minute(at), None, self.configuration))

    def end_use(self, at: datetime) -> None:
        for part in self.used:
            if part.end is None:
                part.end = max(minute(at), part.start)

    def flip(self, at: datetime, state: str) -> None:
        """Stopped or started."""
        self.flips.append((at, state))
        self.state = state
        if self.mode == "postpaid" and self.product.stopped_time_is_free:
            self.end_use(at)
            self.begin_use(at)

    def roll_over(self) -> None:
        """
        Usage from the very minute in which paid time ended, whenever the job came.

        Who stopped or started the resource in between did it to a postpaid one.
        """
        assert self.paid_until is not None
        end = self.paid_until
        self.mode, self.paid_until, self.rolls_over = "postpaid", None, False
        late = [(at, state) for at, state in self.flips if minute(at) >= end]
        before = ("active" if late[0][1] == "stop" else "stop") if late else self.state
        self.begin_use(end, before)
        for at, state in late:
            if self.product.stopped_time_is_free:
                self.end_use(at)
                self.begin_use(at, state)

    def cut_paid(self, at: datetime, *, refundable: bool) -> int:
        """Paid time ends at `at`; returns what comes back."""
        back = 0
        for part in self.paid:
            unused = part.unused(minute(at)) if refundable and part.end > minute(at) else 0
            part.net -= unused
            part.end_at(minute(at))
            back += unused
        return back

    def unbilled(self, until: datetime) -> list[tuple[datetime, datetime]]:
        """Stretches of use before `until` that no bill covers."""
        left = [(part.start, min(part.end or until, until)) for part in self.used if part.start < until]
        for start, end in self.billed:
            left = [piece for s, e in left for piece in ((s, min(e, start)), (max(s, end), e)) if piece[0] < piece[1]]
        return [(start, end) for start, end in left if start < end]


class Books:
    """What must be so, for some customers, from their first day on."""

    def __init__(self, customers: list[Customer]) -> None:
        self.customers = [customer.pk for customer in customers]
        self.prices = PriceList()
        self.purse: Counter[UUID] = Counter()
        self.debt: Counter[UUID] = Counter()
        self.lives: dict[UUID, Life] = {}
        self._told: dict[type, set[Any]] = defaultdict(set)
        self._event = 0

    def read_on(self) -> None:
        """Enter all that has happened since the last time."""
        for payment in self._new(Payment, Payment.objects.filter(state__in=["succeeded", "refunded"]).order_by("pk")):
            self._enter_payment(payment)
        for item in self._new(OrderItem, OrderItem.objects.filter(state="refunded").order_by("pk")):
            self.purse[item.customer_id] += item.due
        for event in (
            ResourceEvent.objects.filter(pk__gt=self._event).select_related("resource__product").order_by("pk")
        ):
            self._enter_event(event)
            self._event = event.pk
        for invoice in self._new(Invoice, Invoice.objects.filter(kind="usage").order_by("pk")):
            self._enter_bill(invoice)

    def _new(self, model: type, rows: Any) -> list[Any]:
        news = set(rows.values_list("pk", flat=True)) - self._told[model]
        self._told[model] |= news
        return list(rows.filter(pk__in=news)) if news else []

    def _enter_payment(self, payment: Payment) -> None:
        """Money from outside comes in; what orders, renewals and bills take goes out."""
        if payment.means != Payment.Means.WALLET:
            self.purse[payment.customer_id] += payment.amount
        if payment.kind == Payment.Kind.ORDER and Order.objects.filter(payment=payment).exists():
            self.purse[payment.customer_id] -= payment.amount
        if payment.kind == Payment.Kind.INVOICE:
            self.purse[payment.customer_id] -= payment.allocated
            self.debt[payment.customer_id] -= payment.allocated

    def _enter_event(self, event: ResourceEvent) -> None:
        Kind = ResourceEvent.Kind
        resource: Resource = event.resource
        if event.kind == Kind.ORDERED:
            item = OrderItem.objects.get(resource=resource, order=event.order_id)
            mode = "postpaid" if item.content["postpaid"] else "prepaid"
            self.lives[resource.pk] = Life(resource.customer_id, resource.product, mode, item.content["configuration"])
            return
        life, at = self.lives[resource.pk], event.at
        assert event.from_state in {"", life.state}
        match event.kind:
            case Kind.PROVISIONED | Kind.RECOVERED:
                life.state = "active"
                if event.kind == Kind.RECOVERED:
                    life.mode = "prepaid"
                if life.mode == "prepaid":
                    content = _content(event)
                    life.paid_until = minute(at)
                    self._buy(resource, life, content["months"] * MONTH, content["total"])
                else:
                    life.begin_use(at)
            case Kind.RENEWED if event.order_id:
                content = _content(event)
                assert datetime.fromisoformat(content["starts_at"]) == life.paid_until
                self._buy(
                    resource, life, datetime.fromisoformat(content["ends_at"]) - life.paid_until, content["total"]
                )
            case Kind.RENEWED:
                months = resource.auto_renew_months or 0
                cost = self.prices.paid(life.customer, life.configuration, months * MONTH, at=at)
                self._buy(resource, life, months * MONTH, cost)
                self.purse[life.customer] -= cost
            case Kind.RESIZED:
                self._resize(resource, life, event)
            case Kind.STOPPED | Kind.STARTED:
                life.flip(at, event.to_state)
            case Kind.REBOOTED | Kind.EXPIRED | Kind.PURGED | Kind.PROVISIONING_FAILED:
                life.state = event.to_state
            case Kind.TRASHED | Kind.DELETED:
                life.state = event.to_state
                life.end_use(at)
                self.purse[life.customer] += life.cut_paid(at, refundable=life.product.is_refundable)
                if life.paid_until:
                    life.paid_until = min(life.paid_until, minute(at))
                life.rolls_over = False
            case Kind.RESTORED:
                life.state, life.rolls_over = "active", False
                life.mode = Customer.objects.get(pk=life.customer).billing_mode
                life.paid_until = minute(at) if life.mode == "prepaid" else None
                if life.mode == "postpaid":
                    life.begin_use(at)
            case Kind.CONVERTED if life.mode == "postpaid":
                life.end_use(at)
                life.mode, life.paid_until = "prepaid", minute(at)
            case Kind.ROLLED_OVER:
                life.roll_over()

    def _buy(self, resource: Resource, life: Life, length: timedelta, price: int) -> None:
        assert life.paid_until is not None
        start, life.paid_until = life.paid_until, life.paid_until + length
        invoice = Invoice.objects.filter(resource=resource, kind="prepaid", period_start=start).latest("pk")
        life.paid.append(Paid(start, life.paid_until, price, invoice.pk))

    def _resize(self, resource: Resource, life: Life, event: ResourceEvent) -> None:
        content = _content(event)
        life.configuration = content["configuration"]
        if life.mode == "postpaid":
            life.end_use(event.at)
            life.begin_use(event.at)
            return
        start = datetime.fromisoformat(content["starts_at"])
        back = life.cut_paid(start, refundable=True)
        end, life.paid_until = life.paid_until, start
        self._buy(resource, life, end - start, content["total"])
        self.purse[life.customer] += max(back - content["total"], 0)

    def _enter_bill(self, invoice: Invoice) -> None:
        """A bill is right when its hand-made price agrees, and when no minute of it was billed before."""
        assert invoice.resource_id
        life, window = self.lives[invoice.resource_id], (invoice.period_start, invoice.period_end)
        assert not [b for b in life.billed if b[0] < window[1] and window[0] < b[1]], f"{invoice}: billed twice"
        total = 0
        for part in life.used:
            start, end = max(part.start, window[0]), min(part.end or window[1], window[1])
            if start < end:
                total += self.prices.used(life.customer, part.configuration, start, end)
        assert invoice.total == total, f"{invoice}: {invoice.total} instead of {total}"
        life.billed.append(window)
        self.debt[life.customer] += total

    def compare(self) -> None:
        """The portal says the same."""
        for pk in self.customers:
            assert wallet_of(pk).available == self.purse[pk], f"wallet of {pk}: {wallet_of(pk)}, not {self.purse[pk]}"
            due = Invoice.objects.filter(customer=pk).aggregate(due=Sum("due"))["due"] or 0
            assert due == self.debt[pk], f"debt of {pk}: {due}, not {self.debt[pk]}"
        with connection.cursor() as cursor:
            cursor.execute(TURNED)
            assert not (turned := cursor.fetchall()), f"promotional credit turned into bought credit: {turned}"
        kept = dict(
            Invoice.objects.filter(kind="prepaid").values_list("resource").annotate(kept=Sum("total") - Sum("credited"))
        )
        periods: dict[UUID, list[Any]] = defaultdict(list)
        for row in ServicePeriod.objects.order_by("starts_at", "pk"):
            if row.ends_at is None or row.starts_at < row.ends_at:
                periods[row.resource_id].append(row)
        for resource in Resource.objects.all():
            life = self.lives[resource.pk]
            assert (resource.state, resource.billing_mode) == (life.state, life.mode), resource.name
            assert resource.configuration == life.configuration
            assert resource.paid_until == life.paid_until, resource.name
            assert kept.get(resource.pk, 0) == sum(part.net for part in life.paid), f"{resource}: kept for paid time"
            rows = periods[resource.pk]
            served = sum((r.ends_at - r.starts_at for r in rows if r.billing_mode == "prepaid"), timedelta())
            assert served == sum((part.end - part.start for part in life.paid), timedelta()), f"{resource}: paid time"
            metered = [(r.starts_at, r.ends_at, r.configuration) for r in rows if r.billing_mode == "postpaid"]
            by_hand = [(u.start, u.end, u.configuration) for u in life.used if u.end is None or u.start < u.end]
            assert metered == by_hand, f"{resource}: usage {metered}, not {by_hand}"

    def nothing_unbilled(self, at: datetime) -> None:
        """After a month end: every minute used in months before is on a bill, but for customers that are parked."""
        parked = set(ParkedBilling.objects.filter(state="parked").values_list("customer", flat=True))
        until = CalendarMonth.of(at).period.starts_at
        for pk, life in self.lives.items():
            if life.customer not in parked:
                assert not life.unbilled(until), f"{pk}: unbilled {life.unbilled(until)}"
                if life.state in {"suspense", "deleted"} or life.mode == "prepaid":
                    assert not life.unbilled(at + timedelta(days=9999)), f"{pk}: gone, but not all of it is billed"


def _content(event: ResourceEvent) -> dict[str, Any]:
    return OrderItem.objects.get(resource=event.resource_id, order=event.order_id).content
