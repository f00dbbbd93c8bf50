"""How long the wallet of a prepaid customer lasts, and telling when that is not long."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, TextField
from django.db.models.functions import Cast

from accounts.models import Customer
from accounts.services import record_audit
from budgets.audit import Did
from budgets.models import BalanceAlert
from catalog.pricing import price
from catalog.queries import NoPrice, PriceBook
from invoices.services.usage import quantities_of
from kernel.actors import Actor
from kernel.money import round_half_up
from kernel.periods import Period
from lifecycle.models import Resource
from notifications.models import Notice
from notifications.services import notice_of, tell_all
from payments.services.wallet import Wallet, wallets_of
from store.tally import Tally, for_each_group

DAYS_OF_A_MONTH = 30
CUSTOMERS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Balance:
    """
    :ivar available: VND that can be spent now
    :ivar rate: what all that runs on paid time costs a day at the prices of now, VAT included
    """

    available: int
    rate: int

    @property
    def days(self) -> int | None:
        """So many whole days of it what is available pays for; None where nothing runs."""
        return self.available // self.rate if self.rate else None

    def is_low(self, alert: BalanceAlert) -> bool:
        too_little = alert.below is not None and self.available < alert.below
        too_short = alert.days is not None and self.days is not None and self.days < alert.days
        return too_little or too_short


def balances_of(customers: Collection[Customer], *, at: datetime) -> dict[UUID, Balance]:
    """In a number of queries that does not grow with them."""
    wallets, rates = wallets_of([customer.pk for customer in customers]), _rates(customers, at=at)
    return {
        customer.pk: Balance(max(wallets.get(customer.pk, Wallet()).available, 0), rates[customer.pk])
        for customer in customers
    }


@transaction.atomic
def set_balance_alert(
    customer: Customer, *, below: int | None, days: int | None, actor: Actor, at: datetime
) -> BalanceAlert:
    """From now on; told at once where it is so already. Without both it is switched off."""
    held = Customer.objects.lock_open(customer.pk)
    alert, _made = BalanceAlert.objects.update_or_create(
        customer=held, defaults={"below": below, "days": days, "told_at": None}
    )
    record_audit(Did.SET_BALANCE_ALERT, held.pk, actor=actor, at=at, reason="", customer=held, below=below, days=days)
    _tell([alert], at=at)
    return alert


def watch_balances(*, at: datetime) -> Tally:
    """All that are on; customers who are held by somebody are left to the next time, a minute later."""
    return for_each_group(_groups(), lambda group: _watch_group(group, at=at), what="balances of customers")


def _groups() -> Iterator[list[UUID]]:
    pks = list(BalanceAlert.objects.on().order_by("customer").values_list("customer", flat=True))
    for start in range(0, len(pks), CUSTOMERS_AT_ONCE):
        yield pks[start : start + CUSTOMERS_AT_ONCE]


@transaction.atomic
def _watch_group(customers: Collection[UUID], *, at: datetime) -> None:
    on = BalanceAlert.objects.on().filter(customer__in=customers).select_related("customer")
    _tell(list(on.select_for_update(of=("self",), no_key=True, skip_locked=True).order_by("customer")), at=at)


def _tell(alerts: Collection[BalanceAlert], *, at: datetime) -> None:
    """Once, until there is enough again."""
    watched = [alert for alert in alerts if alert.is_on and alert.customer.is_prepaid]
    found = balances_of([alert.customer for alert in watched], at=at) if watched else {}
    changed, notices = [], []
    for alert in watched:
        balance = found[alert.customer_id]
        is_low = balance.is_low(alert)
        if is_low == (alert.told_at is not None):
            continue
        alert.told_at = at if is_low else None
        changed.append(alert)
        if is_low:
            notices.append(_notice(alert, balance, at=at))
    BalanceAlert.objects.bulk_update(changed, ["told_at"])
    tell_all(notices)


def _notice(alert: BalanceAlert, balance: Balance, *, at: datetime) -> Notice:
    return notice_of(
        alert.customer,
        Notice.Kind.BALANCE_LOW,
        alert.customer_id,
        at,
        at=at,
        available=balance.available,
        rate=balance.rate,
        days=balance.days or 0,
    )


def _rates(customers: Collection[Customer], *, at: datetime) -> dict[UUID, int]:
    """What runs alike is priced once and counted."""
    whose = {customer.pk: customer for customer in customers}
    alike = (
        Resource.objects.on_paid_time()
        .filter(customer__in=whose)
        .annotate(text=Cast("configuration", TextField()))
        .values("customer", "text")
        .annotate(count=Count("pk"))
        .order_by("customer", "text")
        .values_list("customer", "text", "count")
    )
    rows = list(alike)
    book = PriceBook(whose.keys()) if rows else None
    months: dict[UUID, int] = defaultdict(int)
    for owner, configuration, count in rows:
        assert book is not None
        language = whose[owner].language
        try:
            components = [
                book.component(item, count_of, owner, at, language) for item, count_of in quantities_of(configuration)
            ]
        except NoPrice:
            continue
        months[owner] += price(components, Period.of_months(1, starting=at)).total * count
    return {pk: round_half_up(months[pk], DAYS_OF_A_MONTH) for pk in whose}


def facts_of_balances(pks: set[UUID]) -> dict[UUID, dict[str, object]]:
    """What notices about balances are held against."""
    rows = BalanceAlert.objects.filter(pk__in=pks).values_list("pk", "told_at")
    return {pk: {"is_low": told_at is not None} for pk, told_at in rows}
