"""
Credit that is held for the use of prepaid resources: what each costs so far and the days ahead.

All resources of many customers are looked at together, in a few statements. Bought credit is held as far as there is any, for the
earlier month first; what is held already stays as long as nothing of it changes. What promotional credit would pay is not missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from accounts.models import Customer
from invoices.models import Invoice
from invoices.services.to_hold import Need, needs_of
from kernel.periods import CalendarMonth
from ledger.holds import End, Wanted, end_holds, place_holds
from ledger.services import hold_wallets
from payments.models import UsageHold
from usage.queries import closed_through, months_with_more

Key = tuple[UUID, str]
"""A resource and a month."""


class Standing(NamedTuple):
    """An open hold of a customer."""

    customer_id: UUID
    hold_id: int
    amount: int
    so_far: int
    ahead: int


@dataclass(frozen=True, slots=True)
class Cover:
    """How much of a need is held, and what neither that nor promotional credit covers."""

    need: Need
    held: int
    missing: int

    @property
    def key(self) -> Key:
        return self.need.resource_id, self.need.month

    def is_as(self, standing: Standing | None) -> bool:
        """Nothing of it has changed."""
        said = (self.held, self.need.so_far, self.need.ahead)
        return standing is not None and said == (standing.amount, standing.so_far, standing.ahead)


def hold_for(customers: Sequence[Customer], *, at: datetime) -> list[Cover]:
    """
    What is held of these customers, whom the caller holds, becomes what their use needs by now, as far as their credit goes.

    In the same number of statements however many there are.
    """
    standing, covers = _covered(customers, at=at)
    stays = {cover.key for cover in covers if cover.is_as(standing.get(cover.key))}
    end_holds([old.hold_id for key, old in standing.items() if key not in stays], End.RELEASED, at=at)
    _place([cover for cover in covers if cover.held and cover.key not in stays], at=at)
    return covers


def covers_of(customers: Collection[Customer], *, at: datetime) -> list[Cover]:
    """What `hold_for` would hold by now, and what would be missing: nothing is changed."""
    return _covered(customers, at=at)[1]


def _covered(customers: Collection[Customer], *, at: datetime) -> tuple[dict[Key, Standing], list[Cover]]:
    standing = _open_holds(customers)
    months = {*months_held(at), *(CalendarMonth.parse(month) for _resource, month in standing)}
    needs = needs_of(customers, months, at=at)
    return standing, _covers(needs, standing) if needs or standing else []


@dataclass(frozen=True, slots=True)
class ForBills:
    """An open hold, and the bills for what it is held for, in the order of payment."""

    standing: Standing
    key: Key
    bills: list[Invoice]

    def shares(self) -> dict[UUID, int]:
        """How much of it is for each bill."""
        shares, left = {}, self.standing.amount
        for bill in self.bills:
            shares[bill.pk] = min(bill.due, left)
            left -= shares[bill.pk]
        return shares

    def rest(self, parts: Mapping[UUID, int]) -> int:
        """What stays held when its bills are paid these parts."""
        paid = sum(parts.get(bill.pk, 0) for bill in self.bills)
        return min(max(self.standing.amount - paid, 0), self._open(parts))

    def _open(self, parts: Mapping[UUID, int]) -> int:
        return sum(bill.due - parts.get(bill.pk, 0) for bill in self.bills)

    def cover(self, parts: Mapping[UUID, int]) -> Cover:
        """The hold that follows."""
        first, rest, still_open = self.bills[0], self.rest(parts), self._open(parts)
        resource, month = self.key
        need = Need(first.customer_id, resource, first.product_id, month, so_far=still_open, ahead=0)
        return Cover(need, rest, still_open - rest)


def held_for(customer: Customer, bills: Sequence[Invoice]) -> list[ForBills]:
    """What is held for those of these bills that are for use in paid time, with whatever else is open for the same use."""
    wanted = {_key(bill) for bill in bills if bill.is_of_paid_time}
    standing = _open_holds([customer]) if wanted else {}
    by_key: dict[Key, list[Invoice]] = {key: [] for key in wanted & standing.keys()}
    if by_key:
        resources = [resource for resource, _month in by_key]
        for bill in Invoice.objects.open().of_paid_time().filter(resource__in=resources).in_order_of_payment():
            by_key.get(_key(bill), []).append(bill)
    return [ForBills(standing[key], key, theirs) for key, theirs in by_key.items()]


def _key(bill: Invoice) -> Key:
    assert bill.resource_id, "it is for use in paid time"
    return bill.resource_id, CalendarMonth.of(bill.period_start).key


def capture(held: Sequence[ForBills], *, at: datetime) -> None:
    """The bills take what is held for them."""
    end_holds([one.standing.hold_id for one in held], End.CAPTURED, at=at)


def hold_rest(held: Sequence[ForBills], parts: Mapping[UUID, int], *, at: datetime) -> None:
    """What was captured and is still open on its bills is held again."""
    _place([cover for cover in (one.cover(parts) for one in held) if cover.held], at=at)


def months_held(at: datetime) -> list[CalendarMonth]:
    """The present month, and the one before while something of its use may be on no bill yet."""
    month = CalendarMonth.of(at)
    before = month.previous
    is_billed = closed_through(before) is not None and before not in months_with_more(before.period.starts_at)
    return [month] if is_billed else [before, month]


def _open_holds(customers: Collection[Customer]) -> dict[Key, Standing]:
    rows = UsageHold.objects.open().filter(customer__in=[customer.pk for customer in customers])
    columns = rows.values_list("resource", "month", "customer", "hold", "hold__amount", "so_far", "ahead")
    return {
        (resource, month): Standing(customer, hold, amount, so_far, ahead)
        for resource, month, customer, hold, amount, so_far, ahead in columns
    }


def _covers(needs: Sequence[Need], standing: dict[Key, Standing]) -> list[Cover]:
    """Each need in its turn: from bought credit, which is held; then promotional credit answers for it."""
    owners = {need.customer_id for need in needs} | {old.customer_id for old in standing.values()}
    bought: Counter[UUID] = Counter()
    promotional: Counter[UUID] = Counter()
    for pk, wallet in hold_wallets(sorted(owners)).items():
        bought[pk], promotional[pk] = wallet.credit - wallet.held, wallet.promotional
    for old in standing.values():
        bought[old.customer_id] += old.amount
    covers = []
    for need in needs:
        held = min(need.total, bought[need.customer_id])
        given = min(need.total - held, promotional[need.customer_id])
        bought[need.customer_id] -= held
        promotional[need.customer_id] -= given
        covers.append(Cover(need, held, need.total - held - given))
    return covers


def _place(covers: Sequence[Cover], *, at: datetime) -> None:
    wanted = [Wanted(cover.need.customer_id, UsageHold.source_of(*cover.key), cover.held) for cover in covers]
    UsageHold.objects.bulk_create(
        UsageHold(
            hold=hold,
            customer_id=cover.need.customer_id,
            resource_id=cover.need.resource_id,
            month=cover.need.month,
            so_far=cover.need.so_far,
            ahead=cover.need.ahead,
        )
        for hold, cover in zip(place_holds(wanted, at=at), covers, strict=True)
    )
