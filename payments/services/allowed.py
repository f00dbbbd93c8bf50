"""
From whom money may be taken without their being there, as a condition over customers: the one place that says so.

The sweep asks it of all, `pays_by_itself` of one who is held. What staff have put on hold is `chargeable`: it is asked by everything that
takes money by itself, also from linked accounts. Auto-renewal is not: the customer chose it for each resource, which would be lost.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from accounts.models import Customer
from invoices.models import Hold


def chargeable(at: datetime) -> Q:
    """Customers of whom money may be taken by itself at this instant: staff have not put that on hold."""
    return ~Q(Exists(Hold.objects.stopping_charges().in_force(at).filter(customer=OuterRef("pk"))))


def may_be_charged_automatically(customer: Customer, *, at: datetime) -> bool:
    return not Hold.objects.stopping_charges().in_force(at).filter(customer=customer).exists()


def pay_by_themselves(at: datetime) -> Q:
    """Customers whose open invoices are paid without their being there, at this instant."""
    return Q(pays_invoices_automatically=True) & chargeable(at)


def pays_by_itself(customer: Customer, at: datetime) -> bool:
    return Customer.objects.filter(pay_by_themselves(at), pk=customer.pk).exists()
