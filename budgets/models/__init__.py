"""What a customer means to spend in a month, and what was told about it."""

from __future__ import annotations

from budgets.models.alerts import Alert
from budgets.models.balance import BalanceAlert
from budgets.models.budgets import Budget, Scope, Stops
from budgets.models.hits import Hit

__all__ = ["Alert", "BalanceAlert", "Budget", "Hit", "Scope", "Stops"]
