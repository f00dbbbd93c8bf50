"""Where a random walk takes place: the world at its beginning, what a step is, and what is looked at after each."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from django.db import connection

from accounts.four_eyes import approve, ask
from accounts.models import Customer
from catalog.models import Discount, Item, Price
from kernel.actors import Actor, ActorKind
from kernel.errors import DomainError, InvalidInput
from lifecycle.models import Resource
from orders.actions import actions_of_row, with_pending
from orders.models import Order
from orders.services.quotes import StaleQuote
from orders.services.stories.renew import NewEndInThePast
from payments.acts import AdjustCredit
from payments.gateways import Caps, Failed, Outcome, Pending, Redirect, Succeeded, Unknown
from payments.gateways.base import ToPay
from payments.models import Payment
from payments.services.wallet import InsufficientCredit
from tests.actions.books import books
from tests.auditing import broken_books
from tests.cast import STAFF, create, make_colleague, make_coupon, make_customer, make_item, make_product, taxed_at
from tests.property.hand import Books, minute

Step = tuple[str, int]
COLLEAGUE = Actor(ActorKind.STAFF, "colleague@portal.example")
START = datetime(2026, 1, 27, 3, 17, 42, tzinfo=UTC)
DAY = timedelta(days=1)
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

    def start(self, to_pay: ToPay) -> Redirect | Outcome:
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


class Stage:
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
                make_item(box, "dice", "7.7", per_minutes=60, includes_vat=False, tax_category=taxed_at("0.08")),
            ],
        }
        self.disk = make_item(server, "ssd", "2000.25", kind=Item.Kind.VOLUME)
        self.customers = [make_customer(mode=mode) for mode in ("prepaid", "prepaid", "postpaid", "postpaid")]
        for customer in self.customers[::2]:
            Discount.objects.create(customer=customer, product=server, share=Decimal("0.15"),
                                    valid_from=START + 10 * DAY, valid_until=START + 70 * DAY)  # fmt: skip
        make_coupon("FLAT", 50_000, maximum_uses=5, maximum_uses_per_customer=2)
        make_coupon("TENTH", share=Decimal("0.1"), minimum_order=100_000, maximum_uses_per_customer=3)
        for person in (STAFF, COLLEAGUE):
            make_colleague(person.name)
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
        if found := [*broken_books(), *self.errors.found]:
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

    def _adjust(self, customer: Customer, amount: int) -> None:
        asked = ask(AdjustCredit, customer=customer, amount=amount, reason="goodwill", actor=COLLEAGUE, at=self.at)
        approve(asked.act.pk, actor=STAFF, at=self.at)
        self.books.purse[customer.pk] += amount
