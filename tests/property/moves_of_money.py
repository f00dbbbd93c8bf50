"""Moves: money comes in and goes out."""

from __future__ import annotations

from uuid import UUID

from accounts.models import Customer
from invoices.models import Invoice
from payments.gateways import Pending, Succeeded, Unknown
from payments.models import Payment
from payments.services.asking import check_payment
from payments.services.attempts import cancel_attempt
from payments.services.correct import correct_invoice
from payments.services.credit import grant_promotional_credit
from payments.services.gateway import start_invoice_payment, start_top_up
from payments.services.invoices import pay_invoices_from_wallet
from payments.services.outcomes import record_outcome
from payments.services.transfers import record_bank_transfer
from tests.cast import JOB, STAFF, owner_of
from tests.property.stage import DAY, Stage, truth


class MovesOfMoney(Stage):
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
        assert invoice.resource_id
        for part in self.books.lives[invoice.resource_id].paid:
            if part.invoice == invoice.pk:
                part.net -= amount
