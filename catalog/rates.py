"""
Rates of VAT, as they are entered: by two, and ahead of their first day wherever the law lets us.

It does not always: a rate that comes on its own day, or is prolonged afterwards, is entered late. Then it is told what is taxed
otherwise already (`mistaxed_by`), and that stays to be corrected by credit notes and new invoices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import record_audit
from catalog.audit import Did
from catalog.models import TaxCategory, TaxRate
from catalog.taxes import Taxes
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.periods import start_of_day


class RateSaidAlready(DomainError):
    code = "rate-said-already"
    message = _("This is the rate of that day already.")


@dataclass(frozen=True, slots=True)
class Mistaxed:
    """What stands and is taxed otherwise than a rate would have it: so many documents, with so much VAT in VND instead of what is `right`."""

    documents: int = 0
    tax: int = 0
    right: int = 0


def mistaxed_by(category: str, *, since: date, rate: Decimal) -> Mistaxed:
    """What a rate from that day on, until the next that is known, would find taxed otherwise."""
    taxes, begin = Taxes.read(), start_of_day(since)
    coming = taxes.with_rate(category, since, rate).coming(category, begin)
    until = start_of_day(coming[0].since) if coming else None
    found = Mistaxed()
    for look in _lookers:
        more = look(category, begin, until, rate)
        found = Mistaxed(found.documents + more.documents, found.tax + more.tax, found.right + more.right)
    return found


_lookers: list[Callable[[str, datetime, datetime | None, Decimal], Mistaxed]] = []


def knows_what_is_taxed(look: Callable[[str, datetime, datetime | None, Decimal], Mistaxed]) -> None:
    """An app above says what of its own of a category is taxed between two instants, and not at a rate."""
    _lookers.append(look)


@transaction.atomic
def enter_rate(
    category: TaxCategory, *, since: date, rate: Decimal, source: str, reason: str, actor: Actor, at: datetime
) -> TaxRate:
    """
    From the beginning of `since` on, `category` is taxed at `rate`. Only ever by way of `acts.EnterRate`: it takes two.

    Of a day that has a rate already, this one counts from now on. What is taxed already stays as it was issued; where that would
    have been otherwise, the rate `reaches_back`.

    :raises RateSaidAlready: nothing would change
    """
    if Taxes.read().rate_at(category.pk, start_of_day(since)) == rate:
        raise RateSaidAlready
    entered = TaxRate.objects.create(category=category, since=since, rate=rate, source=source, entered_at=at)
    entered.refresh_from_db(fields=["reaches_back"])
    record_audit(
        Did.ENTER_TAX_RATE,
        category.pk,
        actor=actor,
        at=at,
        reason=reason,
        since=since.isoformat(),
        rate=f"{rate:f}",
        source=source,
        reaches_back=entered.reaches_back,
    )
    return entered
