"""Paying for the use of prepaid resources: the bill of a month takes what was held for it, then what else is available."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounts.models import Customer
from invoices.models import ORDER_OF_PAYMENT, Invoice
from invoices.services.questions import chargeable as parts_to_charge
from kernel.actors import Actor
from ledger.models import Account
from ledger.services import wallet_of
from payments.models import Payment
from payments.services.allowed import chargeable, may_be_charged_automatically
from payments.services.invoices import pay_from_wallet
from payments.services.use_holds import ForBills, held_for
from store.tally import Tally, for_each


def owe_for_use(at: datetime) -> Q:
    """Customers with something in their wallets and open bills for use in paid time, unless staff have put that on hold."""
    bills = Invoice.objects.open().of_paid_time().filter(customer=OuterRef("pk"))
    funds = Account.objects.filter(customer=OuterRef("pk"), balance__gt=0)
    return Q(Exists(bills)) & Q(Exists(funds)) & chargeable(at)


def pay_all_use(*, actor: Actor, at: datetime) -> Tally:
    """Everybody's bills for use in paid time; each customer in a transaction of their own."""
    due = Customer.objects.filter(owe_for_use(at)).order_by("pk").values_list("pk", flat=True)
    return for_each(list(due), lambda pk: _pay_of(pk, actor=actor, at=at), what="use of customer")


@transaction.atomic
def _pay_of(customer_id: UUID, *, actor: Actor, at: datetime) -> None:
    pay_for_use(Customer.objects.lock(customer_id), actor=actor, at=at)


def pay_for_use(customer: Customer, *, actor: Actor, at: datetime) -> Payment | None:
    """
    Pay the open bills for use in paid time, each from what is held for it, then from what is available, the older first, then the
    smaller, the last one in part if need be. The customer agreed to that by paying ahead, whatever pays other invoices.

    What is held for a bill is captured by it where it is paid, and what is open on it afterwards stays held. Nothing happens when the
    customer, whom the caller holds, may not be charged by itself.
    """
    bills = _open_bills(customer)
    if not bills or not may_be_charged_automatically(customer, at=at):
        return None
    most = parts_to_charge(bills)
    parts = _parts(bills, most, held_for(customer, bills), wallet_of(customer.pk).available)
    reached = [bill for bill in bills if parts[bill.pk]]
    if not reached:
        return None
    return pay_from_wallet(customer, reached, sum(parts.values()), most=parts, actor=actor, at=at)


def _open_bills(customer: Customer) -> list[Invoice]:
    found = Invoice.objects.open().of_paid_time().filter(customer=customer).values_list("pk", flat=True)
    pks = list(found)
    bills = [bill for bill in Invoice.objects.lock_all(pks) if bill.due > 0] if pks else []
    return sorted(bills, key=attrgetter(*ORDER_OF_PAYMENT))


def _parts(
    bills: Sequence[Invoice], most: Mapping[UUID, int], held: Sequence[ForBills], available: int
) -> dict[UUID, int]:
    """What each bill is paid: what is held for it, then what is left of the credit in the order of payment."""
    shares: Counter[UUID] = Counter()
    for one in held:
        shares.update(one.shares())
    parts = {bill.pk: min(most[bill.pk], shares[bill.pk]) for bill in bills}
    taken = [one for one in held if any(parts[bill.pk] for bill in one.bills)]
    left = available + sum(one.standing.amount - one.rest(parts) for one in taken) - sum(parts.values())
    for bill in bills:
        more = min(most[bill.pk] - parts[bill.pk], left)
        parts[bill.pk] += more
        left -= more
    return parts
