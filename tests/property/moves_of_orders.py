"""Moves: customers order, product teams answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from accounts.models import Customer
from catalog.models import Product
from lifecycle.models import ProvisioningRequest, Resource
from orders.models import Action, Order, Quote
from orders.services.checkout import check_out
from orders.services.fulfil import answer_provisioning
from orders.services.quotes import make_quote
from orders.services.unpaid import end_unpaid_order
from tests.actions.books import books
from tests.cast import TEAM, owner_of
from tests.property.hand import MONTH, minute
from tests.property.stage import Stage

SUCCEEDED, FAILED = ProvisioningRequest.State.SUCCEEDED, ProvisioningRequest.State.FAILED


class MovesOfOrders(Stage):
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
