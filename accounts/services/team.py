"""Who belongs to a customer, and as what."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.models import Customer, User

NAMED = 2
"""Of those who can give a right, so many are named."""


def who_can_give(customer: Customer) -> str:
    """Who changes roles there, for a sentence."""
    owners = customer.users.filter(is_active=True, role=User.Role.OWNER).order_by("pk")
    return ", ".join(owners.values_list("email", flat=True)[:NAMED]) or _("Our support")
