"""The staff area's pages about invoices and money, and the tasks that move it."""

from payments.admin import documents, money, reversals

__all__ = ["documents", "money", "reversals"]
