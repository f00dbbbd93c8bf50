"""The wallet, for everybody above the payments."""

from __future__ import annotations

from ledger.services import InsufficientCredit, Wallet, hold_wallets, wallet_of, wallets_of

__all__ = ["InsufficientCredit", "Wallet", "hold_wallets", "wallet_of", "wallets_of"]
