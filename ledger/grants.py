"""Promotional credit, grant by grant: given, put back where it came from, taken back at its end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from accounts.models import Customer
from ledger.models import Grant, GrantUse, Transaction
from ledger.services import Fact, Kind, post

AT_LEAST = timedelta(days=30)
"""What is given anew can be spent for so long."""
Spent = tuple[Fact, object]
"""The kind and source of a transaction that spent promotional credit."""


def grant_promotional(customer: Customer, amount: int, *, expires_at: datetime, reason: str, at: datetime) -> Grant:
    """Give promotional credit until `expires_at`."""
    grant = Grant.objects.create(customer=customer, amount=amount, expires_at=expires_at, reason=reason, at=at)
    legs = {Kind.PROMOTIONAL: amount, Kind.PROMOTIONS: -amount}
    post(Fact.GRANT, grant.pk, legs, customer_id=customer.pk, at=at, reference=reason)
    return grant


def put_back(
    customer: Customer,
    amount: int,
    refund: Spent,
    spent: Sequence[Spent],
    *,
    at: datetime,
    until: datetime | None = None,
) -> None:
    """
    Promotional credit that the transaction `refund` has just returned goes back into the grants that it had come from.

    What ends last is filled first. What goes into a grant that has ended is taken back with it; with `until` whatever ends
    before that is given anew until then. So is what no transaction accounts for, for it was spent before uses were kept.
    """
    kind, source = refund
    transaction = Transaction.objects.get(customer=customer, kind=kind, source=str(source))
    for grant, origin, part in destinations(customer, amount, spent, promised=Counter()):
        amount -= part
        GrantUse.objects.create(grant=grant, transaction=transaction, origin=origin, amount=-part)
        if until and grant.expires_at < until:
            GrantUse.objects.create(grant=grant, transaction=transaction, amount=part)
            _give_anew(customer, part, grant.reason, transaction, until=until, at=at)
        elif grant.expires_at <= at:
            take_back(grant, part, transaction.pk, at=at)
    if amount:
        _give_anew(customer, amount, transaction.reference, transaction, until=until or at + AT_LEAST, at=at)


def destinations(
    customer: Customer, amount: int, spent: Sequence[Spent], *, promised: Counter[tuple[object, object]]
) -> Iterator[tuple[Grant, Transaction, int]]:
    """
    The grants into which `amount` goes back that those transactions took, with each one's origin and part.

    `promised` are the parts that go back before it, by grant and origin; these are added to them.
    """
    for grant, origin, taken in _taken(customer, spent):
        part = min(amount, taken - promised[grant.pk, origin.pk])
        if part <= 0:
            continue
        amount -= part
        promised[grant.pk, origin.pk] += part
        yield grant, origin, part


def expire_promotional(customer: Customer, *, at: datetime) -> int:
    """Take back what is left of grants whose time is over; returns how much. The caller holds the customer."""
    expired = 0
    promotional = Grant.objects.filter(customer=customer, kind=Grant.Kind.PROMOTIONAL)
    for grant in promotional.filter(expires_at__lte=at, rest__gt=0).order_by("pk"):
        take_back(grant, grant.rest, at, at=at)
        expired += grant.rest
    return expired


def take_back(grant: Grant, amount: int, mark: object, *, at: datetime) -> None:
    """What is left of a grant whose time is over. The source begins with its number: from it, and no other, the entry takes."""
    source = f"{grant.pk}:{mark.isoformat() if isinstance(mark, datetime) else mark}"
    legs = {Kind(grant.kind): -amount, Kind.PROMOTIONS: amount}
    post(Fact.GRANT_EXPIRY, source, legs, customer_id=grant.customer_id, at=at, reference=grant.reason)


def _taken(customer: Customer, spent: Sequence[Spent]) -> list[tuple[Grant, Transaction, int]]:
    """What those transactions took from which grant and have not got back, the grant that ends last first."""
    found = []
    for kind, source in dict.fromkeys((kind, str(source)) for kind, source in spent):
        origin = Transaction.objects.filter(customer=customer, kind=kind, source=source).first()
        if origin is None:
            continue
        left: dict[Grant, int] = defaultdict(int)
        uses = GrantUse.objects.filter(transaction=origin, origin=None) | GrantUse.objects.filter(origin=origin)
        for use in uses.select_related("grant"):
            left[use.grant] += use.amount
        found += [(grant, origin, amount) for grant, amount in left.items() if amount > 0]
    return sorted(found, key=lambda taken: (taken[0].expires_at, taken[0].pk), reverse=True)


def _give_anew(
    customer: Customer, amount: int, reason: str, refund: Transaction, *, until: datetime, at: datetime
) -> None:
    """The money is in the wallet already, by the refund: only until when it can be spent is new."""
    Grant.objects.create(
        customer=customer, amount=amount, expires_at=until, reason=reason[:200], returned_by=refund, at=at
    )
