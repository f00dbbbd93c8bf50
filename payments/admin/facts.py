"""What pages about a customer's money show above their form."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from kernel import display
from payments.services.wallet import wallet_of


def wallet_facts(customer: Customer) -> list[tuple[Any, str]]:
    wallet = wallet_of(customer.pk)
    return [
        (_("Available"), display.money(wallet.available)),
        (_("Credit"), display.money(wallet.credit)),
        (_("Promotional credit"), display.money(wallet.promotional)),
        (_("Held"), display.money(wallet.held)),
    ]
