"""
A random walk over the real services: customers order, resize, stop and delete, gateways and product teams answer when and
as they like, staff correct and switch, time moves on and its jobs run, on time, late and twice.

A walk is a list of steps, each a move and a seed of its own, so that steps can be left out and the rest still makes sense:
that is how a failing walk is made short.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from accounts.four_eyes import approve, ask
from accounts.models import Customer
from billing_portal.auditor import violations
from billing_portal.schedule import BY_NAME
from catalog.models import Discount, Item, Price, Product
from invoices.models import Invoice, ParkedBilling
from invoices.services.release import release
from kernel.actors import Actor, ActorKind
from kernel.errors import DomainError, InvalidInput
from kernel.periods import CalendarMonth, local_day, start_of_day
from ledger.models import Grant
from lifecycle.models import ProvisioningRequest, Resource
from lifecycle.services.running import reboot_resource, set_auto_renew, start_resource, stop_resource
from lifecycle.services.trash import restore_resource
from orders.actions import actions_of_row, with_pending
from orders.models import Action, Order, Quote
from orders.services.checkout import check_out
from orders.services.delete import delete_resource, preview_deletion, purge_resource
from orders.services.fulfil import answer_provisioning
from orders.services.quotes import StaleQuote, make_quote
from orders.services.stories.renew import NewEndInThePast
from orders.services.switch import switch_billing_mode
from orders.services.unpaid import end_unpaid_order
from payments.acts import AdjustCredit
from payments.gateways import Caps, Failed, Outcome, Pending, Redirect, Succeeded, Unknown
from payments.models import Payment
from payments.services.asking import check_payment
from payments.services.attempts import cancel_attempt
from payments.services.correct import correct_invoice
from payments.services.credit import grant_promotional_credit
from payments.services.gateway import start_invoice_payment, start_top_up
from payments.services.invoices import pay_invoices_from_wallet
from payments.services.outcomes import record_outcome
from payments.services.transfers import record_bank_transfer
from payments.services.wallet import InsufficientCredit, wallet_of
from store.tally import Tally
from tests.actions.books import books
from tests.cast import JOB, STAFF, TEAM, create, make_coupon, make_customer, make_item, make_product, owner_of
from tests.property.hand import MONTH, Books, minute

Step = tuple[str, int]
COLLEAGUE = Actor(ActorKind.STAFF, "colleague@portal.example")
SUCCEEDED, FAILED = ProvisioningRequest.State.SUCCEEDED, ProvisioningRequest.State.FAILED
START = datetime(2026, 1, 27, 3, 17, 42, tzinfo=UTC)
DAY = timedelta(days=1)
NIGHTLY = ("expire-credit", "bill-month")
MORNING = ("remind-about-ends", "announce-renewals", "dunning", "auto-renew", "pay-invoices")
FREQUENT = ("time-out-requests", "check-payments", "expire-orders", "expire-resources", "purge-resources")

IN_PARTS = {"adjust", "answer", "news", "ask", "release_parked", "wait", "wait_for_something", "catch_up"}
"""Moves of several calls: one may be refused after another has changed something."""


class Broken(AssertionError):
    """Something that must always be true is not, or a service failed otherwise than by a refusal."""


@dataclass
class Gate:
    """A gateway whose payments have a fate from the start; it tells when the walk says so."""

    code: str = "gate"
    caps: Caps = field(default_factory=lambda: Caps(1_000, 50_000_000, timedelta(minutes=15), timedelta(days=2)))
    started: int = 0
    random: Random = field(default_factory=lambda: Random(0))

    def new_reference(self, now: datetime) -> str:
        self.started += 1
        return f"gate-{self.started}"

    def start(self, **_more: Any) -> Redirect | Outcome:
        page = Redirect("https://gate.example/pay")
        answers: list[Redirect | Outcome] = [page, page, page, page, Unknown("time-out"), Failed("no", "no")]
        return self.random.choice(answers)

    def query(self, *, reference: str, at: datetime) -> Outcome:
        payment = Payment.objects.get(reference=reference)
        return self.random.choice([Pending(), Unknown("not_found"), truth(payment, at)])


def truth(payment: Payment, at: datetime) -> Outcome:
    """What became of an attempt: two of three are paid."""
    number = int(payment.reference.rpartition("-")[2])
    return Failed("declined", "declined") if number % 3 == 0 else Succeeded(f"txn-{number}", payment.amount, at)


class Errors(logging.Handler):
    """What services write into the log when they survive a failure of their own."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(f"{record.name}: {record.getMessage()} {record.exc_info[1] if record.exc_info else ''}")


