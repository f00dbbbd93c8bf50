"""What time brings to wallets: automatic payment of invoices, the end of promotional credit."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q

from accounts.models import Customer
from invoices.models import Invoice
from kernel.actors import Actor
from ledger.models import Account
from payments.models import Reversal
from payments.services import credit
from payments.services.owed import settle_what_is_owed
from store.tally import Tally, for_each


def pay_open_invoices(*, at: datetime) -> Tally:
    """Customers who owe something that credit settles by itself, and have credit; each in a transaction of its own."""
    wants_and_owes = Q(Exists(Invoice.objects.open().filter(customer=OuterRef("pk"))), pays_invoices_automatically=True)
    in_debt = Exists(Reversal.objects.filter(customer=OuterRef("pk"), debt__gt=F("collected")))
    due = Customer.objects.filter(
        Exists(Account.objects.filter(customer=OuterRef("pk"), balance__gt=F("held"))), wants_and_owes | Q(in_debt)
    )
    actor = Actor.job("pay-invoices")
    return for_each(
        list(due.order_by("pk").values_list("pk", flat=True)),
        lambda pk: settle_what_is_owed(pk, actor=actor, at=at),
        what="automatic payment of customer",
    )


def expire_promotional_credit(*, at: datetime) -> int:
    return credit.expire_promotional_credit(at=at)
