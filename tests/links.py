"""Linked accounts for tests: as they stand once the customer has confirmed at the gateway."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import Any

from accounts.models import Customer
from payments.models import AutomaticCharge, Consent, LinkedAccount
from store.sealed import seal
from tests.cast import LONG_AGO

_number = count(1)


def linked_account(
    customer: Customer, *, gateway: str = "gate", at: datetime = LONG_AGO, **fields: Any
) -> LinkedAccount:
    """Active, up to 5,000,000 at once and 20,000,000 in a month, with a consent to charges that the customer asks for."""
    account = LinkedAccount.objects.create(
        customer=customer, gateway=gateway, reference=f"link-{next(_number)}", created_at=at, actor=customer.email,
        **{"charge_limit": 5_000_000, "month_limit": 20_000_000, "display": "****1234", "token": seal("token")} | fields,
    )  # fmt: skip
    account.activate(at=at)
    account.save()
    agreed(account, Consent.Scope.CHARGES, at=at)
    return account


def agreed(account: LinkedAccount, scope: str, *, at: datetime = LONG_AGO, **fields: Any) -> Consent:
    return Consent.objects.create(
        customer=account.customer, linked=account, scope=scope, text="You may charge it.", version="1", language="en",
        actor=account.actor, address="192.0.2.7", at=at, **fields,
    )  # fmt: skip


def tops_up(account: LinkedAccount, *, below: int = 100_000, amount: int = 500_000) -> AutomaticCharge:
    return AutomaticCharge.objects.create(
        customer=account.customer, purpose="top_up", linked=account, consent=agreed(account, "top_up"), is_on=True,
        below=below, amount=amount,
    )  # fmt: skip


def pays_invoices(account: LinkedAccount) -> AutomaticCharge:
    return AutomaticCharge.objects.create(
        customer=account.customer, purpose="invoices", linked=account, consent=agreed(account, "invoices"), is_on=True
    )
