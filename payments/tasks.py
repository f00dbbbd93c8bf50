"""What time brings to wallets and payments: invoices paid by themselves, the end of promotional credit, asking gateways."""

from __future__ import annotations

from datetime import datetime, timedelta

from celery import shared_task
from django.db.models import Exists, F, OuterRef, Q

from accounts.models import Customer
from invoices.models import Invoice
from invoices.tasks import next_month_end
from kernel.actors import Actor
from ledger.models import Account
from lifecycle.models import Resource
from payments.models import AutomaticCharge, BankTransfer, LinkedAccount, PaymentRequest, Reversal, Shortage
from payments.services import credit, fetching, poc, returns, statements
from payments.services.allowed import pay_by_themselves
from payments.services.asking import QUESTIONS, ask_about_what_is_due, gateways_to_ask
from payments.services.automatic import charge_what_is_due, gateways_to_charge
from payments.services.behalf import expire_request
from payments.services.links import (
    LINK_QUESTIONS,
    WARNED_BEFORE,
    ask_about_links_due,
    expire_link,
    gateways_with_links_due,
    warn_of_end,
)
from payments.services.owed import settle_what_is_owed
from payments.services.standing import try_for_all_invoices
from payments.services.use_bills import owe_for_use, pay_all_use
from payments.services.use_credit import hold_for_all, put_in_step
from store.doorbell import wake_helpers
from store.due import first_after
from store.tally import Tally, for_each

BATCH = 5000
AFTER_THE_BILLS = timedelta(minutes=10)


def pay_open_invoices(*, at: datetime) -> Tally:
    """Customers who owe something that credit settles by itself, and have credit; each in a transaction of its own."""
    wants_and_owes = Q(Exists(Invoice.objects.open().filter(customer=OuterRef("pk")))) & pay_by_themselves(at)
    in_debt = Exists(Reversal.objects.filter(customer=OuterRef("pk"), debt__gt=F("collected")))
    funded = Account.objects.filter(customer=OuterRef("pk"), kind__in=Account.WALLET, balance__gt=F("held"))
    due = Customer.objects.filter(Q(Exists(funded)) & (wants_and_owes | Q(in_debt)) | owe_for_use(at))
    actor = Actor.job("pay-invoices")
    done = for_each(
        list(due.order_by("pk").values_list("pk", flat=True)),
        lambda pk: settle_what_is_owed(pk, actor=actor, at=at),
        what="automatic payment of customer",
    )
    try_for_all_invoices(at=at)
    return done


def charge_linked_accounts(*, at: datetime) -> Tally:
    """What customers let us charge by itself: wallets below their threshold, and invoices that the wallet did not cover."""
    return _by_turns("charges", at)


def next_charge(after: datetime) -> datetime | None:
    return first_after(after, AutomaticCharge.objects.on(), "next_at")


def expire_payment_requests(*, at: datetime) -> Tally:
    """Ends what others were asked to pay and have not."""
    due = PaymentRequest.objects.due_for_expiry(at).order_by("expires_at").values_list("pk", flat=True)[:BATCH]
    return for_each(list(due), lambda pk: expire_request(pk, at=at), what="payment request")


def next_request_expiry(after: datetime) -> datetime | None:
    return first_after(after, PaymentRequest.objects.open(), "expires_at")


def see_to_links(*, at: datetime) -> Tally:
    """Asks gateways about linked accounts, ends there what has ended here, and sees to those whose time is over."""
    active = LinkedAccount.objects.filter(state=LinkedAccount.State.ACTIVE)
    for pk in active.filter(expires_at__lte=at).values_list("pk", flat=True)[:BATCH]:
        expire_link(pk, at=at)
    for link in active.filter(expires_at__gt=at, expires_at__lte=at + WARNED_BEFORE).select_related("customer")[:BATCH]:
        warn_of_end(link, at=at)
    return _by_turns("links", at)


def next_link_question(after: datetime) -> datetime | None:
    return LINK_QUESTIONS.next_due(after)


def expire_granted_credit(*, at: datetime) -> Tally:
    return credit.expire_promotional_credit(at=at) + poc.expire_poc_credit(at=at)


def announce_poc_ends(*, at: datetime) -> int:
    return poc.announce_ends(at=at)


def pay_for_use(*, at: datetime) -> Tally:
    """Bills for what prepaid resources used, as soon as they are written."""
    return pay_all_use(actor=Actor.job("pay-for-use"), at=at)


def next_use_bills(after: datetime) -> datetime:
    """A little after the month end."""
    return next_month_end(after - AFTER_THE_BILLS) + AFTER_THE_BILLS


def hold_credit(*, at: datetime) -> Tally:
    """What is held for the use of prepaid resources, anew."""
    return hold_for_all(actor=Actor.job("hold-credit"), at=at)


def see_to_shortages(*, at: datetime) -> Tally:
    """What lack of credit has stopped starts as soon as it may."""
    return put_in_step(actor=Actor.job("hold-credit"), at=at)


def next_shortage(after: datetime) -> datetime | None:
    """While a clock is moved, every full hour as long as something is lacking."""
    if Shortage.objects.standing().exists() or Resource.objects.filter(stopped_for_credit=True).exists():
        return after.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return None


def check_payments(*, at: datetime) -> Tally:
    return _by_turns("payments", at)


SWEEPS = {
    "payments": (gateways_to_ask, ask_about_what_is_due),
    "links": (gateways_with_links_due, ask_about_links_due),
    "charges": (gateways_to_charge, charge_what_is_due),
}
"""What is done at gateways: which have something due, and a turn at one of them."""


def _by_turns(sweep: str, at: datetime) -> Tally:
    """Others are called to help with a gateway each: one that hangs holds up whoever is there, and nobody else."""
    due, turn = SWEEPS[sweep]
    codes = due(at)
    for code in codes[1:]:
        wake_helpers(work_at_gateway, sweep, code, at.isoformat(), count=1)
    tally = Tally()
    for code in codes:
        took = turn(code, at=at)
        tally.done += took.done
        tally.failed += took.failed
    return tally


@shared_task
def work_at_gateway(sweep: str, code: str, at: str) -> None:
    _due, turn = SWEEPS[sweep]
    turn(code, at=datetime.fromisoformat(at))


def next_check(after: datetime) -> datetime | None:
    return QUESTIONS.next_due(after)


def see_to_refunds(*, at: datetime) -> Tally:
    return returns.see_to_refunds(at=at)


def next_refund(after: datetime) -> datetime | None:
    return returns.RETURNS.next_due(after)


def fetch_statements(*, at: datetime) -> Tally:
    return fetching.fetch_statements(at=at)


def next_statement(after: datetime) -> datetime | None:
    """A moving clock does not stop for it: days are made up for when the clock stands."""
    del after
    return None


def give_transfers(*, at: datetime) -> Tally:
    return statements.look_at_unseen(at=at)


def next_transfer(after: datetime) -> datetime | None:
    return first_after(after, BankTransfer.objects.unseen(), "at")
