"""Pages of the staff area about invoices, billing runs and debts."""

from invoices.admin import documents, dunning, holds

__all__ = ["documents", "dunning", "holds"]
