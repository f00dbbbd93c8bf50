"""
What people pay in the demo's past and what staff do about money, in a line each, by the services that the pages call.

Only gateways are left out, for those of today know nothing of the past: `attempt` is what `start_gateway_payment` leaves behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from accounts import four_eyes
from accounts.four_eyes import Act, ask
from accounts.models import Customer
from budgets.services.balance import set_balance_alert
from budgets.services.setting import Cap, set_budget, set_cap
from budgets.services.watching import watch_all
from catalog.models import Product
from demo.people import APPROVER, FINANCE, SUPPORT
from demo.timeline import Scene
from invoices.models import Hold, Invoice
from invoices.services.holds import place_hold
from kernel.actors import Actor
from kernel.periods import local_day, start_of_day
from orders.acts import ask_for_switch
from payments.acts import AdjustCredit, CreditInvoice, GrantCredit, GrantPocCredit, RecordTransfer
from payments.gateways.base import Failed, Outcome, Succeeded
from payments.models import Payment
from payments.models.payables import PaidFor, payable_of
from payments.poc import poc_credit_of
from payments.services.invoices import pay_invoices_from_wallet
from payments.services.outcomes import record_outcome
from payments.services.poc import stop_poc_credit
from payments.services.wallet import wallet_of

GATEWAY = "sandbox"


def top_up(customer: Customer, amount: int, *, fails: str = "", actor: Actor, at: datetime) -> Scene:
    """As if the gateway had answered: its sandbox of today knows nothing of the past."""
    payment = attempt(customer, Payment.Kind.TOP_UP, amount, actor=actor, at=at)

    def finish(*, at: datetime) -> None:
        outcome = Failed("declined", fails) if fails else success(payment, at)
        record_outcome(payment.pk, outcome, actor=actor, at=at)

    return finish


def pay_from_wallet(customer: Customer, *, part: float = 1, actor: Actor, at: datetime) -> None:
    """The open invoices, or a part of what is due, as far as the credit goes."""
    invoices = _open(customer)
    due = int(sum(invoice.due for invoice in invoices) * part)
    amount = min(due, wallet_of(customer.pk).available)
    if amount:
        pay_invoices_from_wallet(customer.pk, [row.pk for row in invoices], amount=amount, actor=actor, at=at)


def pay_by_gateway(customer: Customer, *, actor: Actor, at: datetime) -> Scene | None:
    invoices = _open(customer)
    if not invoices:
        return None
    payment = attempt(
        customer,
        Payment.Kind.INVOICE,
        sum(invoice.due for invoice in invoices),
        payable=payable_of(PaidFor.INVOICES, customer.pk),
        invoice_ids=[str(invoice.pk) for invoice in invoices],
        description=", ".join(invoice.number for invoice in invoices[:5]),
        actor=actor,
        at=at,
    )

    def finish(*, at: datetime) -> None:
        record_outcome(payment.pk, success(payment, at), actor=actor, at=at)

    return finish


def transfer(customer: Customer, *, most: int | None = None, actor: Actor, at: datetime) -> None:
    """The customer sent what was due, on `most` invoices, to the bank account; finance recorded it."""
    del actor
    invoices = _open(customer)[:most]
    if not invoices:
        return
    reference = f"FT{at:%y%j}{invoices[0].number[-5:]}"
    _by_finance(
        RecordTransfer,
        customer,
        sum(invoice.due for invoice in invoices),
        subject=reference,
        facts={
            "invoices": [str(invoice.pk) for invoice in invoices],
            "whole": None,
            "reference": reference,
            "value_date": local_day(at).isoformat(),
        },
        reason="Bank statement",
        at=at,
    )


def correct(customer: Customer, amount: int, note: str, *, actor: Actor, at: datetime) -> None:
    """Staff credit part of the latest invoice of at least that much."""
    del actor
    invoice = Invoice.objects.filter(customer=customer, total__gte=amount, credited=0).latest("issued_at", "number")
    facts = {"invoice": str(invoice.pk)}
    _by_finance(CreditInvoice, customer, amount, subject=invoice.number, facts=facts, reason=note, at=at)


def hold_dunning(customer: Customer, until: datetime, reason: str, *, actor: Actor, at: datetime) -> None:
    del actor
    place_hold(customer.pk, Hold.Kind.NO_DUNNING, until=until, reason=reason, actor=SUPPORT, at=at)


def grant(customer: Customer, amount: int, reason: str, *, days: int, actor: Actor, at: datetime) -> None:
    del actor
    facts = {"expires_at": (at + timedelta(days=days)).isoformat()}
    _by_finance(GrantCredit, customer, amount, facts=facts, reason=reason, at=at)


def grant_poc(customer: Customer, amount: int, reason: str, *codes: str, days: int, actor: Actor, at: datetime) -> None:
    """For a proof of concept with these products."""
    del actor
    products = Product.objects.filter(code__in=codes).order_by("code")
    facts = {
        "products": [str(product.pk) for product in products],
        "starts_at": at.isoformat(),
        "expires_at": start_of_day(local_day(at) + timedelta(days=days)).isoformat(),
    }
    _by_finance(GrantPocCredit, customer, amount, facts=facts, reason=reason, at=at)


def stop_poc(customer: Customer, reason: str, *, actor: Actor, at: datetime) -> None:
    """That which runs."""
    del actor
    running = next(poc for poc in poc_credit_of(customer.pk, at=at) if poc.is_open)
    stop_poc_credit(running.grant.pk, reason=reason, actor=FINANCE, at=at)


def adjust(
    customer: Customer, amount: int, reason: str, *, approved: bool = True, actor: Actor, at: datetime
) -> Scene | None:
    """One of the staff asks for an adjustment, another approves it; without approval it goes on waiting."""
    del actor
    asked = ask(AdjustCredit, customer=customer, amount=amount, reason=reason, actor=FINANCE, at=at)
    if not approved:
        return None

    def approve(*, at: datetime) -> None:
        four_eyes.approve(asked.act.pk, actor=APPROVER, at=at)

    return approve


def switch(customer: Customer, to_mode: str, reason: str, *, actor: Actor, at: datetime) -> None:
    """Support asks, finance approves."""
    del actor
    asked = ask_for_switch(customer, to_mode, reason=reason, actor=SUPPORT, at=at)
    if asked.waits:
        four_eyes.approve(asked.act.pk, actor=FINANCE, at=at)


def budget(
    customer: Customer, limit: int, *, product: str = "", cap: Cap | None = None, actor: Actor, at: datetime
) -> None:
    """For everything or a product; perhaps one that acts."""
    of = Product.objects.get(code=product) if product else None
    made = set_budget(customer, limit, product=of, confirmed=True, actor=actor, at=at)
    if cap:
        set_cap(made.pk, cap, confirmed=True, actor=actor, at=at)


def low_balance(customer: Customer, *, below: int, days: int, actor: Actor, at: datetime) -> None:
    set_balance_alert(customer, below=below, days=days, actor=actor, at=at)


def look_at_budgets(customer: Customer, *, actor: Actor, at: datetime) -> None:
    """What the job does every minute."""
    del customer, actor
    watch_all(at=at)


def _by_finance(
    kind: type[Act[object]],
    customer: Customer,
    amount: int,
    *,
    subject: str = "",
    facts: Mapping[str, object],
    reason: str,
    at: datetime,
) -> None:
    """At once, or above the limit of one person when the other has approved."""
    asked = ask(
        kind, customer=customer, amount=amount, subject=subject, facts=facts, reason=reason, actor=FINANCE, at=at
    )
    if asked.waits:
        four_eyes.approve(asked.act.pk, actor=APPROVER, at=at)


def _open(customer: Customer) -> list[Invoice]:
    return list(Invoice.objects.open().filter(customer=customer).order_by("issued_at", "number"))


def attempt(
    customer: Customer,
    kind: Payment.Kind,
    amount: int,
    *,
    description: str = "",
    actor: Actor,
    at: datetime,
    payable: str = "",
    **fields: object,
) -> Payment:
    """An attempt at the gateway, as `start_gateway_payment` leaves it behind; nobody is called."""
    payment = Payment(
        customer=customer,
        kind=kind,
        means=Payment.Means.GATEWAY,
        gateway=GATEWAY,
        description=description[:200],
        amount=amount,
        actor=actor.name,
        created_at=at,
        **fields,
    )
    payment.reference = f"{at:%y%m%d}_{payment.pk.hex}"
    payment.payable = payable or f"{kind}:{payment.pk}"
    payment.save(force_insert=True)
    payment.await_outcome()
    payment.save()
    return payment


def success(payment: Payment, at: datetime) -> Outcome:
    return Succeeded(f"{at:%y%m%d}{payment.pk.int % 10**12:012}", payment.amount, at)
