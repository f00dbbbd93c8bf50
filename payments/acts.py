"""What staff do with money, and above a limit not alone."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from accounts.four_eyes import Act, Result_co
from accounts.models import Customer, StaffAct
from accounts.rights import APPROVE_MONEY
from catalog.models import Product
from invoices.models import CreditNote, Invoice, InvoiceLine
from invoices.services.questions import question_is_justified
from kernel import display
from kernel.actors import Actor
from kernel.shapes import Wording
from ledger.models import Grant
from payments.models import BankTransfer, Payment, Refund, Reversal
from payments.queries import account_words
from payments.services.claims import claim_is_found
from payments.services.correct import correct_invoice
from payments.services.credit import adjust_credit, grant_promotional_credit
from payments.services.given_back import give_back
from payments.services.held import book_received
from payments.services.poc import grant_poc_credit
from payments.services.refunds import begin_refund, decide_refund, returnable, source_of
from payments.services.transfers import ACCOUNT, record_bank_transfer, send_back
from payments.services.wallet import wallet_of


def wallet_facts(customer: Customer) -> list[tuple[Wording, str]]:
    """What pages about a customer's money show above their form."""
    wallet = wallet_of(customer.pk)
    return [
        (_("Available"), display.money(wallet.available)),
        (_("Credit"), display.money(wallet.credit)),
        (_("Promotional credit"), display.money(wallet.promotional)),
        (_("Held"), display.money(wallet.held)),
    ]


def held_facts(payment: Payment) -> list[tuple[Wording, str]]:
    """What was asked for, why it is held, and what the gateway said."""
    facts: list[tuple[Wording, str]] = [(_("Asked for"), display.money(payment.amount))]
    if payment.held:
        facts.append((_("Held because"), payment.get_held_display()))
    if payment.held_amount:
        facts.append((_("The gateway says"), f"{display.money(payment.held_amount)} · {payment.held_txn_id}"))
    return facts


def refund_facts(payment: Payment) -> list[tuple[Wording, str]]:
    """What came, what of it is gone, and how much can go back to where."""
    return [
        (_("Received"), display.money(payment.received)),
        (_("Taken back"), display.money(payment.taken_back)),
        (_("Returned to its source"), display.money(payment.to_source)),
        (_("Can be returned"), display.money(returnable(payment))),
        (_("To"), account_words(source_of(payment))),
    ]


class MoneyAct(Act[Result_co]):
    """Moves an amount of one customer."""

    right = APPROVE_MONEY
    goes_both_ways: ClassVar[bool] = False
    """Whether its amount has a sign: more credit, or less."""

    def facts(self, act: StaffAct) -> list[tuple[Wording, object]]:
        customer, amount = _of(act)
        words = display.signed_money(amount) if self.goes_both_ways else display.money(amount)
        return [(_("Amount"), words), *self.details(act), *wallet_facts(customer)]

    def details(self, act: StaffAct) -> list[tuple[Wording, object]]:
        del act
        return []


class AdjustCredit(MoneyAct[None]):
    code = "adjust-credit"
    label = _("credit adjustment")
    goes_both_ways = True

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> None:
        customer, amount = _of(act)
        adjust_credit(customer, amount, key=act.pk, reason=act.reason, actor=actor, at=at)


class GrantCredit(MoneyAct[Grant]):
    """`facts`: expires_at."""

    code = "grant-credit"
    label = _("promotional credit")

    def details(self, act: StaffAct) -> list[tuple[Wording, object]]:
        return [(_("Can be spent until"), display.instant(datetime.fromisoformat(act.facts["expires_at"])))]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> Grant:
        customer, amount = _of(act)
        ends = datetime.fromisoformat(act.facts["expires_at"])
        return grant_promotional_credit(customer, amount, expires_at=ends, reason=act.reason, actor=actor, at=at)


