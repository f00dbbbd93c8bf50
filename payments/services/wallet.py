"""Reading the wallet: the ledger's figures, for everybody above it."""

from __future__ import annotations

from ledger.services import InsufficientCredit, Wallet, wallet_of

__all__ = ["InsufficientCredit", "Wallet", "wallet_of"]
