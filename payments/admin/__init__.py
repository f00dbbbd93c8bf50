"""The staff area's pages about invoices and money, and the tasks that move it."""

from payments.admin import documents, money, payments, reversals

__all__ = ["documents", "money", "payments", "reversals"]
