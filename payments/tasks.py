"""What time brings to wallets: automatic payment of invoices, the end of promotional credit."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, F, OuterRef

from accounts.models import Customer
from invoices.models import Invoice
from kernel.actors import Actor
from kernel.tally import Tally, for_each
from ledger.models import Account
from payments.services import credit
from payments.services.invoices import pay_invoices_automatically


def pay_open_invoices(*, at: datetime) -> Tally:
    """Customers who want it, owe something and have credit; each in a transaction of its own."""
    due = Customer.objects.filter(
        Exists(Invoice.objects.open().filter(customer=OuterRef("pk"))),
        Exists(Account.objects.filter(customer=OuterRef("pk"), balance__gt=F("held"))),
        pays_invoices_automatically=True,
    )
    actor = Actor.job("pay-invoices")
    return for_each(
        list(due.order_by("pk").values_list("pk", flat=True)),
        lambda pk: pay_invoices_automatically(pk, actor=actor, at=at),
        what="automatic payment of customer",
    )


def expire_promotional_credit(*, at: datetime) -> int:
    return credit.expire_promotional_credit(at=at)
