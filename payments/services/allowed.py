"""
From whom money may be taken without their being there, as a condition over customers: the one place that says so.

The sweep asks it of all, `pays_by_itself` of one who is held. Whatever forbids it for a while is added here.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from accounts.models import Customer


def pay_by_themselves(at: datetime) -> Q:
    """Customers whose open invoices are paid without their being there, at this instant."""
    return Q(pays_invoices_automatically=True)


def pays_by_itself(customer: Customer, at: datetime) -> bool:
    return Customer.objects.filter(pay_by_themselves(at), pk=customer.pk).exists()
