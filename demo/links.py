"""
Linked accounts in the demo: one that its customer pays with, and one that was ended at the gateway.

The sandbox of today has confirmed none of them: it is told of those that stand, in a file beside the shops' keys.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils.translation import override

from accounts.models import Customer
from demo.money import GATEWAY, attempt, success
from demo.shops import write_for_us
from demo.timeline import Scene
from kernel.actors import Actor
from kernel.ids import new_id
from payments.consents import VERSION
from payments.gateways.base import Linked, Unlinked
from payments.models import Consent, LinkedAccount, Payment
from payments.services.consents import Agreement, record_consent
from payments.services.links import record_link
from payments.services.outcomes import record_outcome
from store.sealed import Unreadable, unseal

FILE = "linked-accounts.json"
State = LinkedAccount.State


def link_wallet(customer: Customer, *, actor: Actor, at: datetime) -> Scene:
    """As `begin_link` leaves it behind; a little later the customer has confirmed it."""
    link = LinkedAccount(
        customer=customer,
        gateway=GATEWAY,
        charge_limit=settings.LINKED_CHARGE_LIMIT,
        month_limit=settings.LINKED_MONTH_LIMIT,
        actor=actor.name,
        created_at=at,
    )
    link.reference = f"{at:%y%m%d}_{link.pk.hex}"
    link.save(force_insert=True)
    with override(customer.language):
        record_consent(link, Consent.Scope.CHARGES, Agreement(VERSION, customer.language, None), actor=actor, at=at)

    def confirm(*, at: datetime) -> None:
        binding = new_id().hex[-16:]
        token = json.dumps({"binding_id": binding, "pay_token": f"demo-{new_id().hex}"})
        record_link(link.pk, Linked(token, masked(binding), at), at=at)

    return confirm


def top_up_from_wallet(customer: Customer, amount: int, *, actor: Actor, at: datetime) -> None:
    """Charged at once."""
    link = _linked(customer)
    consent = Consent.objects.get(linked=link, scope=Consent.Scope.CHARGES)
    payment = attempt(
        customer, Payment.Kind.TOP_UP, amount, description="", actor=actor, at=at, linked=link, consent=consent
    )
    record_outcome(payment.pk, success(payment, at), actor=actor, at=at)


def ended_at_gateway(customer: Customer, *, actor: Actor, at: datetime) -> None:
    """The customer took it back in the wallet's app."""
    del actor
    record_link(_linked(customer).pk, Unlinked(), at=at)


def masked(binding: str) -> str:
    """As the sandbox shows whose it is."""
    return f"*******{int(binding[:6], 16) % 1000:03}"


def tell_sandbox() -> None:
    """Of the accounts that are linked here."""
    path: Path = settings.SHOP_KEYS_FILE.with_name(FILE)
    told = []
    for link in LinkedAccount.objects.filter(gateway=GATEWAY, state=State.ACTIVE).order_by("pk"):
        try:
            token = json.loads(unseal(link.token))
        except (Unreadable, ValueError):
            continue
        if token["pay_token"].startswith("demo-"):
            told.append({"reference": link.reference, "customer": link.customer_ref, **token})
    write_for_us(path, told)


def _linked(customer: Customer) -> LinkedAccount:
    return LinkedAccount.objects.get(customer=customer, state=State.ACTIVE)
