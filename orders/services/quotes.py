"""Quotes: an offer with a seal and an end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog.terms import WrongPeriod
from kernel.errors import DomainError
from kernel.shapes import Cleaned
from lifecycle.models import Resource
from lifecycle.services.acts import Act, refuse
from orders.deal import Deal
from orders.models import Action, Quote
from orders.services.offers import CouponNotForAction, compute_offer
from orders.services.poc import poc_credit_is_over
from orders.services.sessions import claim_session
from orders.services.stories import STORIES
from orders.services.taxed import taxed_otherwise


class UnknownQuote(DomainError):
    code = "unknown-quote"
    status = 404
    message = _("There is no such quote.")


class StaleQuote(DomainError):
    """The offer cannot be had any more. `details["quote"]` is a fresh one, when there is one."""


class QuoteExpired(StaleQuote):
    code = "quote-expired"
    message = _("This quote has expired. Here is a fresh one: please look at it and confirm again.")


class QuoteChanged(StaleQuote):
    code = "quote-changed"
    message = _(
        "Something has changed since this quote was made. Here is a fresh one: please look at it and confirm again."
    )


class TaxChanged(StaleQuote):
    code = "tax-changed"
    message = _(
        "The rate of VAT has changed since this quote was made. Here is a fresh one: please look at it and confirm again."
    )


@transaction.atomic
def make_quote(
    customer: Customer, action: Action, inputs: Cleaned, *, at: datetime, session_id: UUID | None = None
) -> Quote:
    """
    Offer `action` on `inputs`, good for the setting QUOTE_LIFETIME_MINUTES.

    Inputs by action: create {product, name, items, tags, quantity, months, auto_renew_months, coupon}; resize {resource, items};
    renew {resources, months | match_end, coupon}; recover {resource, months, auto_renew_months, coupon}. The checkout
    session that it is made in, if any, is this customer's from now on.

    :raises DomainError: refused, or the inputs are wrong
    """
    session = claim_session(session_id, customer, at=at) if session_id else None
    deal = compute_offer(customer, action, inputs, at=at)
    return Quote.objects.create(
        customer=customer,
        action=action,
        checkout_session=session,
        inputs=dict(inputs),
        content=deal.to_json(),
        total=deal.total,
        seal=seal_of(customer.pk, action, inputs, deal),
        quoted_at=at,
        expires_at=at + timedelta(minutes=settings.QUOTE_LIFETIME_MINUTES),
    )


def quote_again(old: Quote, *, with_money: bool = False, at: datetime) -> Quote:
    """
    The same wish at today's facts, in the customer's present billing mode and the same checkout session.

    :param with_money: not with POC credit: a resource that runs on it is converted by that
    """
    wish = _wish_of(old) | ({"poc": False} if with_money else {})
    return make_quote(old.customer, Action(old.action), wish, at=at, session_id=old.checkout_session_id)


def _wish_of(quote: Quote) -> dict[str, object]:
    """The inputs as the customer's billing mode takes them, which staff may have switched since."""
    wish: Cleaned = dict(quote.inputs)
    if quote.customer.is_postpaid and wish.get("coupon"):
        wish["coupon"] = ""
    if quote.action == Action.CREATE and quote.customer.is_prepaid and wish.get("months") is None:
        wish["months"] = 1
    return wish


def refuse_stale(quote: Quote, *, at: datetime) -> None:
    """
    :raises TaxChanged: it would be paid at another rate of VAT than it says
    :raises QuoteExpired: its time is over
    :raises QuoteChanged: computed again from today's facts it would be another offer
    """
    if taxed_otherwise(quote.deal.parts, at=at):
        raise TaxChanged(was=quote.total)
    if at >= quote.expires_at:
        raise QuoteExpired
    action = Action(quote.action)
    try:
        today = compute_offer(quote.customer, action, quote.inputs, at=quote.quoted_at)
    except (CouponNotForAction, WrongPeriod) as refusal:  # the billing mode was switched
        raise QuoteChanged(was=quote.total) from refusal
    if seal_of(quote.customer_id, action, quote.inputs, today) != quote.seal or poc_credit_is_over(today, at=at):
        raise QuoteChanged(was=quote.total, now=today.total)


def refuse_what_is_over(quote: Quote, resources: Sequence[Resource], *, at: datetime) -> None:
    """
    The price of a quote stands until it expires; what it is about may be over before.

    :param resources: those of the quote, held
    :raises DomainError: one cannot take any more what is offered
    """
    action, parts = Action(quote.action), {part.resource_id: part for part in quote.deal.parts}
    for resource in resources:
        refuse(Act(action.value), resource, at=at)
        refusal = STORIES[action].refusal(parts[resource.pk], resource, at=at)
        if refusal:
            raise refusal


def seal_of(customer_id: UUID, action: Action, inputs: Cleaned, deal: Deal) -> str:
    """A digest over everything that the customer agrees to."""
    sealed = json.dumps([str(customer_id), action.value, inputs, deal.to_json()], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(sealed.encode()).hexdigest()