class GrantPocCredit(MoneyAct[Grant]):
    """`facts`: products, starts_at, expires_at."""

    code = "grant-poc"
    label = _("POC credit")

    def details(self, act: StaffAct) -> list[tuple[Wording, object]]:
        products = Product.objects.filter(pk__in=act.facts["products"]).order_by("code")
        starts, ends = (datetime.fromisoformat(act.facts[name]) for name in ("starts_at", "expires_at"))
        return [
            (_("Products"), ", ".join(map(str, products))),
            (_("Can be spent from"), display.instant(starts)),
            (_("Can be spent until"), display.instant(ends)),
        ]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> Grant:
        customer, amount = _of(act)
        return grant_poc_credit(
            customer,
            amount,
            products=[UUID(pk) for pk in act.facts["products"]],
            starts_at=datetime.fromisoformat(act.facts["starts_at"]),
            expires_at=datetime.fromisoformat(act.facts["expires_at"]),
            reason=act.reason,
            actor=actor,
            at=at,
        )


class RecordTransfer(MoneyAct[Payment]):
    """`facts`: invoices, reference, whole, value_date, and perhaps account, expected, claim."""

    code = "bank-transfer"
    label = _("bank transfer")

    def details(self, act: StaffAct) -> list[tuple[Wording, object]]:
        _customer, amount = _of(act)
        numbers = (
            Invoice.objects.filter(pk__in=act.facts["invoices"]).order_by("number").values_list("number", flat=True)
        )
        return [
            (_("Reference of the bank"), act.facts["reference"]),
            (_("Amount that arrived"), display.money(act.facts["whole"] or amount)),
            (_("Value date"), display.day(date.fromisoformat(act.facts["value_date"]))),
            (_("For these invoices"), ", ".join(numbers) or "–"),
        ]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> Payment:
        customer, amount = _of(act)
        payment = record_bank_transfer(
            customer.pk,
            amount,
            [UUID(pk) for pk in act.facts["invoices"]],
            whole=act.facts["whole"],
            reference=act.facts["reference"],
            value_date=date.fromisoformat(act.facts["value_date"]),
            account=act.facts.get("account", ACCOUNT),
            expected_id=UUID(act.facts["expected"]) if act.facts.get("expected") else None,
            reason=act.reason,
            actor=actor,
            at=at,
        )
        if act.facts.get("claim"):
            assert payment.transfer_id is not None
            claim_is_found(act.facts["claim"], payment.transfer_id, reason=act.reason, actor=actor, at=at)
        return payment


class SendBack(Act[BankTransfer]):
    """Money at the bank that is nobody's here goes back. `subject` is the bank's reference, `facts`: transfer, number (of what went out)."""

    code = "bank-return"
    label = _("return of a bank transfer")
    right = APPROVE_MONEY

    def facts(self, act: StaffAct) -> list[tuple[Wording, object]]:
        assert act.amount is not None
        transfer = BankTransfer.objects.get(pk=act.facts["transfer"])
        return [
            (_("Amount"), display.money(act.amount)),
            (_("Amount that arrived"), display.money(transfer.amount)),
            (_("Nobody's yet"), display.money(transfer.rest)),
            (_("Payer"), transfer.payer or "–"),
            (_("Text of the transfer"), transfer.note or "–"),
            (_("Number of what went out"), act.facts.get("number") or "–"),
        ]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> BankTransfer:
        assert act.amount is not None
        number = act.facts.get("number", "")
        return send_back(
            act.facts["transfer"], act.amount, number=number, act=act, reason=act.reason, actor=actor, at=at
        )


class BookReceived(MoneyAct[None]):
    """`subject` is the reference of the payment, `facts`: payment, gateway_txn_id."""

    code = "book-received"
    label = _("money that a gateway received")

    def details(self, act: StaffAct) -> list[tuple[Wording, object]]:
        return [
            (_("Payment"), act.subject),
            (_("Gateway's transaction"), act.facts["gateway_txn_id"]),
            *held_facts(Payment.objects.get(pk=act.facts["payment"])),
        ]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> None:
        _customer, amount = _of(act)
        book_received(
            UUID(act.facts["payment"]),
            amount,
            gateway_txn_id=act.facts["gateway_txn_id"],
            reason=act.reason,
            actor=actor,
            at=at,
        )


