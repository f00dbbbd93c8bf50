"""Pages of the staff area about budgets."""

from budgets.admin import budgets

__all__ = ["budgets"]
