"""What customers type about themselves."""

from __future__ import annotations

from typing import Unpack

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import BuyerProfile
from accounts.services.buyers import Named
from kernel.shapes import FormOptions, Sent


class BuyerForm(forms.ModelForm):
    """A buyer profile, new or there already; what is wrong in it the model says, field by field."""

    kind = forms.ChoiceField(label=_("Buyer is"), choices=BuyerProfile.Kind.choices, widget=forms.RadioSelect)

    class Meta:
        model = BuyerProfile
        fields = Named._fields
        widgets = {
            "tax_code": forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
            "personal_id": forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        }

    def __init__(self, data: Sent = None, *, buyer: BuyerProfile | None = None, **options: Unpack[FormOptions]) -> None:
        told = f"id_{buyer.pk}_%s" if buyer else "id_%s"
        super().__init__(data, instance=buyer or BuyerProfile(kind=BuyerProfile.Kind.COMPANY), auto_id=told, **options)

    def said(self) -> Named:
        return Named(**{name: self.cleaned_data[name] for name in Named._fields})
