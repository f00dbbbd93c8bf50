"""Quotes: an offer with a seal and an end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from kernel.errors import DomainError
from orders.deal import Deal
from orders.models import Action, Quote
from orders.services.offers import compute_offer
from orders.services.sessions import claim_session


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


@transaction.atomic
def make_quote(
    customer: Customer, action: Action, inputs: Mapping[str, Any], *, at: datetime, session_id: UUID | None = None
) -> Quote:
    """
    Offer `action` on `inputs`, good for the setting QUOTE_LIFETIME_MINUTES.

    Inputs by action: create {product, name, items, quantity, months, auto_renew_months, coupon}; resize {resource, items};
    renew {resources, months | match_end, coupon}; recover {resource, months, coupon}. The checkout session that it is made
    in, if any, is this customer's from now on.

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


def quote_again(old: Quote, *, at: datetime) -> Quote:
    """The same wish at today's price, in the same checkout session."""
    return make_quote(old.customer, Action(old.action), old.inputs, at=at, session_id=old.checkout_session_id)


def refuse_stale(quote: Quote, *, at: datetime) -> None:
    """
    :raises QuoteExpired: its time is over
    :raises QuoteChanged: computed again from today's facts it would be another offer
    """
    if at >= quote.expires_at:
        raise QuoteExpired
    action = Action(quote.action)
    today = compute_offer(quote.customer, action, quote.inputs, at=quote.quoted_at)
    if seal_of(quote.customer_id, action, quote.inputs, today) != quote.seal:
        raise QuoteChanged(was=quote.total, now=today.total)


def seal_of(customer_id: UUID, action: Action, inputs: Mapping[str, Any], deal: Deal) -> str:
    """A digest over everything that the customer agrees to."""
    sealed = json.dumps([str(customer_id), action.value, inputs, deal.to_json()], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(sealed.encode()).hexdigest()
