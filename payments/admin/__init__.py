"""The staff area's pages about invoices and money, and the tasks that move it."""

from payments.admin import (
    bank,
    behalf,
    claims,
    documents,
    holds,
    links,
    money,
    payments,
    questions,
    reconciliation,
    refunds,
    reversals,
)

__all__ = [
    "bank",
    "behalf",
    "claims",
    "documents",
    "holds",
    "links",
    "money",
    "payments",
    "questions",
    "reconciliation",
    "refunds",
    "reversals",
]