class World:
    """Two products, four customers, a price change, a discount and two coupons; and what is done to them."""

    def __init__(self) -> None:
        self.at = START
        self.trace: list[str] = []
        self.gate = Gate()
        self.errors = Errors()
        box = make_product("vbox", grace_days=15, days_in_trash_after_expiry=3, days_in_trash_after_deletion=0,
                           is_refundable=False, stopped_time_is_free=True)  # fmt: skip
        server = make_product("vserver")
        self.products = [server, box]
        until = START + 40 * DAY
        small = make_item(server, "small", 181_000, valid_until=minute(until))
        Price.objects.create(item=small, unit_price=Decimal("199999.5"), valid_from=minute(until))
        self.items: dict[UUID, list[Item]] = {
            server.pk: [small, make_item(server, "large", 520_000)],
            box.pk: [
                make_item(box, "cube", "33333.333333", includes_vat=False),
                make_item(box, "dice", "7.7", per_minutes=60, includes_vat=False, vat_rate=Decimal("0.08")),
            ],
        }
        self.disk = make_item(server, "ssd", "2000.25", kind=Item.Kind.VOLUME)
        self.customers = [make_customer(mode=mode) for mode in ("prepaid", "prepaid", "postpaid", "postpaid")]
        for customer in self.customers[::2]:
            Discount.objects.create(customer=customer, product=server, share=Decimal("0.15"),
                                    valid_from=START + 10 * DAY, valid_until=START + 70 * DAY)  # fmt: skip
        make_coupon("FLAT", 50_000, maximum_uses=5, maximum_uses_per_customer=2)
        make_coupon("TENTH", share=Decimal("0.1"), minimum_order=100_000, maximum_uses_per_customer=3)
        self.books = Books(self.customers)
        for customer in self.customers[:3]:
            self._adjust(customer, 3_000_000)
        for customer, item, months in zip(
            self.customers, (small, self.items[box.pk][0], small, self.items[box.pk][1]), (1, 1, 3, 1), strict=True
        ):
            create(customer, item, at=START, months=months, name=f"of {customer.billing_mode} {item.code}")

        self.books.read_on()

    # One step

    def take(self, step: Step) -> None:
        """Make a move, look into the books. :raises Broken:"""
        move, seed = step
        self.random = Random(seed)
        self.gate.random = Random(seed + 1)
        self.at += timedelta(seconds=self.random.choice([0, 20, 70, 600]))
        self.trace.append(f"{self.at:%d %b %H:%M:%S}  {move}")
        watched = move not in IN_PARTS and self.random.random() < 0.2
        before = books() if watched else {}
        try:
            getattr(self, move)()
        except DomainError as refusal:
            self._refused(refusal, before)
        except Broken:
            raise
        except Exception as failure:
            raise Broken(f"{type(failure).__name__}: {failure}") from failure
        self.look()

    def look(self) -> None:
        with connection.cursor() as cursor:  # what would be checked by the commit
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        try:
            self.books.read_on()
            self.books.compare()
        except AssertionError as wrong:
            raise Broken(str(wrong)) from wrong
        if found := [*violations(), *self.errors.found]:
            raise Broken("; ".join(found))

    def say(self, words: object) -> None:
        self.trace[-1] += f", {words}"

    def must(self, claim: bool, otherwise: object) -> None:
        if not claim:
            raise Broken(str(otherwise))

    def _refused(self, refusal: DomainError, before: dict[str, str]) -> None:
        self.say(f"refused: {refusal.code}")
        self.must(bool(str(refusal)), "a refusal without a sentence")
        if before and not (isinstance(refusal, InvalidInput) and Order.objects.filter(ended_at=self.at).exists()):
            after = books()
            self.must(after == before, f"a refusal changed {[t for t in before if before[t] != after[t]]}")

    # Choosing

    def customer(self) -> Customer:
        return Customer.objects.get(pk=self.random.choice(self.customers).pk)

    def resource(self, *states: str) -> Resource:
        """A resource in one of `states`, now and then any other. :raises DomainError: there is none"""
        rows = list(with_pending(Resource.objects.select_related("product", "customer")).order_by("created_at", "name"))
        any_state = self.random.random() < 0.05
        fitting = [row for row in rows if any_state or row.state in states]
        if not fitting:
            raise DomainError
        found = self.random.choice(fitting)
        self.say(
            f"{found.name} ({found.product.code}, {found.state}, {found.billing_mode}, paid until {found.paid_until})"
        )
        return found

    def offered(self, verb: str, resource: Resource, do: Callable[[], Any]) -> Any:
        """What the page offers is not refused."""
        actions = actions_of_row(resource, resource.customer, at=self.at)
        try:
            return do()
        except (InsufficientCredit, NewEndInThePast, StaleQuote):
            raise
        except DomainError as refusal:
            self.must(verb not in actions, f"{verb} is offered and refused: {refusal.code}")
            raise

    # Money in and out

    def _adjust(self, customer: Customer, amount: int) -> None:
        asked = ask(AdjustCredit, customer=customer, amount=amount, reason="goodwill", actor=COLLEAGUE, at=self.at)
        approve(asked.act.pk, actor=STAFF, at=self.at)
        self.books.purse[customer.pk] += amount

    def adjust(self) -> None:
        self._adjust(self.customer(), self.random.choice([-40_000, 33_333, 250_000, 2_000_000]))

    def grant(self) -> None:
        customer, amount = self.customer(), self.random.choice([1, 77_777, 400_000])
        days = self.random.choice([1, 9, 45])
        grant_promotional_credit(
            customer, amount, expires_at=self.at + days * DAY, reason="gift", actor=STAFF, at=self.at
        )
        self.books.purse[customer.pk] += amount

    def top_up(self) -> None:
        customer = self.customer()
        start_top_up(
            customer,
            self.random.choice([9_999, 50_000, 1_000_000]),
            gateway="gate",
            actor=owner_of(customer),
            at=self.at,
        )

    def news(self) -> None:
        """A gateway tells something of an attempt: new, old, again, or what is not true any more."""
        payments = list(Payment.objects.filter(means=Payment.Means.GATEWAY).order_by("pk"))
        if not payments:
            return
        payment = self.random.choice(payments[-4:] if self.random.random() < 0.8 else payments)
        outcome = self.random.choice([truth(payment, self.at)] * 3 + [Pending(), Unknown("lost")])
        self.say(f"{payment.reference} for {payment.payable[:14]} ({payment.state}): {type(outcome).__name__}")
        for _ in range(self.random.choice([1, 1, 2])):
            record_outcome(payment.pk, outcome, actor=JOB, at=self.at)
        if isinstance(outcome, Succeeded):
            payment.refresh_from_db()
            self.must(payment.state in {"succeeded", "refunded"}, f"money arrived, and the payment is {payment.state}")

    def ask(self) -> None:
        for payment in Payment.objects.open().order_by("pk")[:3]:
            check_payment(payment.pk, actor=JOB, at=self.at)

    def give_up_attempt(self) -> None:
        for payment in Payment.objects.open().order_by("-pk")[:1]:
            cancel_attempt(payment.pk, actor=owner_of(payment.customer), at=self.at)

    def _bills(self, customer: Customer) -> list[UUID]:
        bills = list(
            Invoice.objects.filter(customer=customer)
            .order_by("-due", "issued_at", "number")
            .values_list("pk", flat=True)
        )
        return bills[: self.random.choice([1, 2, 5])]

    def pay_bills(self) -> None:
        customer = self.customer()
        amount = self.random.choice([None, None, 1, 12_345])
        pay_invoices_from_wallet(
            customer.pk, self._bills(customer), amount=amount, actor=owner_of(customer), at=self.at
        )

    def pay_bills_by_gateway(self) -> None:
        customer = self.customer()
        start_invoice_payment(
            customer, tuple(self._bills(customer)), gateway="gate", actor=owner_of(customer), at=self.at
        )

    def transfer(self) -> None:
        customer, amount = self.customer(), self.random.choice([1, 100_000, 900_000])
        record_bank_transfer(customer.pk, amount, self._bills(customer), reference=f"FT{self.random.randint(1, 99)}",
                             reason="statement", actor=STAFF, at=self.at)  # fmt: skip

    def correct(self) -> None:
        rows = list(Invoice.objects.order_by("issued_at", "number"))
        if not rows:
            return
        invoice = self.random.choice(rows)
        left = invoice.total - invoice.credited
        amount = self.random.choice([1, left // 3, left, left + 1])
        self.say(f"{invoice.number}: {amount} of {left}, due {invoice.due}")
        correct_invoice(invoice.pk, amount, note="a mistake", actor=STAFF, at=self.at)
        self.books.purse[invoice.customer_id] += max(amount - invoice.due, 0)
        self.books.debt[invoice.customer_id] -= min(amount, invoice.due)
        for part in self.books.lives[invoice.resource_id].paid:
            if part.invoice == invoice.pk:
                part.net -= amount

    # Orders

    def _order(self, customer: Customer, action: Action, inputs: dict[str, Any], expected: Callable[[], int]) -> Order:
        quote = make_quote(customer, action, inputs, at=self.at)
        by_hand = expected()
        by_hand -= self._coupon(str(inputs.get("coupon") or ""), by_hand)
        self.must(quote.total == by_hand, f"quoted {quote.total} instead of {by_hand}")
        self.at += timedelta(minutes=self.random.choice([0, 0, 0, 1, 14, 14, 16]))
        order = self._check_out(quote)
        if action in {Action.CREATE, Action.RESIZE} and self.random.random() < 0.6:
            self._answer([item.request_id for item in order.items.exclude(request=None).order_by("position")])
        return order

    def _check_out(self, quote: Quote) -> Order:
        means = self.random.choice([Order.Means.WALLET] * 3 + [Order.Means.TOP_UP_AND_PAY, Order.Means.GATEWAY])
        self.say(f"{quote.total} by {means}")
        arguments: dict[str, Any] = {
            "means": means,
            "key": str(quote.pk),
            "gateway": "gate",
            "actor": owner_of(quote.customer),
        }
        order, payment = check_out(quote.customer_id, quote.pk, **arguments, at=self.at)
        if self.random.random() < 0.2:  # the same click again
            before = books()
            again, payment_again = check_out(quote.customer_id, quote.pk, **arguments, at=self.at)
            self.must(again == order, "a second click is a second order")
            if order.state != "awaiting_payment" or (payment and payment.is_open):
                self.must(books() == before, "a second click changed something")
            self.must(payment is None or not payment.is_open or payment == payment_again, "two attempts are open")
        self.say(order.state)
        return order

    @staticmethod
    def _coupon(code: str, subtotal: int) -> int:
        return {"": 0, "FLAT": min(50_000, subtotal), "TENTH": (subtotal + 5) // 10}[code]

    def _configuration(self, product: Product) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """What to send, and how it will be kept."""
        chosen = [(self.random.choice(self.items[product.pk]), 1)]
        if product == self.products[0] and self.random.random() < 0.5:
            chosen.append((self.disk, self.random.randint(1, 50)))
        kept = sorted(chosen, key=lambda pair: pair[0].code)
        return ([{"item": item.code, "quantity": n} for item, n in chosen],
                [{"item": str(item.pk), "quantity": n} for item, n in kept])  # fmt: skip

    def create(self) -> None:
        customer, product = self.customer(), self.random.choice(self.products)
        items, kept = self._configuration(product)
        months, count = self.random.choice([1, 1, 1, 3]), self.random.choice([1, 1, 2, 3])
        coupon = self.random.choice(["", "", "FLAT", "TENTH"]) if customer.is_prepaid else ""
        name = f"r{len(self.books.lives)}"
        inputs = {"product": str(product.pk), "name": name, "items": items, "quantity": count, "months": months,
                  "auto_renew_months": self.random.choice([None, 1, 1]), "coupon": coupon}  # fmt: skip
        self.say(f"{count} x {name} of {product.code} for {customer.name}")
        self._order(customer, Action.CREATE, inputs, lambda: 0 if customer.is_postpaid else
                    count * self.books.prices.paid(customer.pk, kept, months * MONTH, at=self.at))  # fmt: skip

    def resize(self) -> None:
        resource = self.resource("active", "stop")
        items, kept = self._configuration(resource.product)
        life = self.books.lives[resource.pk]

        def expected() -> int:
            if not resource.paid_until:
                return 0
            new = self.books.prices.paid(life.customer, kept, resource.paid_until - minute(self.at), at=self.at)
            unused = sum(part.unused(minute(self.at)) for part in life.paid)
            return new - (unused if resource.product.is_refundable else min(unused, new))

        inputs = {"resource": str(resource.pk), "items": items}
        if kept == resource.configuration:
            return
        self.offered("resize", resource, lambda: self._order(resource.customer, Action.RESIZE, inputs, expected))

    def renew(self) -> None:
        resource = self.resource("active", "stop")
        several = [resource]
        if self.random.random() < 0.4:
            several += [r for r in Resource.objects.filter(customer=resource.customer, state="active").exclude(pk=resource.pk)
                        if r.paid_until]  # fmt: skip
        months = self.random.choice([1, 1, 3, 6])
        inputs: dict[str, Any] = {
            "resources": [str(r.pk) for r in several],
            "coupon": self.random.choice(["", "", "FLAT", "TENTH"]),
        }
        ends = {r.pk: (r.paid_until or self.at) + months * MONTH for r in several}
        if len(several) > 1 and self.random.random() < 0.5:
            end = max(r.paid_until or self.at for r in several) + timedelta(minutes=self.random.choice([0, 1, 54_321]))
            inputs["match_end"], ends = end.isoformat(), {r.pk: minute(end) for r in several}
        else:
            inputs["months"] = months

        def expected() -> int:
            lives = [(self.books.lives[r.pk], ends[r.pk] - r.paid_until) for r in several if r.paid_until]
            return sum(self.books.prices.paid(life.customer, life.configuration, length, at=self.at)
                       for life, length in lives if length > timedelta())  # fmt: skip

        order = lambda: self._order(resource.customer, Action.RENEW, inputs, expected)  # noqa: E731
        simple = len(several) == 1 and not inputs["coupon"]
        _ = self.offered("renew", resource, order) if simple else order()

    def recover(self) -> None:
        resource = self.resource("suspense")
        months, life = self.random.choice([1, 1, 3]), self.books.lives[resource.pk]
        inputs = {"resource": str(resource.pk), "months": months, "coupon": ""}
        self.offered("recover", resource, lambda: self._order(
            resource.customer, Action.RECOVER, inputs,
            lambda: self.books.prices.paid(life.customer, life.configuration, months * MONTH, at=self.at)))  # fmt: skip

    def cancel_order(self) -> None:
        for order in Order.objects.filter(state="awaiting_payment").order_by("-pk")[:1]:
            end_unpaid_order(order.pk, expired=False, actor=owner_of(order.customer), at=self.at)

    def answer(self) -> None:
        self._answer(
            list(ProvisioningRequest.objects.unanswered().order_by("requested_at", "pk").values_list("pk", flat=True))
        )

    def _answer(self, requests: list[UUID | None]) -> None:
        for pk in requests:
            state = self.random.choice([SUCCEEDED] * 4 + [FAILED])
            self.say(state)
            for _ in range(self.random.choice([1, 1, 2])):
                answer_provisioning(pk, state, actor=TEAM, at=self.at)

    # The life of resources

    def stop(self) -> None:
        resource = self.resource("active")
        self.offered(
            "stop", resource, lambda: stop_resource(resource.pk, actor=owner_of(resource.customer), at=self.at)
        )

    def start(self) -> None:
        resource = self.resource("stop")
        self.offered(
            "start", resource, lambda: start_resource(resource.pk, actor=owner_of(resource.customer), at=self.at)
        )

    def reboot(self) -> None:
        resource = self.resource("active")
        self.offered(
            "reboot", resource, lambda: reboot_resource(resource.pk, actor=owner_of(resource.customer), at=self.at)
        )

    def auto_renew(self) -> None:
        resource, months = self.resource("active", "stop"), self.random.choice([1, 1, 3, None])
        self.offered("auto_renew", resource, lambda: set_auto_renew(
            resource.pk, months=months, actor=owner_of(resource.customer), at=self.at))  # fmt: skip

    def delete(self) -> None:
        resource = self.resource("active", "stop")
        promised = preview_deletion(resource, at=self.at).refund if resource.is_running else 0
        had = wallet_of(resource.customer_id).available
        self.offered(
            "delete", resource, lambda: delete_resource(resource.pk, actor=owner_of(resource.customer), at=self.at)
        )
        self.must(
            wallet_of(resource.customer_id).available == had + promised, "deleting gave back another amount than shown"
        )

    def empty_trash(self) -> None:
        resource = self.resource("suspense")
        self.offered(
            "purge", resource, lambda: purge_resource(resource.pk, actor=owner_of(resource.customer), at=self.at)
        )

    def restore(self) -> None:
        restore_resource(self.resource("suspense").pk, reason="asked for it", actor=STAFF, at=self.at)

    def switch(self) -> None:
        customer = self.customer()
        to = "postpaid" if customer.is_prepaid else "prepaid"
        self.say(f"{customer.name} to {to}")
        switch_billing_mode(customer.pk, to, reason="asked for it", actor=STAFF, at=self.at)

    def release_parked(self) -> None:
        for parked in ParkedBilling.objects.filter(state="parked").order_by(F("resource").asc(nulls_first=True), "pk")[
            :1
        ]:
            self.must(parked.cause == ParkedBilling.Cause.OUTLIER, f"billing failed: {parked.reason}")
            release(parked.pk, reason="looked at it", actor=STAFF, at=self.at)

    # Time

    def wait(self) -> None:
        """Hours or days go by; what is due happens on its day."""
        self._live_until(self.at + self.random.choice([timedelta(hours=1), DAY, 3 * DAY]))

    def wait_for_something(self) -> None:
        """Until about the instant at which something ends: paid time, grace, time in the trash, a month, an order."""
        ends = [
            i for r in Resource.objects.order_by("created_at", "name") for i in (r.paid_until, r.suspend_at, r.purge_at)
        ]
        ends += [
            CalendarMonth.of(self.at).period.ends_at,
            *Order.objects.order_by("pk").values_list("expires_at", flat=True),
        ]
        ahead = sorted({end for end in ends if end and self.at < end < self.at + 33 * DAY})
        end = self.random.choice(ahead[:4])
        self._live_until(max(self.at, end + timedelta(seconds=self.random.choice([-90, -20, 0, 20, 3600]))))

    def outage(self) -> None:
        """Nothing runs for a while, but everything else goes on; later steps come before the jobs catch up."""
        self.at += self.random.choice([timedelta(hours=3), DAY, 9 * DAY, 33 * DAY])

    def catch_up(self) -> None:
        names = [*FREQUENT, *NIGHTLY, *MORNING]
        self.random.shuffle(names)
        self._run(*names)
        self._run("bill-month")
        self._months_are_billed()

    def _live_until(self, until: datetime) -> None:
        """At 8 each morning all of the calendar, half an hour after the end of a month the bills, in the end what is due then."""
        while (stop := self._next_stop()) <= until:
            self.at = stop
            self._run(*FREQUENT, *NIGHTLY, *MORNING)
            self._months_are_billed()
        self.at = max(self.at, until)
        self._run(*FREQUENT)

    def _next_stop(self) -> datetime:
        morning = start_of_day(local_day(self.at), time(8))
        if morning <= self.at:
            morning = start_of_day(local_day(self.at) + DAY, time(8))
        midnight = CalendarMonth.of(self.at).period.ends_at + timedelta(minutes=30)
        return min(morning, midnight) if self.at < midnight else morning

    def _run(self, *names: str) -> None:
        for name in names:
            if name == "expire-credit":
                self._expect_expired_credit()
            done = BY_NAME[name].work(at=self.at)
            self.must(not (isinstance(done, Tally) and done.failed), f"{name}: {done}")
            if name in {"auto-renew", "pay-invoices"}:
                self.books.read_on()
            if name == "pay-invoices":
                for pk in self.books.customers:
                    self.must(min(self.books.purse[pk], self.books.debt[pk]) == 0, "credit and debt beside each other")
        self.books.read_on()
        if self.random.random() < 0.1:
            self._run_again(names)

    def _run_again(self, names: tuple[str, ...]) -> None:
        """Every job a second time, at the same instant: nothing is left to do."""
        for name in names:
            BY_NAME[name].work(at=self.at)  # what one job did may be the next one's cause
        before = books()
        for name in names:
            BY_NAME[name].work(at=self.at)
            after = books()
            self.must(after == before, f"{name} again changed {[t for t in before if before[t] != after[t]]}")
        self.books.read_on()

    def _expect_expired_credit(self) -> None:
        for pk in self.books.customers:
            ended = Grant.objects.filter(customer=pk, expires_at__lte=self.at)
            self.books.purse[pk] -= sum(ended.values_list("rest", flat=True))

    def _months_are_billed(self) -> None:
        try:
            self.books.nothing_unbilled(self.at)
        except AssertionError as wrong:
            raise Broken(str(wrong)) from wrong


MOVES = {
    "create": 10, "resize": 8, "renew": 6, "recover": 6, "answer": 8, "news": 12, "ask": 2, "give_up_attempt": 1, "cancel_order": 1,
    "adjust": 3, "grant": 4, "top_up": 3, "pay_bills": 4, "pay_bills_by_gateway": 3, "transfer": 3, "correct": 5,
    "stop": 5, "start": 5, "reboot": 1, "auto_renew": 3, "delete": 6, "empty_trash": 1, "restore": 3, "switch": 5,
    "release_parked": 1, "wait": 8, "wait_for_something": 7, "outage": 2, "catch_up": 3,
}  # fmt: skip


def steps_of(seed: int, length: int) -> list[Step]:
    """The walk of this number."""
    random = Random(seed)
    moves = random.choices(list(MOVES), weights=list(MOVES.values()), k=length)
    return [(move, random.getrandbits(32)) for move in moves]


@contextmanager
def a_world(monkeypatch: Any) -> Iterator[World]:
    """A fresh world in a transaction that leaves nothing behind."""
    from payments import gateways

    block = transaction.atomic()
    block._from_testcase = True  # type: ignore[attr-defined]  # services that need the outermost transaction may have it
    with block, monkeypatch.context() as patched:
        world = World()
        patched.setattr(gateways, "gateway", lambda code: world.gate)
        patched.setattr(gateways, "notice_url", lambda code: f"https://portal.example/gateways/{code}/notice/")
        logging.getLogger().addHandler(world.errors)
        logging.disable(logging.WARNING)
        try:
            yield world
        finally:
            logging.disable(logging.NOTSET)
            logging.getLogger().removeHandler(world.errors)
            transaction.set_rollback(True)


def failure_of(steps: list[Step], monkeypatch: Any) -> tuple[str, list[str]] | None:
    """What breaks on this walk, and how it came to it; None when nothing does."""
    with a_world(monkeypatch) as world:
        try:
            for step in steps:
                world.take(step)
        except Broken as broken:
            return str(broken), world.trace
    return None


def shortened(steps: list[Step], monkeypatch: Any, *, attempts: int = 80) -> list[Step]:
    """A walk that breaks as well and has few steps: larger pieces are left out first, then single steps."""
    size = max(len(steps) // 2, 1)
    while size and attempts > 0:
        start = 0
        while start < len(steps) and attempts > 0:
            attempts -= 1
            fewer = steps[:start] + steps[start + size :]
            if failure_of(fewer, monkeypatch):
                steps = fewer
            else:
                start += size
        size //= 2
    return steps
