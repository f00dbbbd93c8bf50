"""
Charging linked accounts without the customer's being there: top-ups, and what open invoices need beyond the wallet.

Each looks again at everything under the customer's lock, writes the payment, and only then calls the gateway.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.models import Customer
from invoices.models import Invoice
from invoices.services.credit import open_invoices_oldest_first
from invoices.services.questions import chargeable as parts_to_charge
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.periods import local_day, start_of_day
from ledger.models import Account
from payments.failures import OFTEN
from payments.models import AutomaticCharge, Payment
from payments.models.payables import PaidFor, payable_of
from payments.services.allowed import chargeable, may_be_charged_automatically, pays_by_itself
from payments.services.gateway import open_attempt, send
from payments.services.invoices import describe, pay_automatically
from payments.services.turns import AT_ONCE, take_turn
from payments.services.wallet import wallet_of
from payments.services.ways import AccountLimit, Way, room_of
from store.tally import Tally

Purpose = AutomaticCharge.Purpose
TOP_UP_PAYABLE = payable_of(PaidFor.TOP_UP, "automatic")
REST = timedelta(hours=1)
"""Between an automatic top-up that was given up and the next."""


def gateways_to_charge(at: datetime) -> list[str]:
    """Those at which something is to be charged by itself."""
    return list(due_charges(at).order_by("linked__gateway").values_list("linked__gateway", flat=True).distinct())


def charge_what_is_due(code: str, *, at: datetime) -> Tally:
    """Charge accounts at one gateway in its turn."""
    due = due_charges(at).filter(linked__gateway=code).order_by("next_at", "pk").values_list("pk", flat=True)
    actor = Actor.job("charge-linked-accounts")
    return take_turn(
        code, lambda: due[:AT_ONCE], lambda pk: charge_automatically(pk, actor=actor, at=at), what="automatic charge"
    )


def due_charges(at: datetime) -> QuerySet[AutomaticCharge]:
    """Those whose time has come: of top-ups, where less than the threshold is available."""
    credit = (
        Account.objects.filter(customer=OuterRef("customer"), kind__in=Account.WALLET)
        .order_by()
        .values("customer")
        .annotate(available=Sum(F("balance") - F("held")))
        .values("available")
    )
    allowed = Exists(Customer.objects.filter(chargeable(at), pk=OuterRef("customer")))
    is_time = Q(purpose=Purpose.TOP_UP, next_at=None) | Q(next_at__lte=at)
    is_needed = Q(purpose=Purpose.INVOICES) | Q(below__gt=Coalesce(Subquery(credit), 0))
    return AutomaticCharge.objects.on().filter(allowed, is_time, is_needed)


def charge_automatically(charge_id: int, *, actor: Actor, at: datetime) -> Payment | None:
    """Charge what is needed now, if anything, with the account's limits and the customer's consent."""
    with transaction.atomic(durable=True):
        held = Customer.objects.lock(AutomaticCharge.objects.values_list("customer", flat=True).get(pk=charge_id))
        charge = AutomaticCharge.objects.lock(charge_id)
        charge.customer = held
        if not charge.is_on or not _is_time(charge, at) or not may_be_charged_automatically(held, at=at):
            return None
        open_it = _top_up if charge.purpose == Purpose.TOP_UP else _pay_invoices
        try:
            with transaction.atomic():
                payment = open_it(charge, actor=actor, at=at)
        except DomainError as refusal:  # the limits, or another payment of the same that is under way
            payment = None
            charge.failure = refusal.code if isinstance(refusal, AccountLimit) else charge.failure
            charge.next_at = _tomorrow(at)
        charge.save()
    return send(payment, actor=actor, at=at) if payment else None


def _top_up(charge: AutomaticCharge, *, actor: Actor, at: datetime) -> Payment | None:
    assert charge.below is not None, "see only_a_top_up_has_an_amount"
    assert charge.amount is not None
    if wallet_of(charge.customer_id).available >= charge.below:
        charge.next_at = None
        return None
    if _times_today(charge, at) >= min(settings.AUTOMATIC_TOP_UPS_A_DAY, charge.consent.times_a_day):
        charge.failure, charge.next_at = OFTEN, _tomorrow(at)
        return None
    charge.next_at = at + REST
    return open_attempt(
        charge.customer,
        Payment.Kind.TOP_UP,
        charge.amount,
        way=_way(charge),
        payable=TOP_UP_PAYABLE,
        actor=actor,
        at=at,
    )


def _pay_invoices(charge: AutomaticCharge, *, actor: Actor, at: datetime) -> Payment | None:
    """The wallet first; then the invoices that fit whole into what the account may be charged, the older first, then the smaller.

    What a customer questions of an invoice is not charged by itself.
    """
    charge.next_at = None
    if not pays_by_itself(charge.customer, at):
        return None
    pay_automatically(charge.customer, actor=actor, at=at)
    open_ones = open_invoices_oldest_first(charge.customer_id)
    most = parts_to_charge(open_ones)
    invoices = [invoice for invoice in open_ones if most[invoice.pk]]
    if not invoices:
        return None
    way = _way(charge)
    room = min(room_of(charge.linked, at=at), way.limits[1])
    chosen: list[Invoice] = []
    for invoice in invoices:
        if sum(most[one.pk] for one in chosen) + most[invoice.pk] <= room:
            chosen.append(invoice)
    if not chosen:
        raise AccountLimit(most=room)
    return open_attempt(
        charge.customer,
        Payment.Kind.INVOICE,
        sum(most[invoice.pk] for invoice in chosen),
        way=way,
        description=describe(chosen),
        payable=payable_of(PaidFor.INVOICES, charge.customer_id),
        invoice_ids=[invoice.pk for invoice in chosen],
        actor=actor,
        at=at,
    )


def _way(charge: AutomaticCharge) -> Way:
    return Way(charge.linked.gateway, charge.linked, charge.consent)


def _is_time(charge: AutomaticCharge, at: datetime) -> bool:
    if charge.next_at is None:
        return charge.purpose == Purpose.TOP_UP
    return charge.next_at <= at


def _times_today(charge: AutomaticCharge, at: datetime) -> int:
    today = start_of_day(local_day(at))
    return Payment.objects.filter(customer=charge.customer_id, payable=TOP_UP_PAYABLE, created_at__gte=today).count()


def _tomorrow(at: datetime) -> datetime:
    return start_of_day(local_day(at) + timedelta(days=1))
