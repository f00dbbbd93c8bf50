"""The wallet, for everybody above the payments."""

from __future__ import annotations

from ledger.models import Account
from ledger.services import InsufficientCredit, Wallet, hold_wallets, wallet_of, wallets_of

BOUGHT = (Account.Kind.CREDIT,)
"""Bought credit alone, for what comes from outside pays with just that."""
WHOLE = Account.WALLET
"""All of the wallet, promotional credit first."""

__all__ = ["BOUGHT", "WHOLE", "InsufficientCredit", "Wallet", "hold_wallets", "wallet_of", "wallets_of"]
