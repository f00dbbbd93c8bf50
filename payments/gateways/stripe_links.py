"""
Linked cards at Stripe: the customer agrees once on its page (a SetupIntent), and the card is charged without them.

The token is the customer and the payment method at Stripe, "cus_1:pm_1".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from .base import (
    NOT_FOUND,
    Failed,
    Linked,
    LinkOutcome,
    LinkReport,
    Outcome,
    Pending,
    Redirect,
    ToCharge,
    ToLink,
    Unknown,
    Unlinked,
)
from .stripe_calls import CURRENCY, asked, called
from .stripe_cards import Stripe, reference_of
from .wire import CHECK_AFTER, Told, part_of, rows_of, text_of


@dataclass(frozen=True)
class LinkingStripe(Stripe):
    """Adapter for Stripe, for cards that customers have linked as well."""

    def begin_link(self, to_link: ToLink) -> Redirect | LinkOutcome:
        marks = {"reference": to_link.reference, "customer": to_link.customer_ref}
        holder = called(
            lambda: self.api.customers.create(
                {"metadata": marks, "description": to_link.description[:200]},
                {"idempotency_key": f"{to_link.reference}-customer"},
            )
        )
        if not isinstance(holder, dict):
            return holder
        wanted = {
            "mode": "setup",
            "currency": CURRENCY,
            "customer": holder["id"],
            "setup_intent_data": {"metadata": marks},
            "metadata": marks,
            "success_url": to_link.return_url,
            "cancel_url": to_link.return_url,
        }
        return self.page(
            called(lambda: self.api.checkout.sessions.create(wanted, {"idempotency_key": to_link.reference}))
        )

    def parse_link_notice(self, body: bytes, headers: Mapping[str, str]) -> LinkReport | None:
        _event, about = self.event(body, headers)
        if about.get("object") != "setup_intent":
            return None
        return LinkReport(reference_of(about), proof=text_of(about, "id"))

    def finish_link(self, *, reference: str, customer_ref: str, proof: str, at: datetime) -> LinkOutcome:
        consent = self._consent(reference, proof)
        if not isinstance(consent, dict):
            return consent
        if reference_of(consent) != reference:
            return Unknown("about another link")
        match consent.get("status"):
            case "succeeded":
                return self._linked(f"{text_of(consent, 'customer')}:{text_of(consent, 'payment_method')}", at)
            case "canceled":
                return Failed("cancelled", "canceled")
            case _:
                return Pending(CHECK_AFTER)

    def query_link(self, *, reference: str, customer_ref: str, token: str, at: datetime) -> LinkOutcome:
        return self._linked(token, at)

    def charge(self, to_charge: ToCharge) -> Outcome:
        holder, _colon, method = to_charge.token.partition(":")
        wanted = {
            "amount": to_charge.amount,
            "currency": CURRENCY,
            "customer": holder,
            "payment_method": method,
            "off_session": True,
            "confirm": True,
            "description": to_charge.description[:200] or to_charge.reference,
            "metadata": {"reference": to_charge.reference, "customer": to_charge.customer_ref, "charge": "linked"},
            "expand": ["latest_charge"],
        }
        intent = called(lambda: self.api.payment_intents.create(wanted, {"idempotency_key": to_charge.reference}))
        return self.outcome(intent, to_charge.reference, to_charge.at) if isinstance(intent, dict) else intent

    def unlink(self, *, reference: str, customer_ref: str, token: str, at: datetime) -> LinkOutcome:
        method = token.partition(":")[2]
        answer = called(lambda: self.api.payment_methods.detach(method))
        if isinstance(answer, dict) or answer == Unknown(NOT_FOUND):
            return Unlinked()
        return self._linked(token, at) if isinstance(answer, Failed) else answer  # perhaps it was detached before

    def _consent(self, reference: str, proof: str) -> Told | Unknown:
        """The SetupIntent that a notice named, or the one of the customer that was made for this link."""
        if proof:
            return asked(lambda: self.api.setup_intents.retrieve(proof))
        question = {"query": f"metadata['reference']:'{reference}'"}
        holders = asked(lambda: self.api.customers.search(question))
        if not isinstance(holders, dict):
            return holders
        for holder in rows_of(holders, "data"):
            wanted = {"customer": text_of(holder, "id"), "limit": 10}
            answer = asked(partial(self.api.setup_intents.list, wanted))
            if not isinstance(answer, dict):
                return answer
            found = [one for one in rows_of(answer, "data") if reference_of(one) == reference]
            if found:
                return found[0]
        return Unknown(NOT_FOUND)

    def _linked(self, token: str, at: datetime) -> LinkOutcome:
        holder, _colon, method = token.partition(":")
        card = asked(lambda: self.api.payment_methods.retrieve(method))
        if card == Unknown(NOT_FOUND):
            return Unlinked()
        if not isinstance(card, dict):
            return card
        if card.get("customer") != holder:
            return Unlinked()
        facts = part_of(card, "card")
        display = f"{str(facts.get('brand') or 'card').capitalize()} •••• {facts.get('last4') or ''}".strip()
        return Linked(token, display, at, expires_at=_end_of(facts))


def _end_of(card: Told) -> datetime | None:
    """A card can be used until its month is over."""
    year, month = card.get("exp_year"), card.get("exp_month")
    if not isinstance(year, int) or not isinstance(month, int) or not 1 <= month <= 12:
        return None
    return datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
