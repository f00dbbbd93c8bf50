"""
Where money is: double-entry accounts, append-only.

A transaction's entries are written in one statement and sum to zero; the database refuses anything else. Positive amounts
are what we owe (a customer's credit, an order's escrow, earned sales), negative ones what we hold against it (money at
gateways and in the bank). Balances of customers are kept by a trigger and never fall below zero; house accounts are
summed, never locked. What is held of a wallet is the sum of its open holds, kept in the same way.
"""

from ledger.models.accounts import Account, CreditHold
from ledger.models.entries import Entry, Transaction
from ledger.models.grants import Grant, GrantUse

__all__ = ["Account", "CreditHold", "Entry", "Grant", "GrantUse", "Transaction"]
