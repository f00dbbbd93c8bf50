"""Which orders POC credit pays, and what of them: all, from one grant, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from accounts.models import Customer
from catalog import pricing
from kernel.periods import Period
from lifecycle.models import Resource
from orders.deal import Deal, Part, Poc
from orders.models import Action
from payments.services.poc_time import PocOffer, end_with_poc_time, poc_credit_ended, running_offers

PAID = frozenset({Action.CREATE, Action.RENEW, Action.RECOVER})


def with_poc_credit(customer: Customer, action: Action, parts: Sequence[Part], *, at: datetime) -> Sequence[Part]:
    """
    The same parts paid with POC credit, or as they are when no grant can pay all of them.

    The grant that ends first is taken, and the time ends with it. What was bought with money, or has been converted since, is not
    renewed with POC credit.
    """
    if action not in PAID or not all(part.charge.total and not part.postpaid for part in parts):
        return parts
    products = {part.product_id for part in parts}
    for offer in running_offers(customer.pk, products, at=at):
        cut = [_until_its_end(part, offer) for part in parts if part.period.starts_at < offer.until]
        totals = [part.charge.total for part in cut]
        if len(cut) == len(parts) and all(totals) and sum(totals) <= offer.rest and _all_end_with_it(action, parts):
            return cut
    return parts


def poc_credit_is_over(deal: Deal, *, at: datetime) -> bool:
    """A grant that was to pay has ended since."""
    return any(poc_credit_ended(grant, at=at) for grant in {part.poc.grant for part in deal.parts if part.poc})


def _until_its_end(part: Part, offer: PocOffer) -> Part:
    """No longer than the grant, and so at the price without a term: POC credit commits to nothing."""
    period = Period(part.period.starts_at, min(part.period.ends_at, offer.until))
    components = [line.component for line in part.charge.lines]
    charge = pricing.price([replace(one, rate=one.rate.without_term or one.rate) for one in components], period)
    return replace(part, charge=charge, period=period, poc=Poc(offer.grant, offer.until))


def _all_end_with_it(action: Action, parts: Sequence[Part]) -> bool:
    if action == Action.CREATE:
        return True
    resources = Resource.objects.filter(pk__in=[part.resource_id for part in parts])
    return len(end_with_poc_time(resources)) == len(parts)
