"""What invoices add up to, kept by the database itself: so a history of any length shows its sums at once."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models

from accounts.models import Customer
from catalog.models import Product
from store.personal import Because, kept
from store.triggers import triggers_only

ADD = """
    INSERT INTO invoices_monthlytotal AS kept (customer_id, month, product_id, status, invoices, charged, paid, due)
    SELECT customer_id, billing_month(issued_at), product_id, status, sum(sign), sum(sign * (total - credited)),
           sum(sign * (paid - refunded)), sum(sign * due)
    FROM ({moved}) moved GROUP BY 1, 2, 3, 4
    HAVING sum(sign) <> 0 OR sum(sign * (total - credited)) <> 0 OR sum(sign * (paid - refunded)) <> 0 OR sum(sign * due) <> 0
    ORDER BY 1, 2, 3, 4
    ON CONFLICT (customer_id, month, product_id, status) DO UPDATE SET
        invoices = kept.invoices + EXCLUDED.invoices, charged = kept.charged + EXCLUDED.charged,
        paid = kept.paid + EXCLUDED.paid, due = kept.due + EXCLUDED.due;
    RETURN NULL;
"""
UNLESS_NOTHING_MOVED = """
    IF NOT EXISTS (SELECT FROM new_invoices) THEN
        RETURN NULL;  -- an allocation to an invoice that is born paid updates no row, and there are thousands of those
    END IF;
"""


class MonthlyTotal(models.Model):
    """
    The sums over a customer's invoices of one month of issue, product and status, in VND.

    `month` is its first day; months are those of the billing zone at installation (SQL function `billing_month`).
    `charged` is net of credit notes, `paid` net of refunds. Groups that emptied stay, with zeros.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    pk = models.CompositePrimaryKey("customer_id", "month", "product_id", "status")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False, related_name="+")
    month = models.DateField()
    product = models.ForeignKey(Product, on_delete=models.PROTECT, db_index=False, related_name="+")
    status = models.CharField(max_length=14)
    invoices = models.BigIntegerField()
    charged = models.BigIntegerField()
    paid = models.BigIntegerField()
    due = models.BigIntegerField()

    class Meta:
        triggers: ClassVar = [triggers_only()]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.month:%Y-%m} {self.status}: {self.charged}"


def totals_kept() -> list[pgtrigger.Trigger]:
    """The triggers by which the table of invoices keeps the totals: one statement each, however many invoices move."""
    added = "SELECT 1 AS sign, * FROM new_invoices"
    return [
        pgtrigger.Trigger(
            name="totals_gain_what_is_issued",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Insert,
            referencing=pgtrigger.Referencing(new="new_invoices"),
            func=ADD.format(moved=added),
        ),
        pgtrigger.Trigger(
            name="totals_follow_what_moves",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Update,
            referencing=pgtrigger.Referencing(new="new_invoices", old="old_invoices"),
            func=f"{UNLESS_NOTHING_MOVED}{ADD.format(moved=f'{added} UNION ALL SELECT -1, * FROM old_invoices')}",
        ),
    ]