class BookGivenBack(MoneyAct[Reversal]):
    """`subject` is the reference under which it was taken back, `facts`: reversal."""

    code = "book-given-back"
    label = _("money that was given back")

    def details(self, act: StaffAct) -> list[tuple[Wording, object]]:
        reversal = Reversal.objects.select_related("payment").get(pk=act.facts["reversal"])
        return [
            (_("Payment"), reversal.payment.reference),
            (_("Reference of the bank or gateway"), reversal.reference),
            (_("Taken back"), display.money(reversal.amount)),
            (_("Stays away"), display.money(reversal.amount - (act.amount or 0))),
            (_("Debt left"), display.money(reversal.debt - reversal.collected)),
        ]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> Reversal:
        _customer, amount = _of(act)
        return give_back(act.facts["reversal"], amount, reason=act.reason, actor=actor, at=at)


class RefundTopUp(MoneyAct[Refund]):
    """
    `subject` is the reference of the payment, `facts`: payment. It has no limits: nobody returns money alone.

    Nothing leaves the house before the second person has approved; the gateway hears of it by a job.
    """

    code = "refund-top-up"
    label = _("return of a top-up to its source")

    def details(self, act: StaffAct) -> list[tuple[Wording, object]]:
        return [(_("Payment"), act.subject), *refund_facts(Payment.objects.get(pk=act.facts["payment"]))]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> Refund:
        _customer, amount = _of(act)
        return begin_refund(UUID(act.facts["payment"]), amount, act=act, actor=actor, at=at)


class DecideRefund(MoneyAct[Refund]):
    """`subject` is the reference of the refund, `facts`: refund, gateway_txn_id, which is empty when nothing went back."""

    code = "settle-refund"
    label = _("what became of a refund")

    def details(self, act: StaffAct) -> list[tuple[Wording, object]]:
        return [
            (_("Reference at the gateway"), act.subject),
            (_("Gateway's transaction"), act.facts["gateway_txn_id"] or _("nothing went back: it is credit again")),
        ]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> Refund:
        transaction = act.facts["gateway_txn_id"]
        return decide_refund(
            UUID(act.facts["refund"]), gateway_txn_id=transaction, reason=act.reason, actor=actor, at=at
        )


class CreditInvoice(MoneyAct[CreditNote]):
    """`subject` is the number of the invoice, `facts`: invoice, and perhaps the line that it is about or the question that it answers."""

    code = "credit-note"
    label = _("credit note")

    def details(self, act: StaffAct) -> list[tuple[Wording, object]]:
        invoice = Invoice.objects.get(pk=act.facts["invoice"])
        return [
            (_("Invoice"), invoice.number),
            (_("Total"), display.money(invoice.total)),
            (_("Still due"), display.money(invoice.due)),
            (_("Can still be credited"), display.money(invoice.total - invoice.credited)),
            *(
                [(_("About the line"), f"{line.position}. {line.name}: {display.money(line.total)}")]
                if (line := _line_of(act))
                else []
            ),
        ]

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> CreditNote:
        _customer, amount = _of(act)
        invoice, question = UUID(act.facts["invoice"]), act.facts.get("question")
        line = _line_of(act)
        note = correct_invoice(invoice, amount, note=act.reason, line=line, actor=actor, at=at)
        if question:
            question_is_justified(UUID(question), note, actor=actor, at=at)
        return note


def _line_of(act: StaffAct) -> InvoiceLine | None:
    """What a credit note is about: the line that was named, or the one that was questioned."""
    lines = InvoiceLine.objects.filter(invoice=act.facts["invoice"])
    if act.facts.get("line"):
        return lines.get(pk=act.facts["line"])
    return lines.get(questions=act.facts["question"]) if act.facts.get("question") else None


def _of(act: StaffAct) -> tuple[Customer, int]:
    assert act.customer is not None
    assert act.amount is not None
    return act.customer, act.amount
