"""Rates of VAT, as they are entered: ahead of their first day, by two."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.services import record_audit
from catalog.audit import Did
from catalog.models import TaxCategory, TaxRate
from catalog.taxes import Taxes
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.periods import local_day, start_of_day


class RateNotAhead(DomainError):
    code = "rate-not-ahead"
    message = _("A rate begins on a later day than today: what is taxed already stays as it was.")


class TaxedFromThatDayOn(DomainError):
    code = "taxed-from-that-day-on"
    message = _("Something of this category is taxed on that day or later already. Choose a later first day.")


class RateSaidAlready(DomainError):
    code = "rate-said-already"
    message = _("This is the rate of that day already.")


@transaction.atomic
def enter_rate(
    category: TaxCategory, *, since: date, rate: Decimal, source: str, reason: str, actor: Actor, at: datetime
) -> TaxRate:
    """
    From the beginning of `since` on, `category` is taxed at `rate`. Only ever by way of `acts.EnterRate`: it takes two.

    Of a day that has a rate already, this one counts from now on. The first rate of a category may begin at any time, for
    nothing was taxed without one.

    :raises RateNotAhead: it has begun, or begins today
    :raises RateSaidAlready: nothing would change
    :raises TaxedFromThatDayOn: the lines that are written say so, whoever is at it at the same time
    """
    taxes = Taxes.read()
    if taxes.changes(category.pk) and since <= local_day(at):
        raise RateNotAhead
    if taxes.rate_at(category.pk, start_of_day(since)) == rate:
        raise RateSaidAlready
    try:
        with transaction.atomic():
            entered = TaxRate.objects.create(category=category, since=since, rate=rate, source=source)
    except IntegrityError as refusal:
        if "is taxed after" not in str(refusal):
            raise
        raise TaxedFromThatDayOn from refusal
    record_audit(
        Did.ENTER_TAX_RATE,
        category.pk,
        actor=actor,
        at=at,
        reason=reason,
        since=since.isoformat(),
        rate=f"{rate:f}",
        source=source,
    )
    return entered
