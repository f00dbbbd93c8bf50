"""Choosing to whom an order is invoiced."""

from __future__ import annotations

from typing import Unpack
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.access import PortalRequest
from accounts.models import Customer
from kernel.errors import InvalidInput
from kernel.shapes import FormOptions


class BuyerForm(forms.Form):
    """The customer's buyer profiles, the default first and chosen unless `initial` says another."""

    def __init__(self, customer: Customer, **options: Unpack[FormOptions]) -> None:
        super().__init__(None, **options)
        found = list(customer.buyers.in_use().in_order())
        self.is_a_choice = len(found) > 1
        self.only = found[0] if found else customer
        choices = [(buyer.pk, str(buyer)) for buyer in found]
        self.fields["buyer"] = forms.ChoiceField(label=_("Invoiced to"), choices=choices)


def chosen_buyer_id(request: PortalRequest) -> UUID | None:
    """
    What the form says; without a word the default.

    :raises InvalidInput:
    """
    said = request.POST.get("buyer", "")
    try:
        return UUID(said) if said else None
    except ValueError:
        raise InvalidInput(_("Choose one of your buyer profiles."), field="buyer") from None
