"""Pages of the staff area about invoices, billing runs and debts."""

from invoices.admin import committed, documents, dunning, holds

__all__ = ["committed", "documents", "dunning", "holds"]
